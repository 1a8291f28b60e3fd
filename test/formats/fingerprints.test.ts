import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FileBudget } from '../../src/core/budget.ts';
import { MemorySource } from '../../src/core/bytes/byte-source.ts';
import { isAssayError } from '../../src/core/index.ts';
import { DEFAULT_LIMITS } from '../../src/core/limits.ts';
import { readRdkitBits, readRdkitCounts } from '../../src/formats/fingerprints/index.ts';

type Reader = typeof readRdkitBits;

/** The error of a fingerprint; `sound` when there is none. */
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

describe('the reader of an RDKit bit vector', () => {
  it.each([
    ['bits as RDKit writes them', 'sound', bits(64, 6, 4, 26, 26, 4, 8, 0, 48)],
    ['without the last distance', 'sound', bits(64, 6, 4, 26, 26, 4, 8, 0)],
    ['two-byte numbers', 'sound', bits(4096, 1, 1, 1)],
    ['no bits', 'sound', bits(8, 0, 16)],
    ['a bit beyond the last', 'malformed', bits(8, 1, 16)],
    ['more bits than there are', 'malformed', bits(2, 3, 0, 0, 0)],
    ['fewer bits than stated', 'truncated', bits(64, 6, 4, 26)],
    ['a partial number', 'truncated', bits(4096, 1, 1)],
    ['a trailing byte', 'malformed', bits(64, 1, 4, 26, 0)],
    ['a size above any memory', 'malformed', bits(2 ** 31 - 1, 0)],
    ['a negative size', 'malformed', bits(8, -1)],
    ['a sparse vector', 'sound', shorts(64, 0, 63)],
    ['a sparse vector with a bit beyond the last', 'malformed', shorts(64, 64)],
    ['a sparse vector with large indexes', 'sound', words(-16, 70_000, 1, 69_999)],
    ['another version', 'unsupported', words(-33, 64, 0)],
    ['no version', 'unsupported', words(64, 0)],
    ['no bytes', 'truncated', Buffer.alloc(0)],
  ])('gives the expected result for %s', async (_, expected, bytes) => {
    expect(await check(readRdkitBits, bytes)).toBe(expected);
  });
});

describe('the reader of RDKit count vectors', () => {
  it.each([
    ['counts as RDKit writes them', 'sound', words(1, 4, -1, 2, 7, 1, 9, 3)],
    ['counts with long indexes', 'sound', words(1, 8, -1, 0, 1, 0, 7, 0, 5)],
    ['more counts than there are', 'malformed', words(1, 4, -1, 3, 7, 1, 9, 3)],
    ['fewer counts than there are', 'malformed', words(1, 4, -1, 1, 7, 1, 9, 3)],
    ['a count whose byte size overflows', 'malformed', words(1, 8, -1, 0, 0, 0x20000000)],
    ['an index beyond the last', 'malformed', words(1, 4, 7, 1, 7, 1)],
    ['indexes of another size', 'unsupported', words(1, 2, 0, 0)],
    ['another version', 'unsupported', words(2, 4, 0, 0)],
    ['truncated bytes', 'truncated', words(1, 4, 0)],
  ])('gives the expected result for %s', async (_, expected, bytes) => {
    expect(await check(readRdkitCounts, bytes)).toBe(expected);
  });
});

it('the readers of RDKit vectors throw only their own errors for any bytes', async () => {
  const head = fc.constantFrom(words(-16, 8, 2), words(-32, 8, 2), words(1, 4), words(1, 8), Buffer.alloc(0));
  await fc.assert(
    fc.asyncProperty(head, fc.uint8Array({ maxLength: 40 }), async (start, rest) => {
      const bytes = Buffer.concat([start, rest]);
      for (const read of [readRdkitBits, readRdkitCounts])
        expect(['sound', 'malformed', 'truncated', 'unsupported']).toContain(await check(read, bytes));
    }),
  );
});
