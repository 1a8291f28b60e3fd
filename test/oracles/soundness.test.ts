import { expect, it } from 'vitest';
import { MemorySource } from '../../src/core/bytes/byte-source.ts';
import { DEFAULT_LIMITS } from '../../src/core/limits.ts';
import { readStream } from '../../src/formats/pickle/read.ts';
import { SILENT } from '../../src/formats/pickle/silent.ts';
import { requirePart } from '../support/parts.ts';
import { Random, randomProgram } from '../support/pickle-programs.ts';
import { SEED } from '../support/seed.ts';
import { canJail, findInterpreter, runOracle } from './jail.ts';

const PROGRAMS = Math.ceil(Number(process.env.ASSAY_SOUNDNESS_PROGRAMS ?? 20_000) / 50);
const LOADERS = ['pickle', 'pickle.py', 'joblib', 'dill'];
/** Lines of text that begin a program: each is accepted by some loader. */
const HEADS = ['I010\n', 'F 1.0\n', 'Np0\ng0\n', 'S"\xe9"\n', 'Pid\n', 'V\\u0061\n', 'L5L\n', '(', 'N', ''] as const;

function program(seed: number): Uint8Array {
  const random = new Random(seed);
  return Buffer.concat([Buffer.from(random.pick(HEADS), 'latin1'), randomProgram(seed)]);
}

/** Every name that the machine says a loader may import; `undefined` when it says that a name is unknown. */
async function importsOf(bytes: Uint8Array): Promise<Set<string> | undefined> {
  const names = new Set<string>();
  let computed = false;
  const handler = {
    ...SILENT,
    onImport: (global: { module: string; name: string; computed: boolean }) => {
      names.add(`${global.module}\n${global.name}`);
      computed ||= global.computed;
      return 0;
    },
  };
  await readStream(new MemorySource(bytes, 'program'), 0, handler, { limits: DEFAULT_LIMITS, signal: undefined });
  return computed ? undefined : names;
}

const python = findInterpreter('joblib', 'dill');

requirePart(
  'jail and its loaders',
  canJail() && python !== undefined,
  'apt-get install bubblewrap; pip install -r fixtures/python/requirements-ci.txt',
  'soundness: the machine reports whatever a loader imports',
  () => {
    it(`holds for ${PROGRAMS} random programs under ${LOADERS.join(', ')} (seed ${SEED})`, {
      timeout: 3_600_000,
    }, async () => {
      const programs = Array.from({ length: PROGRAMS }, (_, i) => program(SEED + i));
      const inputs = programs.map((bytes) => ({ name: 'a.pkl', bytes }));
      const { records } = runOracle(python ?? { program: '' }, inputs, { loaders: LOADERS, synthetic: true });
      let imports = 0;
      for (const [index, bytes] of programs.entries()) {
        const ours = await importsOf(bytes);
        if (ours === undefined) continue;
        for (const [loader, { events }] of Object.entries(records[index] ?? {})) {
          for (const [kind, name] of events) {
            if (kind !== 'ask') continue;
            imports++;
            if (!ours.has(name))
              throw new Error(
                `seed ${SEED + index}: ${loader} asks for ${name.replace('\n', '.')}, the machine does not say so`,
              );
          }
        }
      }
      expect(imports).toBeGreaterThan(PROGRAMS);
    });
  },
);
