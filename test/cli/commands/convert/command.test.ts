import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ConversionSchema } from '../../../../src/core/conversion/index.ts';
import { check } from '../../../../src/core/schema/index.ts';
import { call, twoTensors } from '../../../support/checkpoint.ts';
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

it('prints nothing when it is quiet', async () => {
  const run = await runCli(['convert', MODULE, '--to', 'safetensors', '-o', join(temp, 'quiet'), '-q']);
  expect(run).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
});
