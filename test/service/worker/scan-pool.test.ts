import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { openUploadStore } from '../../../src/service/upload-files.ts';
import { ScanPool } from '../../../src/service/worker/scan-pool.ts';
import { testConfig } from '../../support/service.ts';
import { tempFolder } from '../../support/temp.ts';
import { fixture } from './workshop.ts';

const folder = tempFolder();

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
  // Too little for any scan: readers are bounded so that no artifact fills the heap which they have by default.
  const starved = new ScanPool(config, { maxThreads: 2, maxHeapMib: 8 });
  for (let i = 0; i < 2; i++) {
    const end = await starved.scan(order, never, () => undefined);
    expect(end).toMatchObject({ kind: 'lost', code: 'out-of-memory' });
  }
  await starved.close();
  const pool = new ScanPool(config, { maxThreads: 2 });
  expect((await pool.scan(order, never, () => undefined)).kind).toBe('assessed');
  await pool.close();
  expect(await pool.scan(order, never, () => undefined)).toMatchObject({ kind: 'failed', code: 'aborted' });
});
