import { describe, expect, it } from 'vitest';
import { call, dict, int, leaf, list, type Node, name, tuple } from '../../../oracles/lists/tree.ts';
import { array, CLEAN, dtype, floats, judged, UNEXPECTED } from '../../../support/pickle-arrays.ts';

const figure = (...args: Node[]) => call(name('plotly.graph_objs._figure:Figure'), ...args);
const trace = (...items: Node[]) => dict(leaf('type'), leaf('scatter'), ...items);
const plot = (...items: Node[]) => figure(dict(leaf('data'), list(trace(...items)), leaf('layout'), dict()));
const shared = list(int(1), int(2));
/** A list in a list, so many times: each stands in the next one twice. */
function doubled(times: number): Node {
  let inner: Node = list(int(1));
  for (let i = 0; i < times; i++) inner = list(inner, inner);
  return inner;
}

describe('the contract of figures of Plotly, whose constructor checks all properties', () => {
  it.each([
    ['a trace of numbers', CLEAN, plot(leaf('x'), list(int(1), leaf(2.5)), leaf('name'), leaf('a'))],
    ['a trace of arrays', CLEAN, plot(leaf('x'), floats(1, 2))],
    ['a template by name', CLEAN, figure(dict(leaf('layout'), dict(leaf('template'), leaf('plotly+gridon'))))],
    ['a list that two properties share', CLEAN, plot(leaf('x'), shared, leaf('y'), shared)],
    ['no dict', UNEXPECTED, figure(list())],
    ['two arguments', UNEXPECTED, figure(dict(), dict())],
    ['an array of objects', UNEXPECTED, plot(leaf('x'), array(dtype('O8'), [1], list(leaf('a'))))],
    ['an instance of another class', UNEXPECTED, plot(leaf('x'), call(name('collections:deque'), list()))],
    ['a range', UNEXPECTED, plot(leaf('x'), call(name('builtins:range'), int(10 ** 12)))],
    ['bytes', UNEXPECTED, plot(leaf('x'), leaf(new Uint8Array([1, 2])))],
    ['a number of a thousand digits', UNEXPECTED, plot(leaf('x'), int(10n ** 1000n))],
    ['lists that share lists too often', UNEXPECTED, plot(leaf('customdata'), doubled(12))],
    ['a property of a thousand characters', UNEXPECTED, plot(leaf('x'.repeat(1000)), int(1))],
    ['a property that Python looks up', UNEXPECTED, plot(leaf('__class__'), int(1))],
    ['a property that is a number', UNEXPECTED, plot(int(1), int(1))],
    ['a thousand templates', UNEXPECTED, figure(dict(leaf('template'), leaf('plotly+'.repeat(1000))))],
    [
      'one trace ten thousand times',
      UNEXPECTED,
      figure(dict(leaf('data'), list(...new Array<Node>(10_000).fill(trace())))),
    ],
    ['a tuple of a tuple, too deep', UNEXPECTED, plot(leaf('x'), deep(40))],
  ])('gives the expected verdict for %s', async (_, expected, root) => {
    expect(await judged(root)).toEqual(expected);
  });

  it('does not follow lists that stand in each other millions of times', async () => {
    expect((await judged(plot(leaf('customdata'), doubled(24))))[0]).not.toBe('clean');
  });

  it.each(['os:system', 'builtins:list'])('is broken by %s', async (callable) => {
    const [verdict] = await judged(plot(leaf('x'), list(name(callable))));
    expect(verdict).toBe('malicious');
  });
});

function deep(times: number): Node {
  let inner: Node = int(1);
  for (let i = 0; i < times; i++) inner = tuple(inner);
  return inner;
}
