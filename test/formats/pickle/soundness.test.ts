import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { readStream } from '../../../src/formats/pickle/read.ts';
import { SILENT } from '../../../src/formats/pickle/silent.ts';
import type { PickleHandler } from '../../../src/formats/pickle/state.ts';
import { findPython, requirePart } from '../../support/parts.ts';
import { mutate, Random, randomProgram } from '../../support/pickle-programs.ts';
import { runProgram } from '../../support/run-program.ts';
import { SEED } from '../../support/seed.ts';

const PROGRAMS = Number(process.env.ASSAY_SOUNDNESS_PROGRAMS ?? 20_000);
const BATCH = 5_000;
const PROBES = new URL('../../../fixtures/pickle-probes', import.meta.url).pathname;

/** Every name that the machine says a loader may import. */
async function importsOf(program: Uint8Array): Promise<Set<string>> {
  const names = new Set<string>();
  const handler: PickleHandler = {
    ...SILENT,
    onImport: (global) => {
      names.add(`${global.module}\n${global.name}`);
      return 0;
    },
  };
  await readStream(new MemorySource(program, 'program'), 0, handler, { limits: DEFAULT_LIMITS, signal: undefined });
  return names;
}

/** Every name that CPython's C and Python unpicklers imported, program by program. */
async function askedByCPython(python: string, programs: readonly Uint8Array[]): Promise<[string, string][][]> {
  const script = new URL('../../support/python/unpickle.py', import.meta.url).pathname;
  const framed = programs.map((program) => {
    const head = Buffer.alloc(4);
    head.writeUInt32LE(program.length);
    return Buffer.concat([head, program]);
  });
  const run = await runProgram(python, [script], { input: Buffer.concat(framed) });
  if (run.status !== 0) throw new Error(`${python} ended with ${run.status}: ${run.stderr}`);
  return run.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as [string, string][]);
}

async function expectSound(
  python: string,
  programs: readonly Uint8Array[],
  label: (index: number) => string,
): Promise<number> {
  const asked = await askedByCPython(python, programs);
  expect(asked).toHaveLength(programs.length);
  let imports = 0;
  for (const [index, program] of programs.entries()) {
    const ours = await importsOf(program);
    for (const [module, name] of asked[index] ?? []) {
      imports++;
      if (!ours.has(`${module}\n${name}`)) {
        throw new Error(
          `${label(index)}: CPython imports ${module}.${name}, the machine does not say so\n${Buffer.from(program).toString('hex')}`,
        );
      }
    }
  }
  return imports;
}

const python = findPython();

requirePart(
  'Python 3',
  python !== undefined,
  'apt-get install python3',
  'soundness: the machine reports whatever CPython imports',
  () => {
    it(`holds for ${PROGRAMS} random programs (seed ${SEED})`, { timeout: 36_000_000 }, async () => {
      console.log(`soundness: seed ${SEED}, ${PROGRAMS} programs (ASSAY_SEED repeats them)`);
      let imports = 0;
      for (let first = 0; first < PROGRAMS; first += BATCH) {
        const count = Math.min(BATCH, PROGRAMS - first);
        const programs = Array.from({ length: count }, (_, i) => randomProgram(SEED + first + i));
        imports += await expectSound(python ?? '', programs, (index) => `seed ${SEED + first + index}`);
      }
      // The test is meaningful only if the programs import something.
      expect(imports).toBeGreaterThan(PROGRAMS);
    });

    it('holds for mutated real pickles', { timeout: 36_000_000 }, async () => {
      const files = readdirSync(PROBES, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.pkl') && statSync(join(PROBES, name)).size < 20_000)
        .map((name) => readFileSync(join(PROBES, name)));
      const random = new Random(SEED);
      const programs = files.flatMap((file) => [
        file,
        ...Array.from({ length: 20 }, () => mutate(mutate(file, random), random)),
      ]);
      expect(await expectSound(python ?? '', programs, (index) => `seed ${SEED}, program ${index}`)).toBeGreaterThan(
        programs.length / 2,
      );
    });
  },
);
