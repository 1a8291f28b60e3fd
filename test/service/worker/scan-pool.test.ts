import { mkdirSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AttemptCosts } from '../../../src/registry/index.ts';
import { openUploadStore } from '../../../src/service/uploads/files.ts';
import { ScanPool } from '../../../src/service/worker/scan-pool.ts';
import { testConfig } from '../../support/service.ts';
import { tempFolder } from '../../support/temp.ts';
import { fixture } from './workshop.ts';

const folder = tempFolder();
const LONG = 600_000;
const DEAF = { onProgress: () => undefined, onCosts: () => undefined };
/** Longer than a scan waits for a thread or takes to stop. */
const WHILE = 1_000;

it('the pool loses only the scan that runs out of memory', async () => {
  const dataFolder = join(folder, 'data');
  mkdirSync(dataFolder);
  const config = await testConfig(dataFolder);
  const uploads = await openUploadStore(join(dataFolder, 'uploads'), config.limits);
  const upload = async (bytes: Uint8Array) => {
    const { id } = await uploads.create('acme', 'sam', [{ path: 'a.bin', size: bytes.length, sha256: null }]);
    await uploads.append('acme', id, 'a.bin', 0, Readable.from([bytes]));
    await uploads.complete('acme', id);
    return { target: `upload:${id}`, tenant: 'acme', env: {} };
  };
  const never = new AbortController().signal;
  const order = await upload(fixture('benign/numpy/2.3.5/dtypes.p4.pkl'));
  // Too little memory for any scan: the parser has a heap of its own, which no artifact fills.
  const starved = new ScanPool(config, { maxProcesses: 2, maxHeapMib: 4, maxScanMs: LONG });
  for (let i = 0; i < 2; i++) {
    const told: Partial<AttemptCosts>[] = [];
    const end = await starved.scan(order, never, { ...DEAF, onCosts: (costs) => void told.push(costs) });
    expect(end).toMatchObject({ kind: 'lost', code: 'out-of-memory' });
    // What it used is known as far as it was seen, and is never said to be nothing.
    expect(told.at(-1)?.wallMs).toBeGreaterThan(0);
    expect(told.at(-1)?.cpuMs).not.toBe(0);
    expect(told.at(-1)).toMatchObject({ fetchedBytes: null });
  }
  await starved.close();
  const pool = new ScanPool(config, { maxProcesses: 2, maxScanMs: LONG });
  expect((await pool.scan(order, never, DEAF)).kind).toBe('assessed');
  await pool.close();
  expect(await pool.scan(order, never, DEAF)).toMatchObject({ kind: 'failed', code: 'aborted' });
});

describe('a scan that waits for a thread', () => {
  const sockets = new Set<Socket>();
  const silent = createServer((socket) => sockets.add(socket.on('error', () => undefined)));
  beforeAll(() => new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve)));
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => silent.close(resolve));
  });

  // The limits of the pool; a thread has its own time limit.
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  /** A pool of one thread, which a silent Hub occupies. */
  async function heldUp(name: string) {
    const dataFolder = join(folder, name);
    mkdirSync(dataFolder);
    const address = silent.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const env = { HF_ENDPOINT: `http://127.0.0.1:${address.port}`, HF_HOME: '/nonexistent', HOME: '/nonexistent' };
    const config = { ...(await testConfig(dataFolder)), allowPrivateAddresses: true };
    const pool = new ScanPool(config, { maxProcesses: 1, maxScanMs: LONG });
    const order = { target: 'hf://acme/model', tenant: 'acme', env };
    const first = new AbortController();
    const held = pool.scan(order, first.signal, DEAF);
    return { pool, order, held, release: () => first.abort() };
  }

  it('fails after a while when no thread is free', async () => {
    const { pool, order, held, release } = await heldUp('busy');
    const second = pool.scan(order, new AbortController().signal, DEAF);
    await vi.advanceTimersByTimeAsync(WHILE);
    expect(await second).toEqual({ kind: 'busy' });
    vi.useRealTimers();
    release();
    expect(await held).toMatchObject({ kind: 'failed', code: 'aborted' });
    await pool.close();
  });

  it('gets the thread of a scan that exceeded its time limit', async () => {
    const { pool, order, held } = await heldUp('late');
    // The time limit of a scan, and the time that it has to stop.
    await vi.advanceTimersByTimeAsync(LONG);
    await vi.advanceTimersByTimeAsync(WHILE);
    vi.useRealTimers();
    expect(await held).toEqual({
      kind: 'failed',
      code: 'limit',
      message: 'the scan took more than 600 seconds (ASSAY_MAX_SCAN_SECONDS)',
    });
    const next = pool.scan({ ...order, target: 'upload:none' }, new AbortController().signal, DEAF);
    expect(await next).toMatchObject({ kind: 'failed', code: 'upload-not-found' });
    await pool.close();
  });

  it('stops at once when it is aborted and when the pool closes', async () => {
    const { pool, order, held, release } = await heldUp('stopped');
    const stop = new AbortController();
    const second = pool.scan(order, stop.signal, DEAF);
    const third = pool.scan(order, new AbortController().signal, DEAF);
    stop.abort();
    expect(await second).toMatchObject({ kind: 'failed', code: 'aborted' });
    vi.useRealTimers();
    release();
    await held;
    await pool.close();
    expect(await third).toMatchObject({ kind: 'failed', code: 'aborted' });
  });
});
