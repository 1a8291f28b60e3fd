import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { registerPull } from '../../src/cli/commands/pull/command.ts';
import type { ExitCode, Shell } from '../../src/cli/terminal/shell.ts';
import { isAssayError } from '../../src/core/errors.ts';
import { FakeHub, type FakeRepo, fakeFile } from '../support/fake-hub.ts';

let hub: FakeHub;
let repo: FakeRepo;
let home: string;

beforeEach(async () => {
  hub = await FakeHub.start();
  repo = hub.repo('owner/model');
  home = mkdtempSync(join(tmpdir(), 'assay-command-'));
});
afterEach(async () => {
  await hub.close();
  rmSync(home, { recursive: true });
});

/** A safetensors file with one tensor, large enough that a remote scan reads only its header. */
function safetensors(): Buffer {
  const data = 11 * 1024 * 1024;
  const header = Buffer.from(
    JSON.stringify({ w: { dtype: 'U8', shape: [data], data_offsets: [0, data] } }).padEnd(128),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, Buffer.alloc(data)]);
}

async function assayPull(...args: string[]): Promise<{ code: ExitCode; out: string; err: string }> {
  const seen: { code: ExitCode; out: string; err: string } = { code: 0, out: '', err: '' };
  const write = (to: 'out' | 'err') => (text: string | Uint8Array) => {
    seen[to] += String(text);
    return true;
  };
  const shell: Shell = {
    args: [],
    env: { HF_ENDPOINT: hub.endpoint, HF_HOME: home },
    stdout: { write: write('out') },
    stderr: { write: write('err') },
    signal: new AbortController().signal,
    exit: (code) => {
      seen.code = code;
    },
  };
  const program = new Command().exitOverride();
  registerPull(program, shell);
  await program.parseAsync(['pull', ...args], { from: 'user' });
  return seen;
}

test('assay pull writes an allowed model, and prints its revision for people and scripts', async () => {
  const commit = repo.commit([
    fakeFile('config.json', '{}'),
    fakeFile('model.safetensors', safetensors(), { lfs: true }),
  ]);
  const full = await assayPull('hf://owner/model');
  expect(full).toMatchObject({ code: 0, err: '' });
  expect(full.out).toContain(`\nrevision=${commit}\n`);
  expect(full.out).toContain(`from_pretrained("owner/model", revision="${commit}")`);
  const folder = join(home, 'hub/models--owner--model/snapshots', commit);
  expect(full.out).toContain(folder);
  expect(readFileSync(join(folder, 'model.safetensors')).equals(safetensors())).toBe(true);
  const quiet = await assayPull(`${hub.endpoint}/owner/model`, '--quiet');
  expect(quiet.out.split('\n').filter((line) => line.startsWith('revision='))).toEqual([`revision=${commit}`]);
});

test('assay pull reports a denied model and does not write it', async () => {
  repo.commit([
    fakeFile('config.json', '{}'),
    fakeFile('pytorch_model.bin', 'cos\nsystem\n(S"id"\ntR.', { lfs: true }),
  ]);
  const { code, out } = await assayPull('hf://owner/model');
  expect(code).toBe(1);
  expect(out).toMatch(/os\.system/);
  expect(out).toContain('Nothing was downloaded into the cache.');
  expect(out).not.toContain('revision=');
  expect(existsSync(join(home, 'hub'))).toBe(false);
});

test('assay pull gives one error for an invalid target and for a missing policy', async () => {
  for (const args of [['./model'], ['hf://owner/none'], ['hf://owner/model', '--policy', 'none']]) {
    const error: unknown = await assayPull(...args).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(isAssayError(error) && (error.hint ?? '').length > 0).toBe(true);
  }
});
