import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { readStream } from '../../../src/formats/pickle/read.ts';
import { type FileScanResult, scanSource } from '../../../src/pipeline/file-scan.ts';
import { listedGlobals } from '../../../src/scan/lists/allowlists.ts';
import { type Allowance, createGlobalPolicy } from '../../../src/scan/lists/globals.ts';
import { isDistribution } from '../../../src/scan/pickle/contracts/distributions.ts';
import { CONTRACTS } from '../../../src/scan/pickle/contracts/table.ts';
import { PickleJudge } from '../../../src/scan/pickle/judge.ts';
import { assemble, global, type Instruction, text } from '../../support/pickle-asm.ts';
import { scanPickleBytes } from '../../support/scan-pickle-bytes.ts';

const PROTO4: Instruction = ['PROTO', 4];

interface Options {
  readonly allowances?: readonly Allowance[];
  readonly provided?: ReadonlySet<string>;
}

function judge(program: readonly Instruction[], options: Options = {}): Promise<FileScanResult> {
  return scanSource(new MemorySource(assemble(PROTO4, ...program, 'STOP'), 'model.pkl'), {
    path: 'model.pkl',
    limits: DEFAULT_LIMITS,
    signal: new AbortController().signal,
    globals: createGlobalPolicy(options),
    distance: 'near',
    onNames: () => undefined,
  });
}

async function rulesOf(...program: Instruction[]): Promise<string[]> {
  return (await judge(program)).findings.map(({ ruleId }) => ruleId);
}

const dict = (key: string, ...item: Instruction[]): Instruction[] => ['EMPTY_DICT', text(key), ...item, 'SETITEM'];
const instance = (module: string, name: string): Instruction[] => [global(module, name), 'EMPTY_TUPLE', 'NEWOBJ'];
const call = (module: string, name: string, ...args: Instruction[]): Instruction[] => [
  global(module, name),
  'MARK',
  ...args,
  'TUPLE',
  'REDUCE',
];

describe('a name whose operands are imported', () => {
  const imported = (...from: Instruction[]): Instruction[] => [...from, text('dtype'), 'STACK_GLOBAL'];

  it('ends the reading where the operand is a listed class, which is not a text', async () => {
    const { verdict, imports, findings } = await judge(imported(global('collections', 'OrderedDict')));
    expect(imports).toEqual(['collections.OrderedDict']);
    expect([verdict, findings.map(({ ruleId }) => ruleId)]).toEqual([
      'unknown',
      ['pickle.structure.odd', 'pickle.stream.broken'],
    ]);
  });

  it.each([
    ['a name on no list', global('own.module', 'Name')],
    ['a function', global('sklearn.utils._mask', '_get_mask')],
    ['what may be a constant', global('os', 'sep')],
  ])('is computed where the operand is %s', async (_, operand) => {
    expect(await rulesOf(...imported(operand))).toContain('pickle.global.computed');
  });

  it('ends the reading of other loaders of what joblib writes around arrays of texts', async () => {
    const { verdict, readings } = await scanPickleBytes(
      readFileSync('fixtures/benign/scipy/1.15.3/sparse-lists.joblib.joblib'),
      'list.joblib',
    );
    expect(verdict).toBe('clean');
    expect(readings ?? []).not.toContainEqual(expect.objectContaining({ verdict: 'malicious' }));
  });
});

describe('a contract is kept by', () => {
  it.each([
    [
      'a reconstructed class',
      call(
        'copyreg',
        '_reconstructor',
        global('torch.nn.modules.linear', 'Linear'),
        global('builtins', 'object'),
        'NONE',
      ),
    ],
    ['latin-1 text', call('_codecs', 'encode', text('x'), text('latin1'))],
    [
      'an enum member',
      call('builtins', 'getattr', global('transformers.trainer_utils', 'IntervalStrategy'), text('STEPS')),
    ],
    ['a default factory', call('collections', 'defaultdict', global('builtins', 'list'))],
    ['the type of None', call('builtins', 'type', 'NONE')],
    [
      'a time zone',
      [
        ...call('builtins', 'getattr', global('zoneinfo', 'ZoneInfo'), text('_unpickle')),
        text('Europe/Berlin'),
        ['BININT1', 1],
        'TUPLE2',
        'REDUCE',
      ],
    ],
  ] satisfies [string, Instruction[]][])('%s', async (_title, program) => {
    expect(await judge(program)).toMatchObject({ verdict: 'clean', findings: [] });
  });
});

describe('a broken contract is malicious:', () => {
  it.each([
    [
      'another function as the rebuilder',
      call(
        'torch._tensor',
        '_rebuild_from_type_v2',
        global('torch._utils', '_rebuild_parameter_with_state_x'),
        global('torch', 'Tensor'),
        'EMPTY_TUPLE',
        'NONE',
      ),
    ],
    ['a codec that imports a module', call('_codecs', 'encode', text('x'), text('rot13'))],
    ['an attribute of a module', call('builtins', 'getattr', global('os', 'path'), text('system'))],
    [
      'a private attribute of a class',
      call('builtins', 'getattr', global('torch.nn.modules.linear', 'Linear'), text('__init__')),
    ],
    [
      'a method of a class that writes files',
      call('builtins', 'getattr', global('xgboost.core', 'Booster'), text('save_model')),
    ],
    [
      'a method of an instance that writes files',
      call('builtins', 'getattr', ...instance('xgboost.core', 'Booster'), text('save_model')),
    ],
    [
      'a computed attribute',
      call(
        'builtins',
        'getattr',
        global('torch.nn.modules.linear', 'Linear'),
        ...call('_codecs', 'encode', text('x'), text('latin1')),
      ),
    ],
    ['a partial of a dangerous function', call('functools', 'partial', global('os', 'system'))],
    ['a partial of a function with a contract', call('functools', 'partial', global('builtins', 'getattr'))],
    ['a factory with a contract', call('collections', 'defaultdict', global('builtins', 'getattr'))],
    ['an allocation size', call('builtins', 'bytearray', ['BININT', 255, 255, 255, 127])],
    ['a class created in the stream', call('builtins', 'type', text('X'), 'EMPTY_TUPLE', 'EMPTY_DICT')],
    ['evaluated text', call('dill._dill', '_eval_repr', text('range(0, __import__("os").system("id"))'))],
    ['a type that creates code', call('dill._dill', '_load_type', text('CodeType'))],
    ['any function of any module', call('numpy.core', '_ufunc_reconstruct', text('os'), text('system'))],
    ['bytes computed by a call', call('torch.storage', '_load_from_bytes', ...call('collections', 'OrderedDict'))],
    [
      'a listed function that gets a dangerous one',
      call('numpy.core.multiarray', '_reconstruct', global('os', 'system'), 'EMPTY_TUPLE', text('b')),
    ],
    [
      'a time zone outside the zone folder',
      [
        ...call('builtins', 'getattr', global('zoneinfo', 'ZoneInfo'), text('_unpickle')),
        text('../../../etc/passwd'),
        ['BININT1', 1],
        'TUPLE2',
        'REDUCE',
      ],
    ],
  ] satisfies [string, Instruction[]][])('%s', async (_title, program) => {
    expect((await judge(program)).verdict).toBe('malicious');
  });

  it('a function with a contract kept where a method would call it', async () => {
    const kept = [
      ...instance('sklearn.isotonic', 'IsotonicRegression'),
      ...dict('_build_f', global('builtins', 'getattr')),
      'BUILD' as const,
    ];
    const result = await judge(kept);
    expect(result.findings).toMatchObject([
      { ruleId: 'pickle.contract.broken', message: expect.stringContaining('in its state') },
      { ruleId: 'pickle.contract.broken', message: expect.stringContaining('kept as a value') },
    ]);
    const harmless = await judge([
      ...instance('sklearn.isotonic', 'IsotonicRegression'),
      ...dict('increasing', 'NEWTRUE'),
      'BUILD',
    ]);
    expect(harmless.verdict).toBe('clean');
  });

  it('changed source code in the state of a SciPy distribution', async () => {
    const template = (extra: string) =>
      `\ndef _parse_args(self,  loc=0, scale=1):\n    return (), loc, scale${extra}\n\ndef _parse_args_rvs(self,  loc=0, scale=1, size=None):\n    return self._argcheck_rvs( loc, scale, size=size)\n\ndef _parse_args_stats(self,  loc=0, scale=1, moments='mv'):\n    return (), loc, scale, moments\n`;
    const program = (source: string): Instruction[] => {
      const bytes = Buffer.from(source);
      const long: Instruction = ['BINUNICODE', ...[0, 8, 16, 24].map((shift) => (bytes.length >> shift) & 255), source];
      return [...instance('scipy.stats._continuous_distns', 'norm_gen'), ...dict('_parse_arg_template', long), 'BUILD'];
    };
    expect(await judge(program(template('')))).toMatchObject({ verdict: 'clean', findings: [] });
    expect((await judge(program(template('\nimport os; os.system("id")')))).verdict).toBe('malicious');
    expect((await judge(program('import os'))).verdict).toBe('malicious');
  });

  it('source code hidden in earlier items, or in pieces', async () => {
    const evil: Instruction[] = [text('_parse_arg_template'), text('import os'), 'SETITEM'];
    const late = [
      'EMPTY_DICT',
      'MEMOIZE',
      ...evil,
      'POP',
      ...instance('scipy.stats._continuous_distns', 'norm_gen'),
      ['BINGET', 0],
      text('a'),
      'NONE',
      'SETITEM',
      'BUILD',
    ];
    expect((await judge(late as Instruction[])).verdict).toBe('malicious');
    const pieces = [
      ...instance('scipy.stats._continuous_distns', 'norm_gen'),
      'EMPTY_DICT',
      ...evil,
      text('a'),
      'NONE',
      'SETITEM',
      'BUILD',
    ];
    expect((await judge(pieces as Instruction[])).verdict).toBe('malicious');
  });

  it('a nested PyTorch file, reported at its place', async () => {
    const evil = assemble(PROTO4, global('os', 'system'), 'EMPTY_TUPLE', 'REDUCE', 'STOP');
    const result = await judge(call('torch.storage', '_load_from_bytes', ['SHORT_BINBYTES', evil.length, ...evil]));
    expect(result.findings).toMatchObject([
      { ruleId: 'pickle.global.dangerous', member: expect.stringContaining('bytes@') },
    ]);
  });
});

describe('a rule fires when', () => {
  it.each([
    [
      'calls what a call returned',
      [...call('collections', 'OrderedDict'), 'EMPTY_TUPLE', 'REDUCE'],
      'pickle.call.computed',
    ],
    ['a class is changed', [global('collections', 'OrderedDict'), 'NONE', 'BUILD'], 'pickle.build.foreign'],
    [
      'items are added to a class',
      [global('collections', 'OrderedDict'), text('k'), 'NONE', 'SETITEM'],
      'pickle.build.foreign',
    ],
    [
      'a method is replaced',
      [
        ...instance('torch.nn.modules.linear', 'Linear'),
        ...dict('__setstate__', global('collections', 'OrderedDict')),
        'BUILD',
      ],
      'pickle.build.method-override',
    ],
    [
      'a state is set twice',
      [...instance('torch.nn.modules.linear', 'Linear'), 'EMPTY_DICT', 'BUILD', 'EMPTY_DICT', 'BUILD'],
      'pickle.build.again',
    ],
    [
      'items are added after the state',
      [...call('collections', 'OrderedDict'), 'EMPTY_DICT', 'BUILD', text('k'), 'NONE', 'SETITEM'],
      'pickle.build.again',
    ],
    [
      'attributes are looked up by a path',
      [text('torch'), text('nn.os.system'), 'STACK_GLOBAL'],
      'pickle.global.attribute-path',
    ],
    [
      'dunder attributes are looked up',
      [text('mine'), text('Net.__init__.__globals__'), 'STACK_GLOBAL'],
      'pickle.global.attribute-path',
    ],
    ['an unknown class is instantiated', instance('mine', 'Net'), 'pickle.global.unlisted'],
    ['a nested class is unlisted', [text('mine'), text('Net.Inner'), 'STACK_GLOBAL'], 'pickle.global.unlisted'],
    ['an extension code is used', [['EXT1', 5]], 'pickle.extension'],
    ['a persistent id is used outside PyTorch', [text('x'), 'BINPERSID'], 'pickle.persistent-id'],
    [
      'a pickle is nested in bytes',
      [['SHORT_BINBYTES', 16, 0x80, 4, 0x63, 'os\nsystem\n', 0x29, 0x52, 0x2e]],
      'pickle.nested',
    ],
  ] satisfies [string, Instruction[], string][])('%s', async (_title, program, rule) => {
    expect(await rulesOf(...program)).toContain(rule);
  });

  it('a Python 2 name maps to a dangerous Python 3 name', async () => {
    const program = assemble(global('copy_reg', '_reconstructor'), 'POP', global('commands', 'getoutput'), 'STOP');
    const result = await scanSource(new MemorySource(program, 'old.pkl'), {
      path: 'old.pkl',
      limits: DEFAULT_LIMITS,
      signal: new AbortController().signal,
      globals: createGlobalPolicy(),
      distance: 'near',
      onNames: () => undefined,
    });
    expect(result.imports).toEqual(['commands.getoutput', 'copy_reg._reconstructor']);
    expect(result.findings.map(({ ruleId }) => ruleId)).toContain('pickle.global.dangerous');
  });
});

describe('an object in TorchScript', () => {
  it.each([
    ['__torch__', []],
    ['__torch__.net', []],
    ['__torch__evil', ['pickle.global.unlisted']],
  ])('of a class in %s triggers the rules %j', async (module, expected) => {
    const rules: string[] = [];
    const judgeOfArchive = new PickleJudge({
      globals: createGlobalPolicy(),
      within: 'torchscript',
      report: ({ rule }) => rules.push(rule.id),
      imported: () => undefined,
    });
    const source = new MemorySource(assemble(PROTO4, ...instance(module, 'Net'), 'STOP'), 'data.pkl');
    await readStream(source, 0, judgeOfArchive, { limits: DEFAULT_LIMITS, signal: undefined });
    expect(rules).toEqual(expected);
  });
});

describe('an allowance', () => {
  const allowance: Allowance = {
    module: 'mine',
    name: 'Net',
    uses: ['new', 'build'],
    owner: 'us',
    reason: 'ours',
    expires: '2099-01-01',
  };

  it('applies to the exact name and use', async () => {
    const program: Instruction[] = [...instance('mine', 'Net'), 'EMPTY_DICT', 'BUILD'];
    expect((await judge(program)).verdict).toBe('suspicious');
    expect((await judge(program, { allowances: [allowance] })).verdict).toBe('clean');
    expect((await judge(call('mine', 'Net', text('x')), { allowances: [allowance] })).verdict).toBe('suspicious');
    expect((await judge(instance('mine.Net', 'Net'), { allowances: [allowance] })).verdict).toBe('suspicious');
  });

  it('does not apply to a dangerous name', async () => {
    const forced: Allowance = { ...allowance, module: 'os', name: 'system', uses: ['import', 'call'] };
    expect((await judge(call('os', 'system', text('id')), { allowances: [forced] })).verdict).toBe('malicious');
  });

  it('does not apply when the artifact itself would provide the module', async () => {
    const program = call('collections', 'OrderedDict');
    expect((await judge(program)).verdict).toBe('clean');
    expect((await judge(program, { provided: new Set(['collections']) })).findings).toMatchObject([
      { ruleId: 'pickle.global.shadowed' },
    ]);
  });
});

describe('the shipped lists', () => {
  it('name a contract only where one exists', () => {
    const marked = [...listedGlobals().values()].filter(({ contract }) => contract !== undefined);
    const missing = marked.filter((entry) => !CONTRACTS.has(`${entry.module}:${entry.name}`) && !isDistribution(entry));
    expect(marked.length).toBeGreaterThan(20);
    expect(missing.map(({ module, name }) => `${module}.${name}`)).toEqual([]);
  });

  it('contain exact names only', () => {
    for (const { module, name, uses } of listedGlobals().values()) {
      expect(`${module}.${name}`).toMatch(/^[A-Za-z_][\w.]*$/);
      expect(uses.size).toBeGreaterThan(0);
    }
  });
});
