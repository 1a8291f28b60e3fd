import { describe, expect, it } from 'vitest';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { type FileScanResult, scanSource } from '../../../src/pipeline/file-scan.ts';
import { createGlobalPolicy } from '../../../src/scan/lists/globals.ts';
import { isPlainFormula } from '../../../src/scan/pickle/contracts/libraries/index.ts';
import { assemble, global, type Instruction, text } from '../../support/pickle-asm.ts';

function judge(...program: Instruction[]): Promise<FileScanResult> {
  return scanSource(new MemorySource(assemble(['PROTO', 2], ...program, 'STOP'), 'model.pkl'), {
    path: 'model.pkl',
    limits: DEFAULT_LIMITS,
    signal: new AbortController().signal,
    globals: createGlobalPolicy(),
    distance: 'near',
    onNames: () => undefined,
  });
}

const instance = (module: string, name: string): Instruction[] => [global(module, name), 'EMPTY_TUPLE', 'NEWOBJ'];
const call = (module: string, name: string, ...args: Instruction[]): Instruction[] => [
  global(module, name),
  'MARK',
  ...args,
  'TUPLE',
  'REDUCE',
];
const built = (module: string, name: string, ...items: Instruction[]): Instruction[] => [
  ...instance(module, name),
  'EMPTY_DICT',
  'MARK',
  ...items,
  'SETITEMS',
  'BUILD',
];

describe('an unlisted class', () => {
  const COPYREG = ['copy_reg', '_reconstructor'] as const;
  it.each([
    ['instantiated by NEWOBJ', instance('acme.models', 'Forest')],
    [
      'reconstructed as in Python 2',
      call(...COPYREG, global('acme.models', 'Forest'), global('__builtin__', 'object'), 'NONE'),
    ],
    ['with a stored method', call('__builtin__', 'getattr', ...instance('acme.models', 'Forest'), text('predict'))],
    [
      'within another class',
      [
        ...call('__builtin__', 'getattr', global('acme.models', 'Forest'), text('Kind')),
        ['BININT1', 1],
        'TUPLE1',
        'REDUCE',
      ],
    ],
  ] satisfies [string, Instruction[]][])('%s is suspicious', async (_title, program) => {
    const { verdict, findings } = await judge(...program);
    expect([verdict, findings.map(({ ruleId }) => ruleId)]).toEqual(['suspicious', ['pickle.global.unlisted']]);
  });

  it.each([
    ['that is dangerous', call(...COPYREG, global('subprocess', 'Popen'), global('__builtin__', 'object'), 'NONE')],
    ['with a base that can act', call(...COPYREG, global('acme.models', 'Forest'), global('os', 'system'), 'NONE')],
    [
      'with a dunder attribute looked up',
      call('__builtin__', 'getattr', global('acme.models', 'Forest'), text('__init__')),
    ],
    ['that is a module', call('__builtin__', 'getattr', global('acme', 'tools'), text('system'))],
    [
      'with a called function',
      [
        ...call('__builtin__', 'getattr', global('acme.models', 'Forest'), text('system')),
        text('id'),
        'TUPLE1',
        'REDUCE',
      ],
    ],
  ] satisfies [string, Instruction[]][])('%s is malicious', async (_title, program) => {
    expect((await judge(...program)).verdict).toBe('malicious');
  });
});

describe('an object in checkpoints and vectorizers', () => {
  it.each([
    ['the arguments of a program', built('argparse', 'Namespace', text('lr'), ['BININT1', 1])],
    ['a method of str', call('__builtin__', 'getattr', global('__builtin__', 'str'), text('split'))],
    [
      'a method of a compiled pattern',
      call('__builtin__', 'getattr', ...call('re', '_compile', text('a'), ['BININT1', 0]), text('match')),
    ],
  ] satisfies [string, Instruction[]][])('is clean: %s', async (_title, program) => {
    expect(await judge(...program)).toMatchObject({ verdict: 'clean', findings: [] });
  });
});

describe('the formula that statsmodels evaluates on load', () => {
  const data = (formula: string, key = 'restore_design_info') =>
    judge(...built('statsmodels.base.data', 'PandasData', text('formula'), text(formula), text(key), 'NEWTRUE'));

  it.each(['y ~ a + b', 'y ~ C(kind) * size + np.log(b)', 'bs(x, df=4) + I(a ** 2) - 1', "C(k, Treatment('a')) + a:b"])(
    'is clean for arithmetic on columns: %s',
    async (formula) => {
      expect((await data(formula)).verdict).toBe('clean');
      expect((await data(formula, 'restore_model_spec')).verdict).toBe('clean');
    },
  );

  it.each([
    "y ~ __import__('os').system('id')",
    'y ~ exec("x")',
    'y ~ a.b',
    'y ~ a[0]',
    'y ~ {a}',
    'y ~ eval (x)',
    'y ~ np.load(x)',
    'y ~ I(9 ** 9 ** 9)',
    "y ~ Q('a' * 999999)",
    'y ~ 99999999',
    'y ~ a\u2028b',
  ])('is malicious for anything else: %s', async (formula) => {
    expect(isPlainFormula(formula)).toBe(false);
    expect((await data(formula)).verdict).toBe('malicious');
    expect((await data(formula, 'restore_model_spec')).verdict).toBe('malicious');
  });

  it('matters only when it is evaluated', async () => {
    expect((await data('y ~ a.b', 'k_constant')).verdict).toBe('clean');
  });

  it('cannot be hidden in a state that is not a plain dict', async () => {
    const program = [
      ...instance('statsmodels.base.data', 'PandasData'),
      ...call('collections', 'OrderedDict'),
      'BUILD',
    ];
    expect((await judge(...program)).verdict).toBe('malicious');
  });
});

describe('a joblib cache', () => {
  const cache = (...location: Instruction[]) =>
    judge(...built('joblib.memory', 'Memory', text('location'), ...location));

  it('is clean without a folder, and malicious with one', async () => {
    expect((await cache('NONE')).verdict).toBe('clean');
    expect((await cache(text('cache'))).verdict).toBe('malicious');
  });
});
