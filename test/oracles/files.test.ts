import { expect, it } from 'vitest';
import { MemorySource } from '../../src/core/bytes/byte-source.ts';
import { DEFAULT_LIMITS } from '../../src/core/limits.ts';
import { type FileScanResult, scanSource } from '../../src/pipeline/file-scan.ts';
import { createGlobalPolicy } from '../../src/scan/lists/globals.ts';
import { requirePart } from '../support/parts.ts';
import { Random } from '../support/pickle-programs.ts';
import { SEED } from '../support/seed.ts';
import { type WrappedProgram, wrappedProgram } from '../support/wrapped-programs.ts';
import { canJail, findInterpreter, findTorch, type Interpreter, runOracle } from './jail.ts';

const FILES = Math.ceil(Number(process.env.ASSAY_SOUNDNESS_PROGRAMS ?? 20_000) / 50);
const BATCH = 400;
const MODULE = /^[\p{L}_][\p{L}\p{N}_]*(\.[\p{L}_][\p{L}\p{N}_]*)*\n/u;

async function scan({ name, bytes }: WrappedProgram): Promise<FileScanResult> {
  return scanSource(new MemorySource(bytes, name), {
    path: name,
    limits: DEFAULT_LIMITS,
    signal: new AbortController().signal,
    globals: createGlobalPolicy(),
    distance: 'near',
    onNames: () => undefined,
  });
}

interface Sum {
  imports: number;
  passed: number;
}

/** Every name that a loader gets is in the report, or the file is neither clean nor not-assessed. */
async function checkFiles(interpreter: Interpreter, loaders: readonly string[], synthetic: boolean): Promise<Sum> {
  const sum = { imports: 0, passed: 0 };
  for (let from = 0; from < FILES; from += BATCH) {
    const seeds = Array.from({ length: Math.min(BATCH, FILES - from) }, (_, i) => SEED + from + i);
    const files = seeds.map((seed) => wrappedProgram(seed, new Random(seed)));
    const { records } = runOracle(interpreter, files, { loaders, synthetic });
    for (const [index, file] of files.entries()) {
      const { verdict, imports } = await scan(file);
      const passes = verdict === 'clean' || verdict === 'not-assessed';
      if (passes) sum.passed++;
      for (const [loader, { events }] of Object.entries(records[index] ?? {})) {
        for (const [kind, name] of events) {
          if (kind !== 'resolve') continue;
          // A module with another name exists only if the artifact contains it: otherwise the reading ends here.
          if (!MODULE.test(name)) break;
          sum.imports++;
          if (passes && !imports.includes(name.replace('\n', '.')))
            throw new Error(
              `seed ${seeds[index]}, ${file.name}: ${loader} resolves ${name.replace('\n', '.')}; ${verdict}, which does not say so\n${Buffer.from(file.bytes).toString('hex')}`,
            );
        }
      }
    }
  }
  return sum;
}

const python = findInterpreter('joblib', 'numpy', 'pandas', 'dill');
const torch = findTorch();

requirePart('jail', canJail(), 'apt-get install bubblewrap', 'soundness over files', () => {
  requirePart(
    'loaders joblib, numpy, pandas, dill',
    python !== undefined,
    'pip install -r fixtures/python/requirements-ci.txt',
    'in Python',
    () => {
      it.each([
        ['synthetic modules', true],
        ["Python's own modules", false],
      ])(`holds for ${FILES} files, with %s (seed ${SEED})`, { timeout: 3_600_000 }, async (_, synthetic) => {
        const loaders = ['pickle', 'pickle.py', 'joblib', 'numpy', 'pandas', 'dill'];
        const { imports, passed } = await checkFiles(python ?? { program: '' }, loaders, synthetic);
        expect(imports).toBeGreaterThan(FILES / 4);
        expect(passed).toBeGreaterThan(0);
      });
    },
  );

  requirePart('PyTorch', torch !== undefined, 'apt-get install python3-torch', 'in PyTorch', () => {
    it(`holds for ${FILES} files (seed ${SEED})`, { timeout: 3_600_000 }, async () => {
      const { imports } = await checkFiles(torch ?? { program: '' }, ['torch', 'torch-weights-only'], true);
      expect(imports).toBeGreaterThan(FILES / 10);
    });
  });
});
