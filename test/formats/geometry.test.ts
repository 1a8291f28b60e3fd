import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FileBudget } from '../../src/core/budget.ts';
import { MemorySource } from '../../src/core/bytes/byte-source.ts';
import { isAssayError } from '../../src/core/index.ts';
import { DEFAULT_LIMITS } from '../../src/core/limits.ts';
import { readWkb } from '../../src/formats/geometry/index.ts';

/** The error of a geometry; `sound` when there is none. */
async function check(bytes: Uint8Array): Promise<string> {
  try {
    await readWkb(new MemorySource(bytes, 'geometry'), new FileBudget(DEFAULT_LIMITS, 1_000_000));
    return 'sound';
  } catch (error) {
    if (!isAssayError(error)) throw error;
    return error.code;
  }
}

const head = (type: number, ...counts: number[]) => {
  const bytes = Buffer.alloc(5 + 4 * counts.length);
  bytes[0] = 1;
  bytes.writeUInt32LE(type >>> 0, 1);
  for (const [i, count] of counts.entries()) bytes.writeUInt32LE(count, 5 + 4 * i);
  return bytes;
};
const numbers = (count: number) => Buffer.alloc(8 * count);
const point = (type = 1, count = 2) => Buffer.concat([head(type), numbers(count)]);
const line = (points: number, given = points) => Buffer.concat([head(2, points), numbers(2 * given)]);
const nested = (depth: number): Buffer => (depth === 0 ? point() : Buffer.concat([head(7, 1), nested(depth - 1)]));
const big = Buffer.from('00000000013ff00000000000004000000000000000', 'hex');

describe('the reader of well-known binary', () => {
  it.each([
    ['a point', 'sound', point()],
    ['a big-endian point', 'sound', big],
    ['a three-dimensional point', 'sound', point(0x80000001, 3)],
    ['a three-dimensional point in the ISO encoding', 'sound', point(1001, 3)],
    ['a point with a spatial reference', 'sound', Buffer.concat([head(0x20000001, 4326), numbers(2)])],
    ['a line', 'sound', line(3)],
    ['a polygon', 'sound', Buffer.concat([head(3, 1, 4), numbers(8)])],
    ['a multipoint', 'sound', Buffer.concat([head(4, 2), point(), point()])],
    ['a collection', 'sound', Buffer.concat([head(7, 2), point(), line(2)])],
    ['a truncated point', 'truncated', point(1, 1)],
    ['a line with more points than there are', 'truncated', line(2 ** 31, 2)],
    ['a polygon with more rings than there are', 'truncated', head(3, 2 ** 32 - 1)],
    ['a collection with more parts than there are', 'truncated', head(7, 2 ** 30)],
    ['a line within a multipoint', 'malformed', Buffer.concat([head(4, 1), line(2)])],
    ['a trailing byte', 'malformed', Buffer.concat([point(), Buffer.alloc(1)])],
    ['an invalid byte order', 'malformed', Buffer.concat([Buffer.from([2]), point().subarray(1)])],
    ['an unknown type', 'malformed', point(0x10000001)],
    ['a curve', 'unsupported', head(8, 0)],
    ['nested collections', 'sound', nested(30)],
    ['collections nested beyond the stack limit', 'malformed', nested(5_000)],
    ['no bytes', 'truncated', Buffer.alloc(0)],
  ])('gives the expected result for %s', async (_, expected, bytes) => {
    expect(await check(bytes)).toBe(expected);
  });

  it('throws only its own errors for any bytes', async () => {
    const start = fc.constantFrom(head(4, 2), head(7, 3), head(3, 1), point(1003, 0), Buffer.alloc(0));
    await fc.assert(
      fc.asyncProperty(start, fc.uint8Array({ maxLength: 60 }), async (bytes, rest) => {
        expect(['sound', 'malformed', 'truncated', 'unsupported']).toContain(await check(Buffer.concat([bytes, rest])));
      }),
    );
  });
});
