import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ExpansionBudget, spool } from '../../../src/core/bytes/spool.ts';
import { AssayError } from '../../../src/core/errors.ts';
import { DEFAULT_LIMITS, type Limits } from '../../../src/core/limits.ts';
import { runProgram } from '../../support/run-program.ts';
import { noise, tempFolder } from '../../support/temp.ts';

const LIMITS: Limits = { ...DEFAULT_LIMITS, maxSpoolMemory: 1_000, maxExpandedBytes: 64_000, maxExpansionRatio: 10 };
const root = tempFolder();
const before = process.env.TMPDIR;
let folders = 0;
let folder = '';

beforeEach(() => {
  folder = join(root, String(folders++));
  mkdirSync(folder);
  process.env.TMPDIR = folder;
});

afterEach(() => {
  if (before === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = before;
});

async function* inParts(bytes: Uint8Array, size = 300): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function* thenFails(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield* inParts(bytes);
  throw new AssayError('malformed', 'the stream is broken');
}

function spoolOf(
  output: AsyncIterable<Uint8Array>,
  { budget = { remaining: 64_000 }, inputSize = 10_000 }: { budget?: ExpansionBudget; inputSize?: number } = {},
) {
  return spool(output, 'member', inputSize, budget, LIMITS);
}

describe('a spool', () => {
  it.each([0, 1, 1_000])('keeps %d bytes in memory', async (size) => {
    const bytes = noise(size);
    const source = await spoolOf(inParts(bytes));
    expect(source).toMatchObject({ name: 'member', size });
    expect(Buffer.from(await source.read(0, size)).equals(bytes)).toBe(true);
    expect(readdirSync(folder)).toEqual([]);
    await source.close();
  });

  it('keeps more bytes in a file that no other user can read, and removes the file when it is closed', async () => {
    const bytes = noise(20_000);
    const source = await spoolOf(inParts(bytes));
    const [name = ''] = readdirSync(folder);
    expect(statSync(join(folder, name)).mode & 0o077).toBe(0);
    expect(statSync(join(folder, name, 'bytes')).mode & 0o077).toBe(0);
    expect(source).toMatchObject({ name: 'member', size: 20_000 });
    expect(Buffer.from(await source.read(0, 20_000)).equals(bytes)).toBe(true);
    expect(Buffer.from(source.readNow(777, 100) ?? []).equals(bytes.subarray(777, 877))).toBe(true);
    await expect(source.read(19_999, 2)).rejects.toMatchObject({ code: 'truncated' });
    expect(await source.unchanged()).toBe(true);
    await source.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('charges one budget for all layers', async () => {
    const budget = { remaining: 5_000 };
    const first = await spoolOf(inParts(noise(3_000)), { budget });
    expect(budget.remaining).toBe(2_000);
    await expect(spoolOf(inParts(noise(3_000)), { budget })).rejects.toMatchObject({
      code: 'limit',
      message: expect.stringContaining('maxExpandedBytes'),
      subject: 'member',
    });
    await first.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('stops output that grows too fast, once it is large', async () => {
    const small = await spoolOf(inParts(noise(900)), { inputSize: 1 });
    await small.close();
    await expect(spoolOf(inParts(noise(20_000)), { inputSize: 1_999 })).rejects.toMatchObject({
      code: 'limit',
      message: expect.stringContaining('maxExpansionRatio'),
    });
    const just = await spoolOf(inParts(noise(20_000)), { inputSize: 2_000 });
    await just.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('leaves no file when the stream fails', async () => {
    for (const size of [10, 20_000])
      await expect(spoolOf(thenFails(noise(size)))).rejects.toMatchObject({ code: 'malformed' });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('reports when there is no space for the file', async () => {
    process.env.TMPDIR = join(folder, 'missing');
    await expect(spoolOf(inParts(noise(20_000)))).rejects.toMatchObject({
      code: 'unreadable',
      subject: 'member',
      message: expect.stringContaining('ENOENT'),
      hint: expect.stringContaining('TMPDIR'),
    });
  });

  it('leaves no file when the process is killed', async () => {
    const script = `
      import { readdirSync } from 'node:fs';
      import { spool } from ${JSON.stringify(new URL('../../../dist/src/core/bytes/spool.js', import.meta.url).href)};
      import { DEFAULT_LIMITS } from ${JSON.stringify(new URL('../../../dist/src/core/limits.js', import.meta.url).href)};
      async function* parts() { for (let i = 0; i < 20; i++) yield Buffer.alloc(1024 * 1024); }
      await spool(parts(), 'member', 1e9, { remaining: 1e9 }, DEFAULT_LIMITS);
      process.stdout.write(String(readdirSync(process.env.TMPDIR).length));
      process.exit(3);`;
    const env = { ...process.env, TMPDIR: folder };
    const ended = await runProgram(process.execPath, ['--input-type=module', '-e', script], { env });
    expect(ended).toMatchObject({ status: 3, stdout: '1', stderr: '' });
    expect(readdirSync(folder)).toEqual([]);
  });
});
