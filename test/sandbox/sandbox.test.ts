import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { MemorySource } from '../../src/core/bytes/byte-source.ts';
import type { AssayError } from '../../src/core/errors.ts';
import { runSandboxed, type SandboxEvent, type SandboxOptions, superviseChild } from '../../src/sandbox/sandbox.ts';

const MiB = 1024 * 1024;
/** Starting a process takes long on a busy machine: only a test of the wall clock can reach this limit. */
const LIMITS = { sandboxMemoryBytes: 256 * MiB, sandboxCpuSeconds: 60, sandboxWallMs: 3_600_000 };
const ENTRY = fileURLToPath(new URL('../support/hostile-child.mjs', import.meta.url));
/** The hostile child imports the compiled channel, as our child does. */
const PROGRAM = { entry: ENTRY, packages: [], folders: [fileURLToPath(new URL('../../dist', import.meta.url))] };

function act(name: string, options: Partial<SandboxOptions> = {}) {
  return superviseChild(PROGRAM, { task: 'seven-zip', args: { act: name }, limits: LIMITS, ...options });
}

async function all(events: AsyncIterable<SandboxEvent>): Promise<SandboxEvent[]> {
  const seen: SandboxEvent[] = [];
  for await (const event of events) seen.push(event);
  return seen;
}

async function failure(events: AsyncIterable<SandboxEvent>): Promise<AssayError> {
  return all(events).then(
    () => expect.unreachable('it ended well'),
    (error: AssayError) => error,
  );
}

/** The processes that run the hostile child, by their command lines. */
function orphans(): string[] {
  if (!existsSync('/proc/self')) return [];
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(ENTRY);
    } catch {
      return false;
    }
  });
}

describe('the sandbox', () => {
  /** The clock of the parent process advances only when a test says so. */
  const stopClock = () => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });

  afterEach(() => {
    vi.useRealTimers();
    expect(orphans()).toEqual([]);
  });

  it('kills a child that fills memory with Buffers', async () => {
    const error = await failure(act('hog'));
    expect(error).toMatchObject({ code: 'limit', message: expect.stringContaining('sandboxMemoryBytes') });
  });

  it('kills a child in a busy loop by its CPU seconds', async () => {
    const error = await failure(act('spin', { limits: { ...LIMITS, sandboxCpuSeconds: 1 } }));
    expect(error).toMatchObject({ code: 'limit', message: expect.stringContaining('sandboxCpuSeconds') });
  });

  it('kills an idle child by the wall clock', async () => {
    stopClock();
    const events = act('sleep', { limits: { ...LIMITS, sandboxWallMs: 600 } });
    expect(await events.next()).toMatchObject({ value: { kind: 'started' } });
    const ended = failure(events);
    vi.advanceTimersByTime(600);
    expect(orphans()).toHaveLength(1);
    vi.advanceTimersByTime(40);
    const error = await ended;
    expect(error).toMatchObject({ code: 'limit', message: expect.stringContaining('sandboxWallMs') });
  });

  it('does not count the time of the caller', async () => {
    stopClock();
    const events = act('echo', {
      input: new MemorySource(randomBytes(3 * MiB), 'in'),
      limits: { ...LIMITS, sandboxWallMs: 4_000 },
    });
    let bytes = 0;
    for await (const event of events) {
      if (event.kind !== 'bytes') continue;
      bytes += event.bytes.length;
      vi.advanceTimersByTime(60_000);
    }
    expect(bytes).toBe(3 * MiB);
  });

  it('kills a child that writes too much', async () => {
    expect(await failure(act('flood', { maxOutputBytes: MiB }))).toMatchObject({ code: 'limit' });
  });

  it('kills a child when the caller aborts or leaves', async () => {
    const aborter = new AbortController();
    const events = act('sleep', { signal: aborter.signal });
    expect(await events.next()).toMatchObject({ value: { kind: 'started' } });
    const ended = failure(events);
    aborter.abort();
    expect(await ended).toMatchObject({ code: 'aborted' });
    for await (const event of act('flood')) if (event.kind === 'bytes') break;
  });

  it('gives a child no environment, files, children or threads', async () => {
    const events = await all(act('trespass'));
    expect(events[0]).toEqual({ kind: 'started', bounds: 'ulimit+watchdog' });
    expect(events[1]).toEqual({
      kind: 'message',
      value: {
        environment: expect.not.arrayContaining(['PATH', 'HOME', 'HF_TOKEN']),
        write: 'ERR_ACCESS_DENIED',
        read: 'ERR_ACCESS_DENIED',
        spawn: 'ERR_ACCESS_DENIED',
        worker: 'ERR_ACCESS_DENIED',
      },
    });
    expect(existsSync('/tmp/assay-trespass')).toBe(false);
  });

  it('treats any invalid behaviour of a child as an error', async () => {
    expect(await failure(act('die'))).toMatchObject({
      code: 'sandbox',
      message: expect.stringContaining('exit status 3'),
    });
    expect(await failure(act('babble'))).toMatchObject({ code: 'sandbox' });
    expect(await failure(act('greed', { input: new MemorySource(randomBytes(10), 'in') }))).toMatchObject({
      code: 'sandbox',
    });
  });

  it('serves ranges of the input and streams the output', async () => {
    const input = randomBytes(5 * MiB + 17);
    const events = await all(act('echo', { input: new MemorySource(input, 'in') }));
    const output = Buffer.concat(events.flatMap((event) => (event.kind === 'bytes' ? [event.bytes] : [])));
    expect(output.equals(input)).toBe(true);
  });
});

describe('the child of the package', () => {
  it('refuses an unsupported task and reports content errors', async () => {
    const input = new MemorySource(Buffer.from('not an archive'), 'in');
    const events = runSandboxed({ task: 'seven-zip', args: { type: 'rar' }, input, limits: LIMITS });
    expect(await failure(events)).toMatchObject({ code: 'unsupported' });
  });
});
