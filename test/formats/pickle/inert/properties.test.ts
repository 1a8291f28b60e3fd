import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tensorFormatOf } from '../../../../src/convert/sources.ts';
import { AsyncDisposableStack } from '../../../../src/core/async-disposable-stack.ts';
import { FileBudget } from '../../../../src/core/budget.ts';
import { MemorySource } from '../../../../src/core/bytes/byte-source.ts';
import { isContentError } from '../../../../src/core/errors.ts';
import { DEFAULT_LIMITS } from '../../../../src/core/limits.ts';
import { readInert } from '../../../../src/formats/pickle/inert/read.ts';
import { mutate, Random, randomProgram } from '../../../support/pickle-programs.ts';

const RUNS = Number(process.env.ASSAY_FUZZ_RUNS ?? 500);
const FOLDERS = ['numpy', 'torch', 'paddle', 'flax'].map((name) => join('fixtures/convert', name));
const seeds = FOLDERS.flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => !name.endsWith('.safetensors') && statSync(join(folder, name)).size < 16_384)
    .map((name) => ({ path: name, bytes: readFileSync(join(folder, name)) })),
);

/** Runs a reader: it ends with a value or an error of its own, within its budget. */
async function endsWell(size: number, read: (budget: FileBudget) => Promise<unknown>): Promise<void> {
  const budget = new FileBudget(DEFAULT_LIMITS, size);
  try {
    await read(budget);
  } catch (error) {
    if (!isContentError(error)) throw error;
  }
  expect(budget.held).toBeLessThanOrEqual(DEFAULT_LIMITS.maxFileMemory);
}

describe('readInert', () => {
  it('ends with a value or an AssayError for random programs, and for mutated ones', async () => {
    const random = new Random(0x1e27);
    for (let run = 0; run < RUNS; run++) {
      const program = randomProgram(run);
      const bytes = random.chance(0.5) ? mutate(program, random) : program;
      await endsWell(bytes.length, (budget) =>
        readInert(new MemorySource(bytes, 'a.pkl'), 0, {
          limits: DEFAULT_LIMITS,
          signal: undefined,
          budget,
          joblib: random.chance(0.5),
        }),
      );
    }
  });
});

describe('readers of tensors', () => {
  it('end with tensors or an AssayError for mutated files of the real libraries', async () => {
    const random = new Random(0x7e50);
    for (let run = 0; run < RUNS; run++) {
      const seed = seeds[random.below(seeds.length)];
      if (seed === undefined) continue;
      // Two of three mutations change nothing.
      const bytes = mutate(mutate(mutate(seed.bytes, random), random), random);
      const file = { path: seed.path, source: new MemorySource(bytes, seed.path) };
      const salvage = random.chance(0.5);
      const resources = new AsyncDisposableStack();
      await endsWell(bytes.length, async (budget) => {
        const format = await tensorFormatOf(file);
        return await format?.read(file, { limits: DEFAULT_LIMITS, signal: undefined, budget, salvage, resources });
      });
      await resources.disposeAsync();
    }
  });
});
