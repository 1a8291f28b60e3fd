import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { requirePart } from '../support/parts.ts';
import { canJail, findInterpreter, findTorch, type Interpreter, type OracleInput, runOracle } from './jail.ts';
import { type ReadingTruth, truthOf } from './truth.ts';

const FOLDER = new URL('../../fixtures/loader-probes', import.meta.url).pathname;
const TRUTH = join(FOLDER, 'truth.json');
const TORCH_LOADERS = ['torch', 'torch-weights-only', 'torchscript'];
const OTHER_LOADERS = ['pickle', 'pickle.py', 'joblib', 'numpy', 'pandas', 'dill'];

interface Probe {
  readonly id: string;
  readonly file: string;
  readonly beside: readonly string[];
}

interface Truth {
  readonly id: string;
  readonly readings: readonly ReadingTruth[];
}

const probes = JSON.parse(readFileSync(join(FOLDER, 'probes.json'), 'utf8')) as readonly Probe[];

function inputOf({ file, beside }: Probe): OracleInput {
  const folder = join(FOLDER, dirname(file));
  return {
    name: basename(file),
    bytes: readFileSync(join(FOLDER, file)),
    beside: Object.fromEntries(beside.map((name) => [name, readFileSync(join(folder, name))])),
  };
}

/** The behaviour of the loaders of one interpreter for every probe. */
function readingsBy(interpreter: Interpreter, loaders: readonly string[]): Map<string, readonly ReadingTruth[]> {
  const { records } = runOracle(interpreter, probes.map(inputOf), { loaders });
  return new Map(
    probes.map(({ id }, i) => [id, Object.entries(records[i] ?? {}).map(([name, record]) => truthOf(name, record))]),
  );
}

function expectTruth(found: ReadonlyMap<string, readonly ReadingTruth[]>, loaders: readonly string[]): void {
  const truth = JSON.parse(readFileSync(TRUTH, 'utf8')) as readonly Truth[];
  expect(truth.map(({ id }) => id)).toEqual(probes.map(({ id }) => id));
  for (const { id, readings } of truth)
    expect(found.get(id), id).toEqual(readings.filter(({ loader }) => loaders.includes(loader)));
}

/** With ASSAY_UPDATE_TRUTH, the result becomes the truth; loaders that did not run keep theirs. */
function update(found: ReadonlyMap<string, readonly ReadingTruth[]>, loaders: readonly string[]): void {
  const known = new Map(
    readdirSync(FOLDER).includes('truth.json')
      ? (JSON.parse(readFileSync(TRUTH, 'utf8')) as readonly Truth[]).map(({ id, readings }) => [id, readings])
      : [],
  );
  const order = [...OTHER_LOADERS, ...TORCH_LOADERS];
  const lines = probes.map(({ id }) => {
    const kept = (known.get(id) ?? []).filter(({ loader }) => !loaders.includes(loader));
    const readings = [...kept, ...(found.get(id) ?? [])];
    readings.sort((a, b) => order.indexOf(a.loader) - order.indexOf(b.loader));
    return `{"id":${JSON.stringify(id)},"readings":[\n  ${readings.map((each) => JSON.stringify(each)).join(',\n  ')}\n]}`;
  });
  writeFileSync(TRUTH, `[\n${lines.join(',\n')}\n]\n`);
}

function check(interpreter: Interpreter, loaders: readonly string[]): void {
  const found = readingsBy(interpreter, loaders);
  if (process.env.ASSAY_UPDATE_TRUTH === '1') update(found, loaders);
  expectTruth(found, loaders);
}

const python = findInterpreter('joblib', 'numpy', 'pandas', 'dill');
const jailed = canJail();

requirePart('jail', jailed, 'apt-get install bubblewrap', 'the behaviour of loaders for the probes', () => {
  requirePart(
    'loaders joblib, numpy, pandas, dill',
    python !== undefined,
    'pip install -r fixtures/python/requirements-ci.txt',
    'in Python',
    () => {
      it('equals truth.json', { timeout: 3_600_000 }, () => {
        check(python ?? { program: '' }, OTHER_LOADERS);
      });
    },
  );

  const torch = findTorch();
  requirePart('PyTorch', torch !== undefined, 'apt-get install python3-torch', 'in PyTorch', () => {
    it('equals truth.json for PyTorch', { timeout: 3_600_000 }, () => {
      check(torch ?? { program: '' }, TORCH_LOADERS);
    });
  });
});
