import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FileBudget } from '../../src/core/budget.ts';
import { MemorySource } from '../../src/core/bytes/byte-source.ts';
import { isAssayError } from '../../src/core/index.ts';
import { DEFAULT_LIMITS } from '../../src/core/limits.ts';
import { readRdkitBits, readRdkitCounts } from '../../src/formats/fingerprints/index.ts';

type Reader = typeof readRdkitBits;

/** What is wrong with a fingerprint; `sound` when nothing is. */
async function check(read: Reader, bytes: Uint8Array): Promise<string> {
  try {
    await read(new MemorySource(bytes, 'fingerprint'), new FileBudget(DEFAULT_LIMITS, 1_000_000));
    return 'sound';
  } catch (error) {
    if (!isAssayError(error)) throw error;
    return error.code;
  }
}

function words(...numbers: number[]): Buffer {
  const bytes = Buffer.alloc(4 * numbers.length);
  for (const [i, number] of numbers.entries()) bytes.writeInt32LE(number | 0, 4 * i);
  return bytes;
}

const bits = (of: number, set: number, ...more: number[]) => Buffer.concat([words(-32, of, set), Buffer.from(more)]);
const shorts = (of: number, ...places: number[]) =>
  Buffer.concat([words(-16, of, places.length), Buffer.from(Uint16Array.from(places).buffer)]);

describe('bits of a fingerprint', () => {
  it.each([
    ['as RDKit writes them', 'sound', bits(64, 6, 4, 26, 26, 4, 8, 0, 48)],
    ['without the last distance', 'sound', bits(64, 6, 4, 26, 26, 4, 8, 0)],
    ['numbers of two bytes', 'sound', bits(4096, 1, 1, 1)],
    ['none', 'sound', bits(8, 0, 16)],
    ['a bit behind the last', 'malformed', bits(8, 1, 16)],
    ['more than there are', 'malformed', bits(2, 3, 0, 0, 0)],
    ['fewer than it says', 'truncated', bits(64, 6, 4, 26)],
    ['half a number', 'truncated', bits(4096, 1, 1)],
    ['a byte more', 'malformed', bits(64, 1, 4, 26, 0)],
    ['more memory than anybody has', 'malformed', bits(2 ** 31 - 1, 0)],
    ['fewer than none', 'malformed', bits(8, -1)],
    ['places', 'sound', shorts(64, 0, 63)],
    ['a place behind the last', 'malformed', shorts(64, 64)],
    ['large places', 'sound', words(-16, 70_000, 1, 69_999)],
    ['another version', 'unsupported', words(-33, 64, 0)],
    ['no version', 'unsupported', words(64, 0)],
    ['nothing', 'truncated', Buffer.alloc(0)],
  ])('%s', async (_, expected, bytes) => {
    expect(await check(readRdkitBits, bytes)).toBe(expected);
  });
});

describe('counts of a fingerprint', () => {
  it.each([
    ['as RDKit writes them', 'sound', words(1, 4, -1, 2, 7, 1, 9, 3)],
    ['with long places', 'sound', words(1, 8, -1, 0, 1, 0, 7, 0, 5)],
    ['more than there are', 'malformed', words(1, 4, -1, 3, 7, 1, 9, 3)],
    ['fewer than there are', 'malformed', words(1, 4, -1, 1, 7, 1, 9, 3)],
    ['so many that their bytes wrap around', 'malformed', words(1, 8, -1, 0, 0, 0x20000000)],
    ['a place behind the last', 'malformed', words(1, 4, 7, 1, 7, 1)],
    ['places of another size', 'unsupported', words(1, 2, 0, 0)],
    ['another version', 'unsupported', words(2, 4, 0, 0)],
    ['half of it', 'truncated', words(1, 4, 0)],
  ])('%s', async (_, expected, bytes) => {
    expect(await check(readRdkitCounts, bytes)).toBe(expected);
  });
});

it('no bytes make a reader throw anything but its own errors', async () => {
  const head = fc.constantFrom(words(-16, 8, 2), words(-32, 8, 2), words(1, 4), words(1, 8), Buffer.alloc(0));
  await fc.assert(
    fc.asyncProperty(head, fc.uint8Array({ maxLength: 40 }), async (start, rest) => {
      const bytes = Buffer.concat([start, rest]);
      for (const read of [readRdkitBits, readRdkitCounts])
        expect(['sound', 'malformed', 'truncated', 'unsupported']).toContain(await check(read, bytes));
    }),
  );
});
