import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { chunks, SliceSource } from '../../../src/core/bytes/byte-source.ts';
import { BLOCK_SIZE, type BlockSink, FileSource } from '../../../src/core/bytes/file-source.ts';
import { untilTimesMove } from '../../support/file-times.ts';
import { noise, tempFolder } from '../../support/temp.ts';

const disk = vi.hoisted(() => ({ fails: false }));

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  const broken = () => Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' });
  const readSync = (...args: unknown[]) => {
    if (disk.fails) throw broken();
    return Reflect.apply(fs.readSync, fs, args);
  };
  const read = (...args: unknown[]) => {
    const last = args.at(-1);
    if (disk.fails && typeof last === 'function') return last(broken());
    return Reflect.apply(fs.read, fs, args);
  };
  // `promisify` finds the names of the results by a symbol of the function.
  Object.defineProperties(read, Object.getOwnPropertyDescriptors(fs.read));
  return { ...fs, read, readSync };
});

const folder = tempFolder();
const SIZE = 3 * BLOCK_SIZE + 12_345;
const BYTES = noise(SIZE);
const LARGE = join(folder, 'large');
writeFileSync(LARGE, BYTES);
let files = 0;

function fileOf(bytes: Uint8Array): string {
  const path = join(folder, `file-${files++}`);
  writeFileSync(path, bytes);
  return path;
}

async function withSource<T>(path: string, work: (source: FileSource) => Promise<T>): Promise<T> {
  const source = FileSource.open(path);
  try {
    return await work(source);
  } finally {
    await source.close();
  }
}

/** Copies each block that it receives, and releases it a little later. */
class Recorder implements BlockSink {
  readonly parts: Buffer[] = [];
  #last: Promise<void> = Promise.resolve();

  write(bytes: Uint8Array, done: () => void): Promise<void> | undefined {
    const index = this.parts.push(Buffer.alloc(0)) - 1;
    // The bytes must stay valid until `done`, so they are copied only then.
    this.#last = this.#last
      .then(() => yieldToEventLoop())
      .then(() => {
        this.parts[index] = Buffer.from(bytes);
        done();
      });
    return index % 3 === 2 ? this.#last : undefined;
  }

  async bytes(): Promise<Buffer> {
    await this.#last;
    return Buffer.concat(this.parts);
  }
}

describe('a file source', () => {
  it('returns the bytes of any range, within a block and across blocks', async () => {
    const range = fc.tuple(fc.nat(SIZE), fc.oneof(fc.nat(200), fc.nat(SIZE)));
    await fc.assert(
      fc.asyncProperty(fc.array(range, { minLength: 1, maxLength: 8 }), (ranges) =>
        withSource(LARGE, async (source) => {
          for (const [offset, length] of ranges) {
            const end = Math.min(SIZE, offset + length);
            const bytes = await source.read(offset, end - offset);
            expect(BYTES.subarray(offset, end).equals(bytes)).toBe(true);
          }
        }),
      ),
      { numRuns: 60 },
    );
  });

  it('returns bytes synchronously from a file of one block and from a cached block', () =>
    withSource(LARGE, async (large) => {
      expect(large.readNow(10, 10)).toBeUndefined();
      await large.read(0, 1);
      expect(large.readNow(10, 10)).toEqual(new Uint8Array(BYTES.subarray(10, 20)));
      expect(large.readNow(BLOCK_SIZE - 5, 10)).toBeUndefined();
      await withSource(fileOf(BYTES.subarray(0, BLOCK_SIZE)), async (small) => {
        expect(small.readNow(BLOCK_SIZE - 5, 5)).toEqual(new Uint8Array(BYTES.subarray(BLOCK_SIZE - 5, BLOCK_SIZE)));
        expect(small.bytesRead).toBe(BLOCK_SIZE);
      });
    }));

  it.each([0, 1, BLOCK_SIZE - 1, BLOCK_SIZE, BLOCK_SIZE + 1, SIZE])('streams %d bytes, each read once', (size) =>
    withSource(fileOf(BYTES.subarray(0, size)), async (source) => {
      const seen: Buffer[] = [];
      for await (const chunk of chunks(source, 0, size, 300_000)) seen.push(Buffer.from(chunk));
      expect(Buffer.concat(seen).equals(BYTES.subarray(0, size))).toBe(true);
      expect(source.bytesRead).toBe(size);
    }),
  );

  it('streams a slice of the file', () =>
    withSource(LARGE, async (source) => {
      const slice = new SliceSource(source, 1_000, SIZE - 2_000, 'window');
      const seen: Buffer[] = [];
      for await (const chunk of chunks(slice)) seen.push(Buffer.from(chunk));
      expect(Buffer.concat(seen).equals(BYTES.subarray(1_000, SIZE - 1_000))).toBe(true);
    }));

  it('reads a block once for concurrent readers', () =>
    withSource(LARGE, async (source) => {
      const reads = await Promise.all(Array.from({ length: 20 }, (_, i) => source.read(BLOCK_SIZE + i, 10)));
      for (const [i, bytes] of reads.entries())
        expect(bytes).toEqual(new Uint8Array(BYTES.subarray(BLOCK_SIZE + i, BLOCK_SIZE + i + 10)));
      expect(source.bytesRead).toBe(BLOCK_SIZE);
    }));

  it('refuses ranges outside the file', () =>
    withSource(LARGE, async (source) => {
      await expect(source.read(SIZE - 1, 2)).rejects.toMatchObject({ code: 'truncated', offset: SIZE - 1 });
      await expect(source.readOnce(SIZE, 1)).rejects.toMatchObject({ code: 'truncated' });
      for (const [offset, length] of [
        [-1, 1],
        [0, -1],
        [0.5, 1],
        [Number.NaN, 1],
        [0, 2 ** 60],
      ] as const)
        await expect(source.read(offset, length)).rejects.toMatchObject({
          code: expect.stringMatching(/malformed|truncated/),
        });
    }));

  it('refuses reads after it is closed', async () => {
    for (const path of [LARGE, fileOf(BYTES.subarray(0, 10))]) {
      const source = FileSource.open(path);
      await source.read(0, 1);
      await source.close();
      await source.close();
      await expect(source.read(0, 1)).rejects.toMatchObject({ code: 'internal' });
    }
  });

  it('reports a disk error', async () => {
    disk.fails = true;
    try {
      for (const path of [LARGE, fileOf(BYTES.subarray(0, 10))]) {
        await withSource(path, async (source) => {
          await expect(source.read(0, 1)).rejects.toMatchObject({
            code: 'unreadable',
            message: expect.stringContaining('EIO'),
          });
          await expect(source.readOnce(0, 1)).rejects.toMatchObject({ code: 'unreadable' });
        });
      }
    } finally {
      disk.fails = false;
    }
  });
});

type Step = { readonly once: boolean; readonly offset: number; readonly length: number };

const step: fc.Arbitrary<Step> = fc.record({
  once: fc.boolean(),
  offset: fc.nat(SIZE - 1),
  length: fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 2 * BLOCK_SIZE })),
});

async function take(source: FileSource, { once, offset, length }: Step): Promise<void> {
  const end = Math.min(SIZE, offset + length);
  const bytes = once ? await source.readOnce(offset, end - offset) : await source.read(offset, end - offset);
  expect(bytes.length).toBeGreaterThan(0);
  expect(BYTES.subarray(offset, offset + bytes.length).equals(bytes)).toBe(true);
}

describe('a sink', () => {
  it('receives every byte once and in order, whatever is read before', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), (steps) =>
        withSource(LARGE, async (source) => {
          const sink = new Recorder();
          source.attach(sink);
          for (const one of steps) await take(source, one);
          await source.drain();
          expect((await sink.bytes()).equals(BYTES)).toBe(true);
          // Each step can read the blocks that it touches, and the drain reads what the steps did not.
          const touched = steps.reduce((sum, { length }) => sum + Math.ceil(length / BLOCK_SIZE) + 1, 0);
          expect(source.bytesRead).toBeLessThanOrEqual(SIZE + touched * BLOCK_SIZE);
        }),
      ),
      { numRuns: 150 },
    );
  });

  it('receives a block that a readOnce pass did not complete', () =>
    withSource(LARGE, async (source) => {
      const sink = new Recorder();
      source.attach(sink);
      await source.readOnce(BLOCK_SIZE, 1);
      await source.read(0, 1);
      await source.drain();
      expect((await sink.bytes()).equals(BYTES)).toBe(true);
      expect(source.bytesRead).toBe(SIZE);
    }));

  it('needs no second read when the file is read in order', () =>
    withSource(LARGE, async (source) => {
      const sink = new Recorder();
      source.attach(sink);
      for (let at = 0; at < SIZE; at += 70_000) await source.read(at, Math.min(70_000, SIZE - at));
      await source.drain();
      expect((await sink.bytes()).equals(BYTES)).toBe(true);
      expect(source.bytesRead).toBe(SIZE);
    }));

  it('accepts a file of one block and an empty file', async () => {
    for (const size of [0, 5, BLOCK_SIZE]) {
      await withSource(fileOf(BYTES.subarray(0, size)), async (source) => {
        const sink = new Recorder();
        source.attach(sink);
        await source.drain();
        expect((await sink.bytes()).equals(BYTES.subarray(0, size))).toBe(true);
      });
    }
  });

  it('can lag behind a parse by more than the cache holds', async () => {
    const size = 40 * BLOCK_SIZE;
    const bytes = noise(size, 7);
    await withSource(fileOf(bytes), async (source) => {
      const sink = new Recorder();
      source.attach(sink);
      for (let at = 39; at > 0; at--) await source.read(at * BLOCK_SIZE, 1);
      await source.drain();
      expect((await sink.bytes()).equals(bytes)).toBe(true);
      expect(source.bytesRead).toBeLessThanOrEqual(2 * size);
    });
  });

  it('stops on an abort signal', () =>
    withSource(LARGE, async (source) => {
      source.attach(new Recorder());
      await expect(source.drain(AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
    }));

  it('is optional for a drain', () => withSource(LARGE, (source) => source.drain()));
});

describe('a file that changes while it is open', () => {
  const cases: readonly (readonly [string, (path: string) => void])[] = [
    ['is truncated', (path) => truncateSync(path, 10)],
    ['grows', (path) => appendFileSync(path, 'more')],
    ['is rewritten in place', (path) => writeFileSync(path, noise(statSync(path).size, 9))],
    ['is touched', (path) => utimesSync(path, 1, 1)],
    ['is removed', (path) => rmSync(path)],
    [
      'is replaced by a file with the same bytes',
      (path) => {
        writeFileSync(`${path}.new`, BYTES.subarray(0, statSync(path).size));
        renameSync(`${path}.new`, path);
      },
    ],
    [
      'is replaced by a broken link',
      (path) => {
        rmSync(path);
        symlinkSync(path, path);
      },
    ],
  ];

  it.each(cases)('is reported as changed when it %s', async (_, change) => {
    const path = fileOf(BYTES.subarray(0, 2 * BLOCK_SIZE));
    await withSource(path, async (source) => {
      await source.read(0, 10);
      expect(await source.unchanged()).toBe(true);
      await untilTimesMove(path);
      change(path);
      expect(await source.unchanged()).toBe(false);
    });
  });

  it.each([10, 2 * BLOCK_SIZE])('gives a read error when its %d bytes were truncated', async (size) => {
    const path = fileOf(BYTES.subarray(0, size));
    await withSource(path, async (source) => {
      truncateSync(path, 5);
      await expect(source.read(size - 5, 5)).rejects.toMatchObject({ code: 'changed', subject: path });
    });
  });
});

describe('a path that is not a regular file', () => {
  it('is refused without blocking', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const inner = join(folder, 'inner');
    mkdirSync(inner);
    for (const path of [pipe, inner, '/dev/null'])
      expect(() => FileSource.open(path)).toThrow(expect.objectContaining({ code: 'unreadable', subject: path }));
  });

  it('is refused when it is a socket', async () => {
    const path = join(folder, 'socket');
    const server = createServer().listen(path);
    await new Promise((resolve) => server.once('listening', resolve));
    try {
      expect(() => FileSource.open(path)).toThrow(expect.objectContaining({ code: 'unreadable' }));
    } finally {
      server.close();
    }
  });

  it('is reported as not found when it does not exist', () => {
    for (const path of [join(folder, 'missing'), join(LARGE, 'below-a-file')])
      expect(() => FileSource.open(path)).toThrow(expect.objectContaining({ code: 'not-found', subject: path }));
  });
});
