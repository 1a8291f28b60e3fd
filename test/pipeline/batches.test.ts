import { describe, expect, it } from 'vitest';
import { batchesOf } from '../../src/pipeline/batches.ts';
import { memoryFile } from '../support/artifacts.ts';

const files = (...sizes: number[]) => sizes.map((size, i) => memoryFile(String(i), Buffer.alloc(size)));
const sizesOf = (...sizes: number[]) => batchesOf(files(...sizes)).map((batch) => batch.map(({ size }) => size));

describe('batches', () => {
  it('contain large files alone and small ones together', () => {
    expect(sizesOf(300_000, 200_000, 100_000, 100_000, 50_000)).toEqual([
      [300_000],
      [200_000],
      [100_000, 100_000, 50_000],
    ]);
    expect(sizesOf()).toEqual([]);
  });

  it('contain a limited number of files, and together all files in order', () => {
    const many = files(...Array.from({ length: 200 }, () => 1));
    const batches = batchesOf(many);
    expect(batches.map((batch) => batch.length)).toEqual([64, 64, 64, 8]);
    expect(batches.flat()).toEqual(many);
  });
});
