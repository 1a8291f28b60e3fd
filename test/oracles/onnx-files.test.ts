import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Verdict } from '../../src/core/assessment/verdict.ts';
import { SeededRandom } from '../../src/core/random.ts';
import { onnxScanner } from '../../src/scan/onnx/scanner.ts';
import { onnxModel } from '../support/onnx-messages.ts';
import { requirePart } from '../support/parts.ts';
import { scanBytes } from '../support/scan-bytes.ts';
import { SEED } from '../support/seed.ts';
import { canJail, findInterpreter } from './jail.ts';
import { type Composed, composed, mutated } from './onnx-compositions.ts';
import { loadOnnx, loadOnnxInPython, type OnnxLoad, type OnnxToLoad } from './onnx-loads.ts';

/** Models of each kind; `ASSAY_ONNX_FILES` sets their number. */
const COUNT = Number(process.env.ASSAY_ONNX_FILES ?? (process.env.ASSAY_TEST_FULL === 'true' ? 4_000 : 200));
const HOW =
  'apt-get install bubblewrap; python3 -m venv .venv && .venv/bin/pip install -r fixtures/python/requirements-ci.txt';
const MODULES = existsSync('node_modules/onnxruntime-node');

interface Judged extends Composed {
  readonly verdict: Verdict;
  readonly end: string;
  readonly crashed: boolean;
  readonly outside: readonly string[];
}

type Load = (models: readonly OnnxToLoad[]) => OnnxLoad[];

async function judge(load: Load, models: readonly Composed[]): Promise<Judged[]> {
  const loads = load(models.map(({ bytes }) => ({ model: bytes })));
  const judged: Judged[] = [];
  for (const [i, one] of models.entries()) {
    const { verdict } = await scanBytes(one.bytes, 'models/m.onnx', [onnxScanner]);
    const loaded = loads[i];
    if (loaded === undefined) throw new Error('a model was not loaded');
    judged.push({ ...one, ...loaded, verdict });
  }
  return judged;
}

/** Keeps the models that fail, for a person to look at. */
function failing(judged: readonly Judged[]): string[] {
  const bad = judged.filter(({ verdict, outside, crashed }) => verdict === 'clean' && (outside.length > 0 || crashed));
  const folder = process.env.ASSAY_ONNX_OUT;
  for (const [i, { bytes }] of bad.entries()) {
    if (folder === undefined) continue;
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${i}.onnx`), bytes);
  }
  return bad.map(({ what, end, outside }) => `${what}: ${end} ${outside.join()}`);
}

function suite(load: Load): void {
  it('are seen when they read a file outside of their folder', () => {
    const [quiet, loud] = load([{ model: onnxModel() }, { model: onnxModel(), control: '/secrets/secret' }]);
    expect(quiet).toMatchObject({ outside: [], crashed: false });
    expect(loud).toMatchObject({ outside: ['/secrets/secret'], crashed: false });
  });

  it('that are clean read no file outside of their folder, and do not crash', async () => {
    const random = new SeededRandom(SEED);
    const judged = await judge(
      load,
      Array.from({ length: COUNT }, () => composed(random)),
    );
    expect(failing(judged)).toEqual([]);
    const count = (verdict: Verdict) => judged.filter((one) => one.verdict === verdict).length;
    const loaded = judged.filter(({ verdict, end }) => verdict === 'clean' && end === 'loaded').length;
    process.stderr.write(
      `compositions: ${judged.filter(({ outside }) => outside.length > 0).length} read files outside, ${count('clean')} clean (${loaded} loaded), ${count('malicious')} malicious, ${count('suspicious')} suspicious\n`,
    );
    expect(loaded).toBeGreaterThan(COUNT / 50);
    expect(count('malicious')).toBeGreaterThan(COUNT / 10);
  });

  it('that are clean after changes of their bytes read no file outside, and do not crash', async () => {
    const random = new SeededRandom(SEED + 1);
    const judged = await judge(
      load,
      Array.from({ length: COUNT }, () => mutated(random)),
    );
    expect(failing(judged)).toEqual([]);
    const clean = judged.filter(({ verdict }) => verdict === 'clean');
    process.stderr.write(`changes: ${clean.length} clean, ${judged.filter(({ crashed }) => crashed).length} crashed\n`);
    expect(clean.length).toBeGreaterThan(COUNT / 50);
  });
}

requirePart('jail', canJail() && MODULES, HOW, 'models in ONNX Runtime', () => suite(loadOnnx));

const python = findInterpreter('onnx');
requirePart('jail, with the onnx package', canJail() && python !== undefined, HOW, 'models in Python', () => {
  if (python !== undefined) suite((models) => loadOnnxInPython(python, models));
});
