import { describe, expect, it } from 'vitest';
import { call, dict, instance, int, leaf, list, type Node, name, tuple } from '../../../oracles/lists/tree.ts';
import { CLEAN, floats, judged, none, UNEXPECTED } from '../../../support/pickle-arrays.ts';

const PAIRS = [...UNEXPECTED, 'pickle.use.unusual'];
const BROKEN = ['malicious', 'pickle.contract.broken'];

describe('the contract of spaces of gymnasium', () => {
  const box = (state: Node) => instance(name('gymnasium.spaces.box:Box'), state);
  const bounds = [leaf('low'), floats(0), leaf('high'), floats(1)];
  const texts = [leaf('low_repr'), leaf('0.0'), leaf('high_repr'), leaf('1.0')];

  it.each([
    ['bounds with their text', CLEAN, box(dict(...bounds, ...texts))],
    ['bounds without their text, which loading would write', UNEXPECTED, box(dict(...bounds))],
    ['one text', UNEXPECTED, box(dict(...bounds, ...texts.slice(0, 2)))],
    ['a list of pairs', PAIRS, box(list(tuple(leaf('low'), int(0))))],
    ['a tuple', UNEXPECTED, box(tuple(none, dict(...bounds, ...texts)))],
    ['a space of numbers', CLEAN, instance(name('gymnasium.spaces.discrete:Discrete'), dict(leaf('n'), int(3)))],
    ['a space of numbers, from pairs', PAIRS, instance(name('gymnasium.spaces.discrete:Discrete'), list())],
    ['a space of spaces', CLEAN, instance(name('gymnasium.spaces.tuple:Tuple'), dict(leaf('spaces'), tuple()))],
  ])('gives the expected verdict for %s', async (_, expected, root) => {
    expect(await judged(root)).toEqual(expected);
  });
});

describe('the contract of logs', () => {
  const log = (...args: Node[]) => call(name('logging:getLogger'), ...args);

  it.each([
    ['a name', CLEAN, log(leaf('hiclass'))],
    ['a name of many parts', UNEXPECTED, log(leaf('a.'.repeat(200)))],
    ['no name', UNEXPECTED, log()],
    ['a number', UNEXPECTED, log(int(1))],
    ['two names', UNEXPECTED, log(leaf('a'), leaf('b'))],
    ['a class', BROKEN, log(name('collections:OrderedDict'))],
  ])('gives the expected verdict for %s', async (_, expected, root) => {
    expect(await judged(root)).toEqual(expected);
  });

  it('does not accept a state for the log that other code uses', async () => {
    const made = log(leaf('root'));
    made.steps.push({ does: 'build', items: [dict(leaf('disabled'), leaf(true))] });
    expect(await judged(made)).toEqual(['suspicious', 'pickle.use.unusual']);
  });
});
