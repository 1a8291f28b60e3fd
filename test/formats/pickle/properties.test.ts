import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemorySource } from '../../../src/core/byte-source.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { VERDICTS } from '../../../src/core/verdict.ts';
import { type FileScanResult, scanSource } from '../../../src/pipeline/file-scan.ts';
import { createGlobalPolicy } from '../../../src/scan/pickle/globals.ts';
import { mutate, Random, randomProgram } from '../../support/pickle-programs.ts';

const RUNS = Number(process.env.ASSAY_FUZZ_RUNS ?? 500);
const FIXTURES = new URL('../../../fixtures/', import.meta.url).pathname;
const MAX_SEED_BYTES = 64 * 1024;
/** For each MB, and for what one scan costs whatever it reads: 7-Zip is started for some, and the machine is shared. */
const MS_PER_MB = 50;
const MS_EACH = 400;

function seedsOf(folder: string, wanted: RegExp): Buffer[] {
  return readdirSync(join(FIXTURES, folder), { recursive: true, encoding: 'utf8' })
    .sort()
    .map((path) => join(FIXTURES, folder, path))
    .filter((path) => wanted.test(path) && statSync(path).isFile() && statSync(path).size <= MAX_SEED_BYTES)
    .map((path) => readFileSync(path));
}

const probes = seedsOf('pickle-probes', /\.pkl$/);
const benign = seedsOf('benign', /\.(pkl|joblib|pt|bin|pth|npy|npz)$/);

function scan(bytes: Uint8Array): Promise<FileScanResult> {
  return scanSource(new MemorySource(bytes, 'model.pkl'), {
    path: 'model.pkl',
    limits: DEFAULT_LIMITS,
    signal: new AbortController().signal,
    globals: createGlobalPolicy(),
    distance: 'near',
    onNames: () => undefined,
  });
}

/** The verdict, which has to account for every byte: clean only when all of them were looked at. */
async function checked(bytes: Uint8Array): Promise<FileScanResult> {
  const result = await scan(bytes);
  expect(VERDICTS).toContain(result.verdict);
  if (result.verdict === 'clean') {
    expect(result.coverage.gaps(bytes.length)).toEqual([]);
    expect(result.reasons).toEqual([]);
  }
  if (result.verdict === 'unknown') expect(result.reasons.length + result.findings.length).toBeGreaterThan(0);
  for (const { end } of result.coverage.ranges()) expect(end).toBeLessThanOrEqual(bytes.length);
  for (const { offset, member } of result.findings)
    if (offset !== undefined && member === undefined) expect(offset).toBeLessThanOrEqual(bytes.length);
  return result;
}

/** CPU time, which a busy machine does not stretch; the fastest of a few, since a collection may fall into one. */
async function cpuMs(bytes: Uint8Array, tries = 3): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < tries; i++) {
    const before = process.cpuUsage();
    await scan(bytes);
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1000);
    if (best <= (bytes.length / 1e6) * MS_PER_MB) return best;
  }
  return best;
}

describe('any bytes', () => {
  it('get a verdict: random', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => void (await checked(bytes))),
      { numRuns: RUNS },
    );
  });

  it('get a verdict: random behind the mark of a pickle', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 6 }), fc.uint8Array({ maxLength: 400 }), async (protocol, bytes) => {
        await checked(Buffer.concat([Buffer.from([0x80, protocol]), bytes]));
      }),
      { numRuns: RUNS },
    );
  });

  it('get a verdict: programs of instructions', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => void (await checked(randomProgram(seed)))),
      { numRuns: RUNS },
    );
  });

  it.each([
    ['probes', probes],
    ['what libraries write', benign],
  ])('get a verdict: mutated %s', async (_, seeds) => {
    expect(seeds.length).toBeGreaterThan(40);
    await fc.assert(
      fc.asyncProperty(fc.nat(seeds.length - 1), fc.integer(), async (index, seed) => {
        const random = new Random(seed);
        await checked(mutate(mutate(seeds[index] ?? new Uint8Array(0), random), random));
      }),
      { numRuns: RUNS },
    );
  });

  it('get the same verdict each time', async () => {
    for (const seed of probes.slice(0, 20)) {
      const [first, second] = [await scan(seed), await scan(seed)];
      expect(second.findings).toEqual(first.findings);
      expect(second.verdict).toBe(first.verdict);
    }
  });
});

const latin1 = (text: string) => Buffer.from(text, 'latin1');
const wrap = (body: Buffer) => Buffer.concat([latin1('\x80\x04'), body, latin1('N.')]);
const MB = 1_000_000;
const LONG: readonly (readonly [string, Buffer])[] = [
  ['integers', wrap(Buffer.from('K\x010'.repeat(MB)))],
  ['marks', wrap(Buffer.alloc(2 * MB, '('))],
  ['empty tuples', wrap(Buffer.alloc(2 * MB, ')'))],
  ['nested tuples', wrap(Buffer.concat([latin1(')'), Buffer.alloc(2 * MB, 0x85)]))],
  ['memo entries', wrap(Buffer.concat([latin1('N'), Buffer.alloc(2 * MB, 0x94)]))],
  ['short strings', wrap(latin1('\x8c\x05hello0'.repeat(250_000)))],
  ['lines', wrap(Buffer.from('Vhello\n0'.repeat(250_000)))],
  ['one long line', wrap(Buffer.concat([Buffer.alloc(2 * MB, 'V'), latin1('\n')]))],
  [
    'long lines',
    wrap(Buffer.concat(Array.from({ length: 20 }, () => Buffer.concat([Buffer.alloc(100_000, 'V'), latin1('\n0')])))),
  ],
  ['listed globals', wrap(latin1('ccollections\nOrderedDict\n0'.repeat(80_000)))],
  ['listed calls', wrap(latin1('ccollections\nOrderedDict\n)R0'.repeat(70_000)))],
  ['dictionaries', wrap(latin1('}K\x01K\x02s0'.repeat(250_000)))],
  ['frames', wrap(latin1('\x95\x01\x00\x00\x00\x00\x00\x00\x00N0'.repeat(150_000)))],
  ['byte strings that begin as pickles', wrap(latin1('C\x04\x80\x04N.0'.repeat(250_000)))],
];

describe('time', () => {
  it.each(LONG)('is in proportion to the length: %s', async (_, bytes) => {
    const took = await cpuMs(bytes);
    expect(took).toBeLessThan((bytes.length / MB) * MS_PER_MB + MS_EACH);
  });

  it.each([
    ['unlisted globals', wrap(latin1(Array.from({ length: 60_000 }, (_, i) => `cm${i}\nname\n0`).join('')))],
    ['duplicates', wrap(Buffer.concat([latin1('N'), Buffer.alloc(2 * MB, '2')]))],
  ])('is bounded where each instruction is a finding: %s', async (_, bytes) => {
    expect(await cpuMs(bytes)).toBeLessThan((bytes.length / MB) * 1_000 + MS_EACH);
  });

  it.each([
    ['streams', latin1('\x80\x02N.'.repeat(250_000))],
    ['marks of pickles behind the end', Buffer.concat([latin1('\x80\x02N.!'), latin1('\x80\x04'.repeat(MB))])],
  ])('is bounded for many pickles in a row: %s', async (_, bytes) => {
    // Twice what it takes where the collector works beside it; every pickle held against every other would take minutes.
    expect(await cpuMs(bytes)).toBeLessThan((bytes.length / MB) * 5_000 + MS_EACH);
  });

  it('leaves timers a turn', async () => {
    let fired = 0;
    const timer = setInterval(() => fired++, 1);
    await scan(latin1('\x80\x02N.'.repeat(100_000)));
    clearInterval(timer);
    expect(fired).toBeGreaterThan(1);
  });

  it.each(['dos-binbytes8', 'dos-dup-laughs', 'dos-many-streams', 'dos-memo-index'])('and memory: %s', async (name) => {
    for (const file of readdirSync(join(FIXTURES, 'pickle-probes', name))) {
      const bytes = readFileSync(join(FIXTURES, 'pickle-probes', name, file));
      const before = process.memoryUsage();
      const took = await cpuMs(bytes);
      const after = process.memoryUsage();
      expect(took).toBeLessThan(2_000);
      expect(after.rss - before.rss).toBeLessThan(256 * 1024 * 1024);
    }
  });
});
