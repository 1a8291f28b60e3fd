import { deflateRawSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isContentError } from '../../src/core/errors.ts';
import { DEFAULT_LIMITS } from '../../src/core/limits.ts';
import { type Codec, type DecodeEnd, decode } from '../../src/formats/compressed/decode.ts';
import { expandStream } from '../../src/formats/compressed/expand.ts';
import { identifyFormat, probeOf } from '../../src/formats/identify.ts';
import { fixture, memory } from '../support/containers.ts';

const TEXT = Buffer.from('Some text that repeats itself. '.repeat(4000));
const OPTIONS = { limits: DEFAULT_LIMITS, signal: undefined };

async function run(output: AsyncGenerator<Uint8Array, DecodeEnd>) {
  const chunks: Uint8Array[] = [];
  for (let step = await output.next(); ; step = await output.next()) {
    if (step.done === true) return { bytes: Buffer.concat(chunks), end: step.value };
    chunks.push(step.value);
  }
}

describe('a codec', () => {
  const cases: readonly (readonly [string, Codec, number])[] = [
    ['members.gz', 'gzip', 2],
    ['text.zlib', 'zlib', 1],
    ['two.bz2', 'bzip2', 2],
    ['text.lzma', 'lzma', 1],
    ['text.xz', 'xz', 1],
    ['two.xz', 'xz', 2],
    ['text.zst', 'zstd', 1],
    ['text.lz4', 'lz4', 1],
    ['linked.lz4', 'lz4', 1],
  ];

  it.each(cases)('reads %s to its end, and is identified by content', async (name, codec, times) => {
    const source = fixture(`containers/${name}`);
    expect(identifyFormat(await probeOf(source))?.id).toBe(codec);
    const { bytes, end } = await run(decode(codec, source, OPTIONS));
    expect(bytes.equals(Buffer.concat(Array(times).fill(TEXT)))).toBe(true);
    expect(end.consumed).toBe(source.size);
  });

  it.each(cases)('does not read trailing bytes after %s', async (name, codec) => {
    const { size } = fixture(`containers/${name}`);
    const whole = fixture(`containers/${name}`).readNow(0, size);
    const { bytes, end } = await run(
      decode(codec, memory(Buffer.concat([whole, Buffer.from('something else')])), OPTIONS),
    );
    expect(bytes.length).toBeGreaterThan(0);
    expect(end.consumed === undefined || end.consumed === size).toBe(true);
  });

  it.each(cases)('returns the available bytes of a truncated %s, then an error', async (name, codec) => {
    const source = fixture(`containers/${name}`);
    const half = memory(source.readNow(0, source.size - 9));
    const budget = { remaining: 1e9 };
    const result = await expandStream(decode(codec, half, OPTIONS), { name, inputSize: 1000, budget, ...OPTIONS });
    expect(result.stopped).toBeDefined();
    expect(['truncated', 'malformed']).toContain(result.stopped?.code);
  });

  it('returns the bytes before an error within a chunk', async () => {
    const good = deflateRawSync(TEXT.subarray(0, 20_000), { finishFlush: 2 });
    const broken = memory(Buffer.concat([good, Buffer.from([0xff, 0xff, 0xff])]));
    const result = await expandStream(decode('deflate', broken, OPTIONS), {
      name: 'x',
      inputSize: 1000,
      budget: { remaining: 1e9 },
      ...OPTIONS,
    });
    expect(result.stopped?.code).toBe('malformed');
    expect(result.source.size).toBeGreaterThan(19_000);
  });

  it('reads gzip with every header field', async () => {
    const plain = gzipSync(TEXT);
    const head = Buffer.from(plain.subarray(0, 10));
    head[3] = 2 | 4 | 8 | 16;
    const fields = Buffer.concat([
      Buffer.from([3, 0]),
      Buffer.from('xyz'),
      Buffer.from('name\0'),
      Buffer.from('comment\0'),
      Buffer.from([1, 2]),
    ]);
    const { bytes } = await run(decode('gzip', memory(Buffer.concat([head, fields, plain.subarray(10)])), OPTIONS));
    expect(bytes.equals(TEXT)).toBe(true);
  });

  it('stops a decompression bomb at the budget and at the ratio, and returns the bytes before', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    const limits = { ...DEFAULT_LIMITS, maxExpandedBytes: 16 * 1024 * 1024, maxExpansionRatio: 100 };
    const options = { name: 'bomb', inputSize: bomb.length, limits, signal: undefined };
    const ratio = await expandStream(decode('gzip', memory(bomb), OPTIONS), { ...options, budget: { remaining: 1e9 } });
    expect(ratio.stopped).toMatchObject({ code: 'limit', message: expect.stringContaining('maxExpansionRatio') });
    expect(ratio.source.size).toBeLessThan(16 * 1024 * 1024);
    const budget = await expandStream(decode('gzip', memory(bomb), OPTIONS), {
      ...options,
      inputSize: 1e9,
      budget: { remaining: 1_000_000 },
    });
    expect(budget.stopped).toMatchObject({ code: 'limit', message: expect.stringContaining('maxExpandedBytes') });
    expect(budget.source.size).toBeGreaterThan(900_000);
    await ratio.source.close();
  });

  it('kills the sandbox when the caller aborts', async () => {
    const aborter = new AbortController();
    aborter.abort();
    const decoding = decode('xz', fixture('containers/text.xz'), { limits: DEFAULT_LIMITS, signal: aborter.signal });
    await expect(run(decoding)).rejects.toMatchObject({ code: 'aborted' });
  });
});

describe('hostile bytes', () => {
  const seeds = (['members.gz', 'text.zlib', 'linked.lz4', 'text.lz4'] as const).map((name) => {
    const source = fixture(`containers/${name}`);
    return { name, bytes: source.readNow(0, source.size) };
  });
  const codecs: readonly Codec[] = ['gzip', 'zlib', 'deflate', 'lz4'];

  it('make an in-process codec throw only content errors', async () => {
    const edits = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...codecs),
        fc.constantFrom(...seeds),
        edits,
        fc.nat(),
        async (codec, seed, changes, cut) => {
          const bytes = Buffer.from(seed.bytes);
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          const source = memory(bytes.subarray(0, cut % 3 === 0 ? cut % bytes.length : bytes.length));
          await run(decode(codec, source, OPTIONS)).catch((error: unknown) =>
            expect(isContentError(error), String(error)).toBe(true),
          );
        },
      ),
      { numRuns: 1500 },
    );
  });

  it('make a sandboxed codec throw only content errors', async () => {
    for (const [name, codec] of [
      ['text.xz', 'xz'],
      ['text.lzma', 'lzma'],
      ['two.bz2', 'bzip2'],
      ['text.zst', 'zstd'],
    ] as const) {
      for (const at of [7, 20, 40]) {
        const source = fixture(`containers/${name}`);
        const bytes = Buffer.from(source.readNow(0, source.size));
        bytes[at] = (bytes[at] ?? 0) ^ 0x55;
        await run(decode(codec, memory(bytes), OPTIONS)).catch((error: unknown) =>
          expect(isContentError(error), String(error)).toBe(true),
        );
      }
    }
  });
});
