import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readAllowances } from '../../../src/pipeline/evaluate/allowance-file.ts';
import { createGlobalPolicy } from '../../../src/scan/lists/globals.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'allowances-'));
afterAll(() => rmSync(FOLDER, { recursive: true }));

function read(entry: string): ReturnType<typeof readAllowances> {
  const path = join(FOLDER, 'allow.yaml');
  const common = 'uses: [new, build], owner: us, reason: ours, expires: 2099-01-31';
  writeFileSync(path, `allow:\n  - {${entry}, ${common}}\n`);
  return readAllowances(path);
}

describe('the accepted types of an allowance', () => {
  it('are those that it names', async () => {
    const { allowances } = await read(
      'module: mine, name: Net, takes: {build: ["@data-types", "mine:loss", "key:__v"]}',
    );
    const standing = createGlobalPolicy({ allowances }).standing({ module: 'mine', name: 'Net', mapped: false });
    const takes = standing.kind === 'listed' ? standing.entry.types?.get('build') : undefined;
    expect(takes?.callables.has('mine:loss')).toBe(true);
    expect(takes?.callables.has('numpy:float64')).toBe(true);
    expect(takes?.keys).toEqual(new Set(['__v']));
  });

  it('are plain data when it names none', async () => {
    const { allowances } = await read('module: mine, name: Net');
    const standing = createGlobalPolicy({ allowances }).standing({ module: 'mine', name: 'Net', mapped: false });
    expect(standing).toMatchObject({ kind: 'listed', entry: { types: undefined } });
  });

  it.each([
    ['an unknown set', '{build: ["@everything"]}', 'does not name a set'],
    ['a use that accepts nothing', '{import: ["mine:loss"]}', 'not one of call, new, build, items'],
    ['a prefix', '{build: ["mine:*"]}', 'is not @set'],
    ['a string in place of a list', '{build: "mine:loss"}', 'is not a list'],
    ['a name that makes calls', '{build: ["functools:partial"]}', 'nobody can allow'],
    ['a name that runs programs', '{build: ["os:system"]}', 'nobody can allow'],
  ])('are refused with %s', async (_, takes, message) => {
    await expect(read(`module: mine, name: Net, takes: ${takes}`)).rejects.toThrow(message);
  });
});

describe('an allowance is refused for', () => {
  it.each([
    ['cloudpickle.cloudpickle', '_make_function'],
    ['cloudpickle', 'loads'],
    ['dill._dill', '_create_function'],
    ['dill._dill', '_create_type'],
    ['types', 'CodeType'],
    ['types', 'FunctionType'],
    ['builtins', 'getattr'],
    ['__builtin__', 'getattr'],
    ['functools', 'partial'],
    ['operator', 'attrgetter'],
    ['_operator', 'itemgetter'],
    ['operator', 'methodcaller'],
    ['os', 'system'],
  ])('%s.%s', async (module, name) => {
    await expect(read(`module: ${module}, name: ${name}`)).rejects.toThrow('nobody can allow');
  });
});

describe('an approval of code', () => {
  const digest = `sha256:${'ab'.repeat(32)}`;
  const readCode = (entry: string) => {
    const path = join(FOLDER, 'code.yaml');
    writeFileSync(path, `allow:\n  - {${entry}}\n`);
    return readAllowances(path, new Date('2027-01-01'));
  };

  it('names exact bytes, who approved them, why and until when', async () => {
    const entry = `code: "${digest}", owner: security, reason: reviewed, expires: 2027-01-31`;
    expect(await readCode(entry)).toEqual({
      allowances: [],
      approvedCode: [{ sha256: 'ab'.repeat(32), owner: 'security', reason: 'reviewed', expires: '2027-01-31' }],
      notes: [],
    });
  });

  it('ends with its day, and says so', async () => {
    const { approvedCode, notes } = await readCode(`code: "${digest}", owner: us, reason: ours, expires: 2026-12-31`);
    expect(approvedCode).toEqual([]);
    expect(notes).toEqual(['the approval of the code abababababab by us expired on 2026-12-31']);
  });

  it.each([
    ['another digest', 'code: "md5:00", owner: us, reason: ours, expires: 2099-01-31', 'is not a digest'],
    ['a part of one', 'code: "sha256:ab", owner: us, reason: ours, expires: 2099-01-31', 'is not a digest'],
    ['no reason', `code: "${digest}", owner: us, expires: 2099-01-31`, 'lacks "reason"'],
    ['a name besides', `code: "${digest}", module: m, owner: us, reason: ours, expires: 2099-01-31`, 'has "module"'],
    ['no date', `code: "${digest}", owner: us, reason: ours, expires: never`, 'is not a date'],
  ])('is refused with %s', async (_, entry, message) => {
    await expect(readCode(entry)).rejects.toThrow(message);
  });
});
