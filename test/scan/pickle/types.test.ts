import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../../src/core/assessment/verdict.ts';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { readStream } from '../../../src/formats/pickle/read.ts';
import { shippedAllowlists } from '../../../src/scan/lists/allowlists.ts';
import { wrongWord } from '../../../src/scan/lists/entry-types.ts';
import { createGlobalPolicy } from '../../../src/scan/lists/globals.ts';
import { PickleJudge } from '../../../src/scan/pickle/judge.ts';
import { assemble, global, type Instruction, text } from '../../support/pickle-asm.ts';

interface Judged {
  readonly verdict: Verdict;
  readonly rules: readonly string[];
}

/** The findings of the judge for one stream, and the resulting verdict. */
async function judge(...program: readonly Instruction[]): Promise<Judged> {
  const rules: string[] = [];
  const verdicts: Verdict[] = [];
  const judge = new PickleJudge({
    globals: createGlobalPolicy(),
    within: undefined,
    report: ({ rule }) => {
      rules.push(rule.id);
      if (rule.verdict !== 'none') verdicts.push(rule.verdict);
    },
    imported: () => undefined,
  });
  const source = new MemorySource(assemble(['PROTO', 4], ...program, 'STOP'), 'model.pkl');
  const { end } = await readStream(source, 0, judge, { limits: DEFAULT_LIMITS, signal: undefined });
  expect(end).toEqual({ kind: 'stop' });
  const worst = (['malicious', 'suspicious'] as const).find((verdict) => verdicts.includes(verdict));
  return { verdict: worst ?? 'clean', rules };
}

const instance = (module: string, name: string): Instruction[] => [global(module, name), 'EMPTY_TUPLE', 'NEWOBJ'];
const call = (module: string, name: string, ...args: Instruction[]): Instruction[] => [
  global(module, name),
  'MARK',
  ...args,
  'TUPLE',
  'REDUCE',
];
const dict = (...items: Instruction[]): Instruction[] => ['EMPTY_DICT', 'MARK', ...items, 'SETITEMS'];
const list = (...items: Instruction[]): Instruction[] => ['EMPTY_LIST', 'MARK', ...items, 'APPENDS'];
const partial: Instruction[] = call('functools', 'partial', global('numpy', 'log1p'), ['BININT1', 1]);
const random = instance('random', 'Random');
const estimator = instance('sklearn.isotonic', 'IsotonicRegression');
const NESTED = new Map<string, (...items: Instruction[]) => Instruction[]>([
  ['a list', list],
  ['a dict', (...items) => dict(text('k'), ...items)],
  ['a key of a dict', (...items) => dict(...items, 'NONE')],
  ['a tuple', (...items) => [...items, 'TUPLE1']],
  ['a set', (...items) => ['EMPTY_SET', 'MARK', ...items, 'ADDITEMS']],
  ['a frozenset', (...items) => ['MARK', ...items, 'FROZENSET']],
  ['a list made of a mark', (...items) => ['MARK', ...items, 'LIST']],
  ['a dict made of a mark', (...items) => ['MARK', text('k'), ...items, 'DICT']],
  ['lists in dicts in tuples', (...items) => [...list(...dict(text('k'), ...items)), 'TUPLE1', 'NONE', 'TUPLE2']],
]);

describe('a callable in a state whose type does not allow it', () => {
  it.each([...NESTED.keys()])('is found in %s', async (kind) => {
    const held = NESTED.get(kind)?.(...partial) ?? [];
    const { verdict, rules } = await judge(...estimator, ...dict(text('a'), ...held), 'BUILD');
    expect({ verdict, rules: new Set(rules) }).toEqual({
      verdict: 'malicious',
      rules: new Set(['pickle.contract.broken']),
    });
    const data = NESTED.get(kind)?.(text('x')) ?? [];
    expect(await judge(...estimator, ...dict(text('a'), ...data), 'BUILD')).toEqual({ verdict: 'clean', rules: [] });
  });

  it.each<[string, Instruction[]]>([
    ['a partial', partial],
    ['a function', [global('numpy', 'log1p')]],
    ['a callable class', [global('collections', 'OrderedDict')]],
    [
      'a bound method',
      call('builtins', 'getattr', ...instance('scipy.stats._continuous_distns', 'norm_gen'), text('_entropy')),
    ],
    [
      'a member of a class',
      call('builtins', 'getattr', global('scipy.interpolate._interpolate', 'interp1d'), text('_call_linear_np')),
    ],
    ['a callable instance', instance('torch.nn.modules.linear', 'Linear')],
    ['a type that dill names', call('dill._dill', '_load_type', text('list'))],
  ])('is malicious: %s', async (_, value) => {
    expect((await judge(...random, 'NONE', ...value, 'TUPLE2', 'BUILD')).verdict).toBe('malicious');
  });

  it('is malicious when it is added through the memo after the state was set', async () => {
    const late: Instruction[] = [
      ...['EMPTY_LIST', 'MEMOIZE', 'POP'],
      ...estimator,
      ...dict(text('a'), ['BINGET', 0]),
      'BUILD',
      ['BINGET', 0],
      ...partial,
      'APPEND',
      'POP',
    ];
    expect((await judge(...late)).verdict).toBe('malicious');
  });

  it('is malicious in a stream that breaks off', async () => {
    const rules: string[] = [];
    const judge = new PickleJudge({
      globals: createGlobalPolicy(),
      within: undefined,
      report: ({ rule }) => rules.push(rule.id),
      imported: () => undefined,
    });
    const bytes = assemble(['PROTO', 4], ...estimator, ...dict(text('a'), ...partial), 'BUILD', 'APPENDS');
    await readStream(new MemorySource(bytes, 'x'), 0, judge, { limits: DEFAULT_LIMITS, signal: undefined });
    expect(rules).toContain('pickle.contract.broken');
  });

  it('is clean where the entry of the list allows it', async () => {
    const transformer = instance('sklearn.preprocessing._function_transformer', 'FunctionTransformer');
    expect(await judge(...transformer, ...dict(text('func'), global('numpy', 'log1p')), 'BUILD')).toEqual({
      verdict: 'clean',
      rules: [],
    });
    const bound = call(
      'builtins',
      'getattr',
      ...instance('scipy.stats._continuous_distns', 'norm_gen'),
      text('_entropy'),
    );
    expect((await judge(...transformer, ...dict(text('func'), ...bound), 'BUILD')).verdict).toBe('malicious');
  });

  it('gets only the verdict of its own rule when it is unlisted', async () => {
    expect(await judge(...estimator, ...dict(text('a'), global('mine', 'score')), 'BUILD')).toEqual({
      verdict: 'suspicious',
      rules: ['pickle.global.unlisted'],
    });
    expect((await judge(...estimator, ...dict(text('a'), global('os', 'system')), 'BUILD')).verdict).toBe('malicious');
  });
});

describe('an attack on listed classes is malicious:', () => {
  it.each<[string, Instruction[]]>([
    [
      'a defaultdict as the state of a random generator',
      [...random, ...call('collections', 'defaultdict', ...partial), 'BUILD'],
    ],
    [
      'a dunder method as the attribute of a distribution',
      [
        ...instance('scipy.stats._continuous_distns', 'norm_gen'),
        ...dict(text('__getstate__'), ...call('functools', 'partial', global('builtins', 'dict'))),
        'BUILD',
      ],
    ],
    ['any dunder attribute, even with data', [...estimator, ...dict(text('__anything__'), 'NONE'), 'BUILD']],
    [
      'a dunder attribute in the second dict of a state',
      [...estimator, 'NONE', ...dict(text('__x'), 'NONE'), 'TUPLE2', 'BUILD'],
    ],
    [
      'a computed attribute name',
      [...estimator, ...dict(...call('_codecs', 'encode', text('a'), text('latin1')), 'NONE'), 'BUILD'],
    ],
    ['a class as an attribute name', [...estimator, ...dict(global('collections', 'OrderedDict'), 'NONE'), 'BUILD']],
    ['bytes in place of a state', [...estimator, ['SHORT_BINBYTES', 1, 0], 'BUILD']],
    ['items for an instance that accepts none', [...estimator, ...(['MARK', 'NONE', 'APPENDS'] as const)]],
    ['a factory that is not a type of plain data', call('collections', 'defaultdict', global('numpy', 'log1p'))],
    ['a callable in a list as an argument', call('datetime', 'timedelta', ...list(global('numpy', 'log1p')))],
    [
      'a callable among the items of an instance',
      [...call('collections', 'deque'), ...['MARK' as const, ...partial, 'APPENDS' as const]],
    ],
  ])('%s', async (_, program) => {
    expect((await judge(...program)).verdict).toBe('malicious');
  });
});

describe('unexpected data is only suspicious:', () => {
  it.each<[string, Instruction[]]>([
    ['a list in place of a state', [...estimator, 'EMPTY_LIST', 'BUILD']],
    ['a number in place of a state', [...estimator, ['BININT1', 1], 'BUILD']],
    ['an instance in place of a state', [...estimator, ...call('collections', 'OrderedDict'), 'BUILD']],
    ['a tuple as an attribute name', [...estimator, ...dict('NONE', 'NONE', 'TUPLE2', 'NONE'), 'BUILD']],
    ['an unlisted class', [...estimator, ...dict(text('a'), ...instance('mine', 'Table')), 'BUILD']],
  ])('%s', async (_, program) => {
    // A tuple as a key is written before its value.
    expect((await judge(...program)).verdict).toBe('suspicious');
  });

  it('but tuples of constants as keys of a plain dict are clean', async () => {
    const nested = dict('NONE', 'NONE', 'TUPLE2', 'NONE');
    expect((await judge(...estimator, ...dict(text('a'), ...nested), 'BUILD')).verdict).toBe('clean');
  });
});

describe('the types of the lists', () => {
  it('name entries of the same list, with valid words', () => {
    let count = 0;
    for (const [list, { globals, types = {}, otherTypes = {} }] of shippedAllowlists()) {
      const names = new Set(globals.map(([module, name]) => `${module}:${name}`));
      for (const [name, uses] of [...Object.entries(types), ['', otherTypes] as const]) {
        if (name !== '') expect(names, list).toContain(name);
        for (const words of Object.values(uses)) {
          expect(words.split(' ').filter((word: string) => wrongWord(word) !== undefined)).toEqual([]);
          count++;
        }
      }
    }
    expect(count).toBeGreaterThan(50);
  });
});
