import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { cpSync, mkdirSync, openSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { tempFolder } from '../support/temp.ts';
import { MAIN, ROOT, runCli } from './run-cli.ts';

const folder = tempFolder();
const model = join(folder, 'config.json');
const TEXT = '{"a": 1}\n';
writeFileSync(model, TEXT);

/** Runs a command whose stdout is the device that is always full. */
async function onFullDisk(...args: string[]): Promise<{ code: number | null; stderr: string }> {
  const full = openSync('/dev/full', 'w');
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', full, 'pipe'], cwd: folder });
  let stderr = '';
  child.stderr?.on('data', (text) => {
    stderr += text;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stderr };
}

const ground = join(folder, 'ground');
const registry = ['--registry', join(folder, 'registry.db')];
const key = join(folder, 'key.pem');
const pickled = join(ground, 'model.pkl');

/** What a verb says on stdout: each has a row, and one that talks to a network its help. */
const ROWS: Readonly<Record<string, readonly string[]>> = {
  scan: [model, '--format', 'json'],
  review: [model],
  pull: ['--help'],
  convert: ['--help'],
  test: ['--help'],
  data: ['--help'],
  verify: [ground, '--public-key', `${key}.pub`],
  sign: [ground, '--private-key', key],
  attestation: ['--help'],
  approve: ['--help'],
  reject: ['--help'],
  promote: [pickled, '--model', 'acme/model', '--stage', 'staging', ...registry],
  revoke: ['--help'],
  quarantine: ['acme/model@1', '--reason', 'for a test', ...registry],
  models: registry,
  'audit-log': ['list', ...registry],
  snapshot: ['--help'],
  digest: [model],
  diff: ['--help'],
  policy: ['check', 'baseline'],
  inspect: [model],
  explain: [],
  repro: [pickled, '--output', join(folder, 'out.pkl')],
  rules: ['show'],
  admit: ['--help'],
  serve: ['--data', join(folder, 'data'), '--listen', '127.0.0.1:0'],
  worker: ['--help'],
};

describe('output that cannot be written', () => {
  beforeAll(async () => {
    mkdirSync(ground);
    cpSync(join(ROOT, 'fixtures/benign/stdlib/3.13.0/none-types.p3.pkl'), pickled);
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    writeFileSync(`${key}.pub`, publicKey.export({ type: 'spki', format: 'pem' }));
    expect((await runCli(['sign', ground, '--private-key', key])).code).toBe(0);
    expect((await runCli(['promote', pickled, '--model', 'acme/model', '--stage', 'staging', ...registry])).code).toBe(
      0,
    );
  });

  it('is tried with every verb', async () => {
    const { stdout } = await runCli(['--help']);
    const verbs = [...stdout.matchAll(/^ {2}([a-z-]+)(?: |$)/gm)].map(([, verb]) => verb);
    expect(new Set([...Object.keys(ROWS), 'help', 'assay'])).toEqual(new Set([...verbs, 'help', 'assay']));
  });

  it.each(
    [...Object.entries(ROWS).map(([verb, args]) => [verb, ...args]), ['--help'], ['--version']].map((args) => [args]),
  )('of %j ends with one line and exit code 2', async (args) => {
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

  it.each([
    ['a file of the folder that is scanned', 'config.json', ['scan', '.', '-o', 'config.json']],
    ['it by another way', 'config.json', ['scan', '.', '-o', '../inner/config.json']],
    ['a file of a folder within', 'deep/a.json', ['digest', '.', '-o', 'deep/a.json']],
    ['a private key that nothing names', '../lone.pem', ['scan', 'config.json', '-o', '../lone.pem']],
  ])('does not overwrite %s', async (_, path, args) => {
    const cwd = join(tempFolder(), 'inner');
    mkdirSync(join(cwd, 'deep'), { recursive: true });
    for (const one of ['config.json', 'deep/a.json']) writeFileSync(join(cwd, one), TEXT);
    writeFileSync(join(cwd, '../lone.pem'), '-----BEGIN ENCRYPTED PRIVATE KEY-----\n');
    const before = readFileSync(join(cwd, path), 'utf8');
    const { code, stderr } = await runCli(args, { cwd });
    expect(stderr).toMatch(
      /^assay: --output \S+: is (a file of \., which this command names|a private key); [^\n]+\n$/,
    );
    expect(code).toBe(2);
    expect(readFileSync(join(cwd, path), 'utf8')).toBe(before);
  });

  it('replaces a signature within the model that it signs, and nothing else of it', async () => {
    const args = ['sign', ground, '--private-key', key];
    expect((await runCli(args)).code).toBe(0);
    const other = await runCli([...args, '--signature', pickled]);
    expect(other.code).toBe(2);
  });

  it('overwrites its own report of an earlier run', async () => {
    const report = join(tempFolder(), 'report.json');
    const args = ['scan', model, '--format', 'json', '-o', report, '-q'];
    expect((await runCli(args)).code).toBe(0);
    expect((await runCli(args)).code).toBe(0);
  });
});
