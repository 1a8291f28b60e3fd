import { expect, it } from 'vitest';
import { openSnapshot } from '../../src/snapshot/index.ts';
import { work } from '../support/work.ts';
import { COMMIT, entry, NOW, sha256, signed, writer } from './samples.ts';

async function opening(count: number): Promise<number> {
  const entries = Array.from({ length: count }, (_, at) =>
    entry({ number: at + 1, digest: sha256(`${at}`), refs: [`hf://acme/model-${at}@${COMMIT}`] }),
  );
  const bytes = await signed({ entries });
  return work(() => openSnapshot(bytes, { trust: writer.publicKey, now: NOW }));
}

it('the work to open a snapshot grows linearly with its entries', async () => {
  await opening(500);
  const some = await opening(500);
  expect(some).toBeGreaterThan(500);
  expect((await opening(2_000)) / some).toBeLessThan(4.5);
});
