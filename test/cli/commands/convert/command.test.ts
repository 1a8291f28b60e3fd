import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConversionSchema } from '../../../../src/core/conversion/index.ts';
import { check } from '../../../../src/core/schema/index.ts';
import { call, twoTensors } from '../../../support/checkpoint.ts';
import { filesOf, sklearnCase } from '../../../support/sklearn-arrays.ts';
import { tempFolder } from '../../../support/temp.ts';
import { runCli } from '../../run-cli.ts';

const temp = tempFolder();
const MODULE = new URL('../../../../fixtures/benign/torch/2.6.0/module.pt', import.meta.url).pathname;

it('converts a model, says what it did, and writes a report', async () => {
  const report = join(temp, 'report.json');
  const run = await runCli(['convert', MODULE, '--to', 'safetensors', '-o', join(temp, 'out'), '--report', report]);
  expect(run).toMatchObject({ code: 0, stderr: '' });
  expect(run.stdout).toContain('module.pt · PyTorch checkpoint · clean');
  expect(run.stdout).toContain(`-> ${join(temp, 'out', 'module.safetensors')}`);
  expect(run.stdout).toContain('Nothing of the model ran.');
  expect(readdirSync(join(temp, 'out'))).toEqual(['module.safetensors']);
  expect(check(ConversionSchema, JSON.parse(readFileSync(report, 'utf8')))).not.toHaveProperty('invalid');
});

it('exits with 1 for a malicious model, writes nothing, and says how to salvage it', async () => {
  const evil = join(temp, 'evil.pt');
  writeFileSync(evil, twoTensors({ 'x\u001b[31m': call('os', 'system', 'x') }));
  const out = join(temp, 'evil-out');
  const refused = await runCli(['convert', evil, '--to', 'safetensors', '-o', out]);
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toMatch(
    /^assay: evil\.pt: is not converted, because its verdict is malicious; --salvage .*\n$/,
  );
  expect(existsSync(out)).toBe(false);
  const salvaged = await runCli(['convert', evil, '--to', 'safetensors', '-o', out, '--salvage']);
  expect(salvaged).toMatchObject({ code: 0, stderr: '' });
  expect(salvaged.stdout).toContain('a call of os.system');
  expect(salvaged.stdout).toContain('its author chose their values');
  expect(salvaged.stdout).not.toContain('\u001b');
});

it.each([
  ['a path that does not exist', ['nowhere.pt', '--to', 'safetensors', '-o', 'out'], /nowhere\.pt/],
  ['a format that it does not write', [MODULE, '--to', 'gguf', '-o', 'out'], /--to/],
  ['a missing output', [MODULE, '--to', 'safetensors'], /--output/],
  [
    'a report in a folder that does not exist',
    [MODULE, '--to', 'safetensors', '-o', 'out', '--report', 'no/r.json'],
    /--report/,
  ],
])('exits with 2 for %s, in one line', async (_, args, line) => {
  const run = await runCli(['convert', ...args], { cwd: temp });
  expect(run.code).toBe(2);
  expect(run.stderr).toMatch(line);
  expect(run.stderr).not.toMatch(/\n\s+at /);
  expect(existsSync(join(temp, 'out', 'out'))).toBe(false);
});

describe('--verify', () => {
  const one = sklearnCase('bayes/gaussian.pkl');
  const { inputs, outputs } = filesOf(one);
  writeFileSync(join(temp, 'X.npz'), inputs);
  writeFileSync(join(temp, 'Y.npz'), outputs);
  const run = (out: string, ...args: string[]) =>
    runCli(['convert', one.model, '--to', 'onnx', '-o', out, ...args], { cwd: temp });

  it('compares with what the source computes, and says so', async () => {
    const { code, stdout, stderr } = await run('given', '--verify', 'X.npz,Y.npz');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/verified against the outputs of the source: 24 rows, onnxruntime-node \d/);
    expect(stdout).toContain('label: 24 of 24 labels equal');
    expect(stdout).toMatch(/probabilities: \d+ values, differences up to \d\.\de-\d+/);
    expect(stdout).toContain('Nothing of the source ran.');
  });

  it.each([[['--verify']], [['--verify', 'auto']]])(
    'compares the model with itself for %j, and says what that shows',
    async (args) => {
      const { code, stdout } = await run(`auto-${args.length}`, ...args);
      expect(code).toBe(0);
      expect(stdout).toContain(
        'self-consistent: 64 drawn rows give the same in a second run, in runs of each row alone',
      );
      expect(stdout).toContain('this does not show that it computes what the source computes');
    },
  );

  it('exits with 1 when something differs, writes the report alone, and says what', async () => {
    const { label } = one.outputs;
    if (label === undefined) throw new Error('no labels');
    const values = label.values.map((value, i) => (i === 0 ? 1 - Number(value) : value));
    writeFileSync(
      join(temp, 'wrong.npz'),
      filesOf({ ...one, outputs: { ...one.outputs, label: { ...label, values } } }).outputs,
    );
    const { code, stdout, stderr } = await run('wrong', '--verify', 'X.npz,wrong.npz', '--report', 'wrong.json');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^assay: gaussian\.onnx: the converted model does not compute .*: label: 1 of 24 labels differ; .*nothing was published\n$/,
    );
    expect(existsSync(join(temp, 'wrong'))).toBe(false);
    const report = JSON.parse(readFileSync(join(temp, 'wrong.json'), 'utf8'));
    expect(check(ConversionSchema, report)).not.toHaveProperty('invalid');
    expect(report).toMatchObject({ published: false, files: [{ verification: { pass: false } }] });
  });

  it.each([
    ['a file that does not exist', 'nowhere.npz', /nowhere\.npz/],
    ['three files', 'a,b,c', /--verify a,b,c: does not name one or two files/],
    ['a name that is empty', 'X.npz,', /--verify X\.npz,: /],
    ['outputs for inputs', 'Y.npz', /has no array for|an array|the model takes/],
  ])('exits with 2 for %s', async (_, value, line) => {
    const { code, stderr } = await run('bad', '--verify', value);
    expect(code).toBe(2);
    expect(stderr).toMatch(line);
    expect(existsSync(join(temp, 'bad'))).toBe(false);
  });
});

it('prints nothing when it is quiet', async () => {
  const run = await runCli(['convert', MODULE, '--to', 'safetensors', '-o', join(temp, 'quiet'), '-q']);
  expect(run).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
});
