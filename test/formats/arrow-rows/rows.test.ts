import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { isContentError } from '../../../src/core/errors.ts';
import { openArrowRows } from '../../../src/formats/arrow-rows/rows.ts';
import type { ArrowValue } from '../../../src/formats/arrow-rows/values.ts';

const fixture = (name: string) => readFileSync(new URL(`../../../fixtures/data/arrow/${name}`, import.meta.url));
const FILE = fixture('reviews.arrow');
const STREAM = fixture('reviews-stream.arrow');
const LZ4 = fixture('reviews.feather');
const TYPES = fixture('types.feather');
const BOUNDS = { batchBytes: 16 * 1024 * 1024, signal: undefined };

type Row = Readonly<Record<string, ArrowValue>>;

async function read(bytes: Uint8Array, bounds = BOUNDS): Promise<readonly Row[]> {
  const { columns, batches } = await openArrowRows(new MemorySource(bytes, 'x'), bounds);
  const rows: Row[] = [];
  for await (const batch of batches())
    for (let row = 0; row < batch.rows; row++)
      rows.push(Object.fromEntries(columns.map(({ name }, column) => [name, batch.value(column, row)])));
  return rows;
}

/** Where bytes are that are found once. */
function placeOf(bytes: Buffer, wanted: Buffer): number {
  const at = bytes.indexOf(wanted);
  expect(at).toBeGreaterThan(-1);
  return at;
}

function changed(bytes: Buffer, at: number, change: (copy: Buffer, at: number) => void): Buffer {
  const copy = Buffer.from(bytes);
  change(copy, at);
  return copy;
}

/** Where the footer of a file begins, and the blocks of its batches of rows. */
function footerOf(file: Buffer) {
  const start = file.length - 10 - file.readInt32LE(file.length - 10);
  const root = start + file.readUInt32LE(start);
  const vtable = root - file.readInt32LE(root);
  const field = root + file.readUInt16LE(vtable + 4 + 2 * 3);
  const vector = field + file.readUInt32LE(field);
  return { start, count: vector, blocks: vector + 4 };
}

describe('the rows of Arrow', () => {
  it('are the same of a file, compressed or not, and of a stream with a dictionary that grows', async () => {
    const rows = await read(FILE);
    expect(rows).toHaveLength(200);
    expect(rows[0]).toMatchObject({ id: 'review-0000', user: expect.stringMatching(/^user-/) });
    expect(await read(LZ4)).toEqual(rows);
    expect(await read(STREAM)).toEqual(rows);
  });

  it('have every value as it was written', async () => {
    const [first, second, third] = await read(TYPES);
    expect(first).toMatchObject({ i8: -128, i64: -(2n ** 63n), u64: 0n, f64: 0.1, yes: true, word: 'x', day: -1 });
    expect(second).toMatchObject({ u8: 255, u32: 2 ** 32 - 1, u64: 2n ** 64n - 1n, f32: Number.NaN, s: -1n, long: '' });
    expect(Buffer.from(first?.bytes as Uint8Array).toString('latin1')).toBe('\0\xff\\x41');
    expect(Object.entries(third ?? {}).flatMap(([name, value]) => (value === null ? [] : [name]))).toEqual(['word']);
  });

  it('are refused where the footer leaves out a batch, repeats one, or has another length', async () => {
    const { count, blocks } = footerOf(FILE);
    const batches = FILE.readUInt32LE(count);
    expect(batches).toBe(4);
    const lying = [
      changed(FILE, count, (copy, at) => copy.writeUInt32LE(batches - 1, at)),
      changed(FILE, blocks, (copy, at) => copy.copy(copy, at + 24, at, at + 24)),
      changed(FILE, blocks, (copy, at) => copy.writeBigUInt64LE(8n, at + 16)),
    ];
    for (const bytes of lying)
      await expect(read(bytes)).rejects.toMatchObject({
        code: 'malformed',
        message: 'has a footer that lists other batches than the file holds',
      });
  });

  it('are refused where the footer names other columns', async () => {
    const { start } = footerOf(FILE);
    const at = start + placeOf(FILE.subarray(start), Buffer.from('stars'));
    const bytes = changed(FILE, at, (copy) => copy.write('Stars', at));
    await expect(read(bytes)).rejects.toMatchObject({ message: expect.stringContaining('other columns') });
  });

  it('are refused where a value names an entry that the dictionary does not have', async () => {
    const two = await read(STREAM).then((rows) => new Set(rows.map(({ label }) => label)).size);
    expect(two).toBe(2);
    // The indices of a batch are 32-bit numbers of 0 and 1: one of them becomes 2.
    const ones = Buffer.alloc(8);
    ones.writeInt32LE(1, 4);
    const at = STREAM.lastIndexOf(ones);
    const bytes = changed(STREAM, at, (copy) => copy.writeInt32LE(2, at + 4));
    await expect(read(bytes)).rejects.toMatchObject({
      code: 'malformed',
      message: expect.stringMatching(/names the entry \d+ of a dictionary of 2$/),
    });
  });

  it('are refused where a compressed buffer announces more, or less, than it holds, and more than may be held', async () => {
    // Before each LZ4 frame is the length that it will have.
    const at = placeOf(LZ4, Buffer.from('04224d18', 'hex')) - 8;
    const length = LZ4.readBigInt64LE(at);
    for (const other of [length - 1n, length + 1n])
      await expect(read(changed(LZ4, at, (copy) => copy.writeBigInt64LE(other, at)))).rejects.toMatchObject({
        code: 'malformed',
        message: expect.stringContaining('decompresses to other than'),
      });
    const bomb = changed(LZ4, at, (copy) => copy.writeBigInt64LE(1n << 40n, at));
    await expect(read(bomb)).rejects.toMatchObject({ code: 'limit' });
    await expect(read(LZ4, { ...BOUNDS, batchBytes: 1_000 })).rejects.toMatchObject({ code: 'limit' });
  });

  it('are refused where they end early, or are followed by bytes of nobody', async () => {
    await expect(read(FILE.subarray(0, -1))).rejects.toMatchObject({ code: 'truncated' });
    await expect(read(STREAM.subarray(0, 3_000))).rejects.toMatchObject({ code: 'truncated' });
    await expect(read(Buffer.concat([STREAM, Buffer.from('more rows')]))).rejects.toMatchObject({ code: 'malformed' });
    await expect(read(Buffer.from('FEA1 and so on'))).rejects.toMatchObject({ code: 'unsupported' });
    await expect(read(Buffer.alloc(100))).rejects.toMatchObject({ code: 'malformed' });
  });

  it('throw nothing but content errors, whatever the bytes are', async () => {
    const seeds = [FILE, STREAM, LZ4, TYPES].map((bytes) => bytes.subarray(0));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...seeds),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 8 }),
        async (seed, edits) => {
          const copy = Buffer.from(seed);
          for (const [at, byte] of edits) copy[at % copy.length] = byte;
          try {
            await read(copy);
          } catch (error) {
            if (!isContentError(error)) throw error;
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});
