import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FileBudget } from '../../../src/core/budget.ts';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { type ArrowArray, checkArrowArray } from '../../../src/formats/arrow/index.ts';

const bytes = (content: Uint8Array | number[]) => new MemorySource(Uint8Array.from(content), 'buffer');

function offsets(width: 4 | 8, numbers: readonly number[]): MemorySource {
  const buffer = Buffer.alloc(numbers.length * width);
  for (const [i, number] of numbers.entries()) {
    if (width === 4) buffer.writeInt32LE(number, i * 4);
    else buffer.writeBigInt64LE(BigInt(number), i * 8);
  }
  return new MemorySource(buffer, 'offsets');
}

/** The error of an array; `sound` when there is none. */
async function check(array: ArrowArray): Promise<string> {
  const budget = new FileBudget(DEFAULT_LIMITS, 1_000_000);
  return checkArrowArray(array, budget).then(
    () => 'sound',
    (error: Error) => error.message,
  );
}

const words: ArrowArray = {
  type: 'string',
  length: 3,
  nullCount: 1,
  offset: 0,
  buffers: [bytes([5]), offsets(4, [0, 1, 1, 3]), bytes([97, 98, 99])],
};

describe('an Arrow array', () => {
  it.each<[string, Partial<ArrowArray>]>([
    ['strings', {}],
    ['a slice of strings', { offset: 1, length: 2 }],
    ['strings without nulls', { nullCount: 0, buffers: [undefined, ...words.buffers.slice(1)] }],
    ['strings without elements and offsets', { length: 0, nullCount: 0, buffers: [undefined, undefined, undefined] }],
    ['large strings', { type: 'large_string', buffers: [bytes([5]), offsets(8, [0, 1, 1, 3]), bytes([97, 98, 99])] }],
    ['numbers', { type: 'int64', buffers: [bytes([5]), bytes(new Uint8Array(24))] }],
    ['booleans', { type: 'bool', buffers: [bytes([5]), bytes([7])] }],
  ])('of %s is valid', async (_, change) => {
    expect(await check({ ...words, ...change })).toBe('sound');
  });

  it.each<[string, Partial<ArrowArray>, RegExp]>([
    ['a negative length', { length: -1, nullCount: 0 }, /-1 elements/],
    ['a negative offset', { offset: -1 }, /from offset -1 on/],
    ['a length above the safe integers', { length: 2 ** 52, nullCount: 0 }, /elements from/],
    ['a null count above the length', { nullCount: 4 }, /4 of 3 elements are missing/],
    ['nulls without a bitmap', { buffers: [undefined, ...words.buffers.slice(1)] }, /no validity bitmap/],
    ['a bitmap that is too short', { length: 9, nullCount: 0 }, /needs 2 bytes, but has 1/],
    ['too few offsets', { length: 4 }, /the offsets needs 20 bytes, but has 16/],
    [
      'an offset beyond the values',
      { buffers: [bytes([5]), offsets(4, [0, 1, 1, 4]), bytes([97, 98, 99])] },
      /offset 4 is beyond the 3 bytes/,
    ],
    [
      'a decreasing offset',
      { buffers: [bytes([5]), offsets(4, [0, 2, 1, 3]), bytes([97, 98, 99])] },
      /offset 1 follows the larger offset 2/,
    ],
    [
      'a negative first offset',
      { buffers: [bytes([5]), offsets(4, [-1, 1, 1, 3]), bytes([97, 98, 99])] },
      /offset -1 follows the larger offset 0/,
    ],
    ['offsets without values', { buffers: [bytes([5]), offsets(4, [0, 1, 1, 3]), undefined] }, /beyond the 0 bytes/],
    ['buffers of another type', { type: 'int64' }, /3 buffers of int64/],
    ['a type with children', { type: 'list' }, /the type list/],
    ['too few numbers', { type: 'int64', buffers: [bytes([5]), bytes(new Uint8Array(23))] }, /24 bytes, but has 23/],
  ])('with %s is refused', async (_, change, why) => {
    expect(await check({ ...words, ...change })).toMatch(why);
  });

  it('is valid exactly when its offsets never decrease and end within its values', async () => {
    const numbers = fc.array(fc.integer({ min: -2, max: 12 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom<4 | 8>(4, 8),
        numbers,
        fc.nat(10),
        fc.nat(3),
        async (width, all, size, first) => {
          const offset = Math.min(first, all.length - 1);
          const type = width === 4 ? 'binary' : 'large_binary';
          const length = all.length - 1 - offset;
          const buffers = [undefined, offsets(width, all), bytes(new Uint8Array(size))];
          const used = all.slice(offset);
          const good = used.every((one, i) => one >= (used[i - 1] ?? 0) && one <= size);
          const nothing = offset + length === 0 && all.length === 0;
          expect((await check({ type, length, nullCount: 0, offset, buffers })) === 'sound').toBe(good || nothing);
        },
      ),
      { numRuns: 500 },
    );
  });
});
