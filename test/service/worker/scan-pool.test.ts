import { mkdirSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openUploadStore } from '../../../src/service/uploads/files.ts';
import { ScanPool } from '../../../src/service/worker/scan-pool.ts';
import { testConfig } from '../../support/service.ts';
import { tempFolder } from '../../support/temp.ts';
import { fixture } from './workshop.ts';

const folder = tempFolder();
const LONG = 600_000;
/** Longer than a scan waits for a thread, or takes to stop. */
const WHILE = 1_000;

it('loses a scan that runs out of memory, and nothing else', async () => {
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
  // Too little for any scan: what parses has a heap of its own, and no artifact fills this one.
  const starved = new ScanPool(config, { maxThreads: 2, maxHeapMib: 4, maxScanMs: LONG });
  for (let i = 0; i < 2; i++) {
    const end = await starved.scan(order, never, () => undefined);
    expect(end).toMatchObject({ kind: 'lost', code: 'out-of-memory' });
  }
  await starved.close();
  const pool = new ScanPool(config, { maxThreads: 2, maxScanMs: LONG });
  expect((await pool.scan(order, never, () => undefined)).kind).toBe('assessed');
  await pool.close();
  expect(await pool.scan(order, never, () => undefined)).toMatchObject({ kind: 'failed', code: 'aborted' });
});

describe('a scan that waits for a thread', () => {
  const sockets = new Set<Socket>();
  const silent = createServer((socket) => sockets.add(socket.on('error', () => undefined)));
  beforeAll(() => new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve)));
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => silent.close(resolve));
  });

  // Those of the pool; what a thread does itself takes its own time.
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  /** A pool of one thread, which a Hub that says nothing holds up. */
  async function heldUp(name: string) {
    const dataFolder = join(folder, name);
    mkdirSync(dataFolder);
    const address = silent.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const env = { HF_ENDPOINT: `http://127.0.0.1:${address.port}`, HF_HOME: '/nonexistent', HOME: '/nonexistent' };
    const config = { ...(await testConfig(dataFolder)), allowPrivateAddresses: true };
    const pool = new ScanPool(config, { maxThreads: 1, maxScanMs: LONG });
    const order = { target: 'hf://acme/model', tenant: 'acme', env };
    const first = new AbortController();
    const held = pool.scan(order, first.signal, () => undefined);
    return { pool, order, held, release: () => first.abort() };
  }

  it('is told that none is free after a while', async () => {
    const { pool, order, held, release } = await heldUp('busy');
    const second = pool.scan(order, new AbortController().signal, () => undefined);
    await vi.advanceTimersByTimeAsync(WHILE);
    expect(await second).toEqual({ kind: 'busy' });
    vi.useRealTimers();
    release();
    expect(await held).toMatchObject({ kind: 'failed', code: 'aborted' });
    await pool.close();
  });

  it('gets that of one that took too long', async () => {
    const { pool, order, held } = await heldUp('late');
    // The longest that a scan may take, and that it may take to stop.
    await vi.advanceTimersByTimeAsync(LONG);
    await vi.advanceTimersByTimeAsync(WHILE);
    vi.useRealTimers();
    expect(await held).toEqual({
      kind: 'failed',
      code: 'limit',
      message: 'the scan took more than 600 seconds (ASSAY_MAX_SCAN_SECONDS)',
    });
    const next = pool.scan({ ...order, target: 'upload:none' }, new AbortController().signal, () => undefined);
    expect(await next).toMatchObject({ kind: 'failed', code: 'upload-not-found' });
    await pool.close();
  });

  it('is stopped at once, and with its pool', async () => {
    const { pool, order, held, release } = await heldUp('stopped');
    const stop = new AbortController();
    const second = pool.scan(order, stop.signal, () => undefined);
    const third = pool.scan(order, new AbortController().signal, () => undefined);
    stop.abort();
    expect(await second).toMatchObject({ kind: 'failed', code: 'aborted' });
    vi.useRealTimers();
    release();
    await held;
    await pool.close();
    expect(await third).toMatchObject({ kind: 'failed', code: 'aborted' });
  });
});
