import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isDangerousConstant, isDangerousName } from '../../../../src/scan/pickle/contracts/capabilities.ts';
import { assemble, global, type Instruction, text } from '../../../support/pickle-asm.ts';
import { fixtureFiles } from '../../../support/scan-bytes.ts';
import { scanPickleBytes } from '../../../support/scan-pickle-bytes.ts';

const FOLDER = new URL('../../../../fixtures/code-by-value', import.meta.url).pathname;
const truth = JSON.parse(readFileSync(`${FOLDER}/truth.json`, 'utf8')) as Record<string, string>;
const files = fixtureFiles(FOLDER);
/** dill fills cells through a setter that it computes, and since 0.4 sets attributes of classes: other attributes are unlisted. */
const COMPUTED = /^dill-(?:.*\/closure|0\.4.*\/class)\.pkl$/;

describe('code pickled by value by cloudpickle and dill', () => {
  it.each([...files.keys()])('gives the expected verdict for %s', async (path) => {
    const bytes = files.get(path) ?? new Uint8Array();
    const name = path.slice(dirname(path).length + 1, -'.pkl'.length);
    const { verdict, findings } = await scanPickleBytes(bytes);
    expect({ verdict, why: findings.map(({ message }) => message) }).toMatchObject({
      verdict: COMPUTED.test(path) ? 'malicious' : truth[name],
    });
  });
});

const bytes = (...content: number[]): Instruction => ['SHORT_BINBYTES', content.length, ...content];
const tuple = (...items: Instruction[]): Instruction[] => ['MARK', ...items, 'TUPLE'];
const call = (module: string, name: string, ...args: Instruction[]): Instruction[] => [
  global(module, name),
  ...tuple(...args),
  'REDUCE',
];
const number: Instruction = ['BININT1', 1];
const code = (names: Instruction[], constants: Instruction[] = ['NONE']): Instruction[] =>
  call(
    'types',
    'CodeType',
    ...Array<Instruction>(6).fill(number),
    bytes(0),
    ...tuple(...constants),
    ...tuple(...names),
    ...tuple(),
    text('models.py'),
    text('f'),
    number,
    bytes(),
    ...tuple(),
    ...tuple(),
  );
const made = (...parts: Instruction[]): Instruction[] =>
  call('types', 'FunctionType', ...parts, 'EMPTY_DICT', text('f'), 'NONE', 'NONE');

async function rulesOf(...program: Instruction[]): Promise<string[]> {
  const { findings } = await scanPickleBytes(assemble(['PROTO', 4], ...program, 'STOP'));
  return findings.filter(({ ruleId }) => ruleId !== 'pickle.code.by-value').map(({ ruleId }) => ruleId);
}

describe('hand-made code pickled by value', () => {
  it('is only suspicious while it is not called', async () => {
    expect(await rulesOf(...made(...code([text('width')])))).toEqual([]);
  });

  it('can have the main module of dill as its globals, and no other', async () => {
    const within = (module: string, name: string) =>
      call('dill._dill', '_create_function', ...code([]), global(module, name), text('f'), 'NONE', 'NONE');
    expect(await rulesOf(...within('__builtin__', '__main__'))).toEqual(['pickle.global.unlisted']);
    expect(await rulesOf(...within('builtins', 'dict'))).toContain('pickle.code.runs');
    const kept = [...within('__builtin__', '__main__'), 'POP', global('__builtin__', '__main__')];
    const written = [...kept, text('print'), 'NONE', 'SETITEM'] satisfies Instruction[];
    expect(await rulesOf(...written)).toContain('pickle.build.foreign');
  });

  it.each([
    ['a function that is called', [...made(...code([])), 'EMPTY_TUPLE', 'REDUCE']],
    ['a name that runs programs', code([text('os'), text('system')])],
    ['a nested constant that runs programs', code([], tuple(text('os.system')))],
    ['a constant that is an object', code([], call('collections', 'OrderedDict'))],
    ['a name that is not a string constant', code(call('collections', 'OrderedDict'))],
    ['a function of an object that is not code', made(text('code'))],
    ['a function as a default factory', call('collections', 'defaultdict', ...made(...code([])))],
    [
      'a function that is given a state',
      [...made(...code([])), 'EMPTY_DICT', text('__code__'), 'NONE', 'SETITEM', 'BUILD'],
    ],
    [
      'a class of another metaclass',
      call('cloudpickle.cloudpickle', '_make_skeleton_class', global('functools', 'partial'), text('A'), ...tuple()),
    ],
    [
      'a filler of an imported class',
      call('cloudpickle.cloudpickle', '_class_setstate', global('torch', 'Tensor'), 'NONE'),
    ],
  ] satisfies [string, Instruction[]][])('is malicious: %s', async (_title, program) => {
    expect(await rulesOf(...program)).toContain('pickle.code.runs');
  });

  it('has modules imported by its calls listed among the imports', async () => {
    const program = assemble(
      ['PROTO', 4],
      ...call('cloudpickle.cloudpickle', 'subimport', text('numpy.linalg')),
      'STOP',
    );
    const { imports, verdict } = await scanPickleBytes(program);
    expect({ imports, verdict }).toMatchObject({ verdict: 'suspicious' });
    expect(imports).toContain('numpy.linalg');
  });

  it.each(['subimport', '_import_module'])('is malicious when %s imports a dangerous module', async (name) => {
    const module = name === 'subimport' ? 'cloudpickle.cloudpickle' : 'dill._dill';
    expect(await rulesOf(...call(module, name, text('os')))).toContain('pickle.global.dangerous');
  });
});

describe('a name in code', () => {
  it.each(['eval', 'os', 'os.path', '__globals__', 'subprocess', 'getattr'])('is dangerous: %s', (name) => {
    expect(isDangerousName(name)).toBe(true);
  });

  it.each(['width', 'numpy', 'append', '__class__', '__name__', 'opening'])('is not dangerous: %s', (name) => {
    expect(isDangerousName(name)).toBe(false);
  });

  it.each(['import os', 'os.system("id")', '__import__("x")', 'subprocess'])(
    'is dangerous as a constant: %s',
    (constant) => {
      expect(isDangerousConstant(constant)).toBe(true);
    },
  );

  it.each(['open', 'close', 'Opens the file (if any).', 'evaluation'])(
    'is not dangerous as a constant: %s',
    (constant) => {
      expect(isDangerousConstant(constant)).toBe(false);
    },
  );
});
