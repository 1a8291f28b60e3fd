// Ratios against peers, all measured in this run. Prints each with its goal; exits 1 when one is missed. A line whose peer is
// missing is left out, and the end of the run says how to get the peer.
// usage: npm run bench [-- SECTION ...]
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { benchAction } from './action.mjs';
import { benchAdmission } from './admission.mjs';
import { benchAdmissionDecide } from './admission-decide.mjs';
import { benchAdmissionSwap } from './admission-swap.mjs';
import { benchAttacks } from './attacks.mjs';
import { benchConvert } from './convert.mjs';
import { benchConvertForest } from './convert-forest.mjs';
import { benchData } from './data.mjs';
import { benchDigest } from './digest.mjs';
import { benchHostile } from './hostile.mjs';
import { benchIndicators } from './indicators.mjs';
import { benchKeras } from './keras.mjs';
import { fail, finish, leaveOut } from './measure.mjs';
import { benchModels } from './models.mjs';
import { benchOnnxRun } from './onnx-run.mjs';
import { hasPart, PARTS, PYTHON } from './parts.mjs';
import { benchPolicy } from './policy.mjs';
import { benchScan } from './scan.mjs';
import { benchService } from './service-load.mjs';
import { benchServiceScan } from './service-scan.mjs';
import { benchSignatures } from './signatures.mjs';
import { benchSnapshot } from './snapshot.mjs';

const HERE = new URL('.', import.meta.url).pathname;
const ROOT = new URL('../..', import.meta.url).pathname;

/** In the order of the README's table. `needs` names parts without which nothing of a section can be measured. */
const SECTIONS = [
  { name: 'scan', needs: ['time', 'python', 'sha256sum', 'openssl'], run: benchScan, reads: true },
  { name: 'indicators', needs: [], run: benchIndicators },
  { name: 'models', needs: ['time', 'sha256sum'], run: benchModels },
  { name: 'keras', needs: ['time', 'sha256sum'], run: benchKeras },
  { name: 'signatures', needs: ['time', 'sha256sum', 'openssl'], run: benchSignatures },
  { name: 'digest', needs: ['time', 'sha256sum'], run: benchDigest },
  { name: 'data', needs: ['time'], run: benchData },
  { name: 'service', needs: [], run: benchService },
  { name: 'service-scan', needs: ['time', 'python'], run: benchServiceScan },
  { name: 'convert', needs: ['time', 'torch'], run: benchConvert },
  { name: 'convert-forest', needs: ['time', 'sklearn'], run: benchConvertForest },
  { name: 'onnx-run', needs: ['onnxruntime'], run: benchOnnxRun },
  { name: 'attacks', needs: ['onnxruntime', 'torch'], run: benchAttacks },
  { name: 'policy', needs: [], run: benchPolicy },
  { name: 'snapshot', needs: [], run: benchSnapshot },
  { name: 'admission-decide', needs: [], run: benchAdmissionDecide },
  { name: 'admission', needs: [], run: benchAdmission },
  { name: 'admission-swap', needs: [], run: benchAdmissionSwap },
  { name: 'action', needs: ['time'], run: benchAction },
  { name: 'hostile', needs: ['time'], run: benchHostile },
];

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !SECTIONS.some((section) => section.name === name));
if (unknown.length > 0) {
  console.error(`no section is named ${unknown.join(', ')}; there are: ${SECTIONS.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}
const kept = process.env.ASSAY_BENCH_DATA;
const data = kept ?? mkdtempSync(join(tmpdir(), 'assay-bench-'));
const where = { data, dist: join(ROOT, 'dist/src'), python: PYTHON };
try {
  for (const section of SECTIONS)
    if (chosen.length === 0 || chosen.includes(section.name)) await measureSection(section);
} finally {
  if (kept === undefined) rmSync(data, { recursive: true, force: true });
}
finish();

async function measureSection({ name, needs, run, reads }) {
  const missing = needs.filter((part) => !hasPart(part));
  for (const part of missing) leaveOut(`all of ${name}`, PARTS[part].title, PARTS[part].how);
  if (missing.length > 0) return;
  try {
    if (reads) makeFiles();
    await run(where);
  } catch (error) {
    fail(name, error);
  }
}

function makeFiles() {
  if (
    existsSync(join(data, 'nine-million.pkl')) &&
    existsSync(join(data, 'big.pt')) &&
    existsSync(join(data, 'graph.pb'))
  )
    return;
  console.log('making what is measured (1.2 GB)...');
  const made = spawnSync(PYTHON, [join(HERE, 'make.py'), data], { stdio: 'inherit' });
  if (made.status !== 0) throw new Error(`make.py ended with ${made.status}`);
}
