import { describe, expect, it } from 'vitest';
import { call, int, leaf, list, type Made, type Node, name, tuple } from '../../../oracles/lists/tree.ts';
import { CLEAN, judged, UNEXPECTED } from '../../../support/pickle-arrays.ts';

const range = (...args: number[]) => call(name('builtins:range'), ...args.map(int));
const iterator = (...args: Node[]) => call(name('builtins:iter'), ...args);
const cycle = (...args: Node[]) => call(name('itertools:cycle'), ...args);
const built = (made: Made, state: Node): Made => {
  made.steps.push({ does: 'build', items: [state] });
  return made;
};
const counter = () => cycle(iterator(range(0, 1000, 1)));

describe('iterators over a range, which a class keeps to count', () => {
  it.each([
    ['a cycle', CLEAN, counter()],
    ['a cycle that has met values', CLEAN, built(counter(), tuple(list(int(0), int(1)), leaf(false)))],
    ['an iterator that has been read', CLEAN, built(iterator(range(5)), int(3))],
    ['a cycle of a list', UNEXPECTED, cycle(list(int(1)))],
    ['a cycle of a cycle', UNEXPECTED, cycle(counter())],
    ['an iterator over a list', UNEXPECTED, iterator(list(int(1)))],
    ['a state without a list', UNEXPECTED, built(counter(), tuple(int(0), leaf(false)))],
    ['a state of three', UNEXPECTED, built(counter(), tuple(list(), leaf(false), int(1)))],
    ['a set of all values', UNEXPECTED, call(name('builtins:set'), counter())],
    ['a queue of all values', UNEXPECTED, call(name('collections:deque'), counter())],
    ['a set of what an iterator yields', UNEXPECTED, call(name('builtins:set'), iterator(range(0, 10 ** 9)))],
  ])('give the expected verdict for %s', async (_, expected, root) => {
    expect(await judged(root)).toEqual(expected);
  });

  it.each(['os:getcwd', 'builtins:list'])('are not made by %s, called until a value comes', async (callable) => {
    const [verdict] = await judged(iterator(name(callable), int(1)));
    expect(verdict).toBe('malicious');
  });
});
