import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { VERDICTS } from '../../../src/core/assessment/verdict.ts';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { type FileScanResult, scanSource } from '../../../src/pipeline/file-scan.ts';
import { createGlobalPolicy } from '../../../src/scan/lists/globals.ts';
import { mutate, Random, randomProgram } from '../../support/pickle-programs.ts';
import { LONG } from './long.ts';

const RUNS = Number(process.env.ASSAY_FUZZ_RUNS ?? 500);
const FIXTURES = new URL('../../../fixtures/', import.meta.url).pathname;
const MAX_SEED_BYTES = 64 * 1024;

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

/** The verdict: clean only when all bytes were covered. */
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

describe('any bytes', () => {
  it('get a verdict when they are random', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => void (await checked(bytes))),
      { numRuns: RUNS },
    );
  });

  it('get a verdict when they are random after a pickle header', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 6 }), fc.uint8Array({ maxLength: 400 }), async (protocol, bytes) => {
        await checked(Buffer.concat([Buffer.from([0x80, protocol]), bytes]));
      }),
      { numRuns: RUNS },
    );
  });

  it('get a verdict when they are random opcodes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => void (await checked(randomProgram(seed)))),
      { numRuns: RUNS },
    );
  });

  it.each([
    ['probes', probes],
    ['library files', benign],
  ])('get a verdict when they are mutated %s', async (_, seeds) => {
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

it('a long scan yields to timers and signals', async () => {
  let now = 0;
  // The clock makes every piece of work look long.
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 100));
  let turns = 0;
  let next = setImmediate(function turn() {
    turns++;
    next = setImmediate(turn);
  });
  try {
    await scan(latin1('\x80\x02N.'.repeat(10_000)));
  } finally {
    clearImmediate(next);
    clock.mockRestore();
  }
  expect(turns).toBeGreaterThan(10);
});

describe('memory is bounded', () => {
  it.each(['dos-binbytes8', 'dos-dup-laughs', 'dos-many-streams', 'dos-memo-index'])('for %s', async (name) => {
    for (const file of readdirSync(join(FIXTURES, 'pickle-probes', name))) {
      const bytes = readFileSync(join(FIXTURES, 'pickle-probes', name, file));
      const before = process.memoryUsage();
      await scan(bytes);
      const after = process.memoryUsage();
      expect(after.rss - before.rss).toBeLessThan(256 * 1024 * 1024);
    }
  });
});

it.each(LONG)('a long stream gets a verdict: %s', async (_, length, make) => {
  const bytes = make(length);
  const { verdict, coverage } = await checked(bytes);
  if (verdict !== 'unknown') expect(coverage.gaps(bytes.length)).toEqual([]);
});
