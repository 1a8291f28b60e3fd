import { spawn } from 'node:child_process';
import { openSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempFolder } from '../support/temp.ts';
import { MAIN, runCli } from './run-cli.ts';

const folder = tempFolder();
const model = join(folder, 'config.json');
const TEXT = '{"a": 1}\n';
writeFileSync(model, TEXT);

/** Runs a command whose stdout is the device that is always full. */
async function onFullDisk(...args: string[]): Promise<{ code: number | null; stderr: string }> {
  const full = openSync('/dev/full', 'w');
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', full, 'pipe'] });
  let stderr = '';
  child.stderr?.on('data', (text) => {
    stderr += text;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stderr };
}

describe('output that cannot be written', () => {
  it.each([
    [['scan', model]],
    [['scan', model, '--format', 'json']],
    [['digest', model]],
    [['inspect', model]],
    [['explain']],
    [['policy', 'check', 'baseline']],
    [['--help']],
    [['--version']],
  ])('of %j ends with one line and exit code 2', async (args) => {
    const { code, stderr } = await onFullDisk(...args);
    const [last] = stderr.trimEnd().split('\n').slice(-1);
    expect(last).toBe(
      'assay: the output could not be written whole (ENOSPC); check the space left, or name a file with --output',
    );
    expect(stderr).not.toMatch(/^ +at /m);
    expect(code).toBe(2);
  });

  it('for a reader that closes the pipe ends the same way', async () => {
    const child = spawn(process.execPath, [MAIN, 'explain'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    let stderr = '';
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    expect(stderr).toBe('assay: the output could not be written whole (its reader closed it); read it to its end\n');
    expect(code).toBe(2);
  });
});

describe('--output', () => {
  const link = join(folder, 'link.json');
  symlinkSync(model, link);

  it.each([
    ['the model', ['scan', model, '-o', model]],
    ['the model by another name', ['scan', model, '-o', link]],
    ['the model, glued to the option', ['scan', model, `-o${model}`]],
    ['the model, in one word', ['digest', model, `--output=${model}`]],
    ['a policy', ['scan', folder, `--policy=${model}`, '-o', link]],
  ])('does not overwrite %s', async (_, args) => {
    const { code, stderr } = await runCli(args);
    expect(stderr).toMatch(/^assay: --output .*\.json: is a file that this command reads; name another file\n$/);
    expect(code).toBe(2);
    expect(readFileSync(model, 'utf8')).toBe(TEXT);
  });

  it('does not overwrite a file that a variable names', async () => {
    const { code } = await runCli(['scan', folder, '-o', model], { env: { ASSAY_WAIVERS: `${link}` } });
    expect(code).toBe(2);
    expect(readFileSync(model, 'utf8')).toBe(TEXT);
  });

  it('overwrites its own report of an earlier run', async () => {
    const report = join(tempFolder(), 'report.json');
    const args = ['scan', model, '--format', 'json', '-o', report, '-q'];
    expect((await runCli(args)).code).toBe(0);
    expect((await runCli(args)).code).toBe(0);
  });
});
