import { describe, expect, it } from 'vitest';
import { batchesOf } from '../../src/pipeline/batches.ts';
import { memoryFile } from '../support/artifacts.ts';

const files = (...sizes: number[]) => sizes.map((size, i) => memoryFile(String(i), Buffer.alloc(size)));
const sizesOf = (...sizes: number[]) => batchesOf(files(...sizes)).map((batch) => batch.map(({ size }) => size));

describe('batches', () => {
  it('are of large files alone and of small ones together', () => {
    expect(sizesOf(300_000, 200_000, 100_000, 100_000, 50_000)).toEqual([
      [300_000],
      [200_000],
      [100_000, 100_000, 50_000],
    ]);
    expect(sizesOf()).toEqual([]);
  });

  it('hold no more than a few files, and all of them, in order', () => {
    const many = files(...Array.from({ length: 200 }, () => 1));
    const batches = batchesOf(many);
    expect(batches.map((batch) => batch.length)).toEqual([64, 64, 64, 8]);
    expect(batches.flat()).toEqual(many);
  });
});
