// A forest of 100 trees to ONNX, beside Python's joblib.load with skl2onnx. Runs alone, too: npm run build, then
// node test/bench/convert-forest.mjs

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { claim, finish, leaveOut, measure } from './measure.mjs';
import { hasPart, PARTS, PYTHON } from './parts.mjs';

const ROOT = new URL('../..', import.meta.url).pathname;
const RUNS = 3;

const MAKE = `
import sys, joblib
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
x, y = make_classification(4000, 20, n_informative=12, n_classes=4, random_state=0)
joblib.dump(RandomForestClassifier(100, random_state=0, n_jobs=1).fit(x, y), sys.argv[1])
`;
const PEER = `
import sys, joblib
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
model = to_onnx(joblib.load(sys.argv[1]), initial_types=[('X', FloatTensorType([None, 20]))], options={'zipmap': False})
open(sys.argv[2], 'wb').write(model.SerializeToString())
`;
/** The conversion alone: reading the pickle and writing the model. */
const STEP = `
const { FileSource } = await import(process.argv[1] + '/core/bytes/index.js');
const { AsyncDisposableStack, DEFAULT_LIMITS } = await import(process.argv[1] + '/core/index.js');
const { planConversion, writePlan } = await import(process.argv[1] + '/convert/index.js');
const files = [{ path: 'forest.joblib', source: FileSource.open(process.argv[2]), salvage: false }];
const resources = new AsyncDisposableStack();
const plan = await planConversion('onnx', files, { limits: DEFAULT_LIMITS, signal: undefined, resources });
await writePlan(plan, process.argv[3], { signal: undefined });
`;

/** @param {{ data: string, dist: string }} where a folder to work in, and the built program */
export function benchConvertForest({ data, dist }) {
  const source = join(data, 'forest.joblib');
  if (spawnSync(PYTHON, ['-c', MAKE, source], { stdio: 'inherit' }).status !== 0) throw new Error('no forest was made');
  const best = (command, args) => {
    let least;
    for (let run = 0; run < RUNS; run++) {
      const one = measure(command, args(mkdtempSync(join(data, 'forest-'))), { runs: 1 });
      if (least === undefined || one.wallMs < least.wallMs) least = one;
    }
    return least;
  };
  const step = best(process.execPath, (out) => [
    '--input-type=module',
    '-e',
    STEP,
    pathToFileURL(dist).href,
    source,
    out,
  ]);
  const whole = best(process.execPath, (out) => [
    join(dist, 'cli/main.js'),
    ...['convert', source, '--to', 'onnx', '-o', join(out, 'onnx'), '-q'],
  ]);
  const size = `${(statSync(source).size / 2 ** 20).toFixed(1)} MiB`;
  claim('forest of 100 trees to ONNX, MiB', step.rssMiB, { atMost: 300 }, `(a joblib file of ${size})`);
  const times = `conversion ${step.wallMs.toFixed(0)} ms, with both scans ${whole.wallMs.toFixed(0)} ms`;
  if (!hasPart('skl2onnx')) {
    console.log(`forest of 100 trees to ONNX: ${times}`);
    leaveOut('a forest with skl2onnx', PARTS.skl2onnx.title, PARTS.skl2onnx.how);
    return;
  }
  const peer = best(PYTHON, (out) => ['-c', PEER, source, join(out, 'forest.onnx')]);
  claim(
    'forest of 100 trees to ONNX, the whole command, of the time of joblib.load and skl2onnx',
    whole.wallMs / peer.wallMs,
    { atMost: 0.8 },
    `(Python ${peer.wallMs.toFixed(0)} ms, ${peer.rssMiB.toFixed(0)} MiB; assay ${times}, ${whole.rssMiB.toFixed(0)} MiB)`,
  );
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const data = mkdtempSync(join(tmpdir(), 'assay-bench-'));
  try {
    if (hasPart('sklearn')) benchConvertForest({ data, dist: join(ROOT, 'dist/src') });
    else leaveOut('all of convert-forest', PARTS.sklearn.title, PARTS.sklearn.how);
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
  finish();
}
