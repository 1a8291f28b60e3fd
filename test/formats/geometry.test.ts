import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FileBudget } from '../../src/core/budget.ts';
import { MemorySource } from '../../src/core/bytes/byte-source.ts';
import { isAssayError } from '../../src/core/index.ts';
import { DEFAULT_LIMITS } from '../../src/core/limits.ts';
import { readWkb } from '../../src/formats/geometry/index.ts';

/** What is wrong with a geometry; `sound` when nothing is. */
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

describe('a geometry in well-known binary', () => {
  it.each([
    ['a point', 'sound', point()],
    ['a point with its high bytes first', 'sound', big],
    ['a point in space', 'sound', point(0x80000001, 3)],
    ["a point in space, by ISO's mark", 'sound', point(1001, 3)],
    ['a point with a reference system', 'sound', Buffer.concat([head(0x20000001, 4326), numbers(2)])],
    ['a line', 'sound', line(3)],
    ['a polygon', 'sound', Buffer.concat([head(3, 1, 4), numbers(8)])],
    ['points', 'sound', Buffer.concat([head(4, 2), point(), point()])],
    ['a collection', 'sound', Buffer.concat([head(7, 2), point(), line(2)])],
    ['a point that breaks off', 'truncated', point(1, 1)],
    ['a line of more points than there are', 'truncated', line(2 ** 31, 2)],
    ['a polygon of more rings than there are', 'truncated', head(3, 2 ** 32 - 1)],
    ['a collection of more parts than there are', 'truncated', head(7, 2 ** 30)],
    ['a line among points', 'malformed', Buffer.concat([head(4, 1), line(2)])],
    ['a byte more', 'malformed', Buffer.concat([point(), Buffer.alloc(1)])],
    ['another order of bytes', 'malformed', Buffer.concat([Buffer.from([2]), point().subarray(1)])],
    ['a mark that nobody knows', 'malformed', point(0x10000001)],
    ['a curve', 'unsupported', head(8, 0)],
    ['collections within collections', 'sound', nested(30)],
    ['collections deeper than a stack', 'malformed', nested(5_000)],
    ['nothing', 'truncated', Buffer.alloc(0)],
  ])('%s', async (_, expected, bytes) => {
    expect(await check(bytes)).toBe(expected);
  });

  it('no bytes make the reader throw anything but its own errors', async () => {
    const start = fc.constantFrom(head(4, 2), head(7, 3), head(3, 1), point(1003, 0), Buffer.alloc(0));
    await fc.assert(
      fc.asyncProperty(start, fc.uint8Array({ maxLength: 60 }), async (bytes, rest) => {
        expect(['sound', 'malformed', 'truncated', 'unsupported']).toContain(await check(Buffer.concat([bytes, rest])));
      }),
    );
  });
});
