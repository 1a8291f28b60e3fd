// Ratios against peers, all measured in this run. Prints each with its goal; exits 1 when one is missed.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { benchAdmission } from './admission.mjs';
import { benchAdmissionDecide } from './admission-decide.mjs';
import { benchAdmissionSwap } from './admission-swap.mjs';
import { benchDigest } from './digest.mjs';
import { claim, finish, hasTime, measure } from './measure.mjs';
import { benchPolicy } from './policy.mjs';
import { benchService } from './service-load.mjs';
import { benchServiceScan } from './service-scan.mjs';
import { benchSignatures } from './signatures.mjs';
import { benchSnapshot } from './snapshot.mjs';

const HERE = new URL('.', import.meta.url).pathname;
const ROOT = new URL('../..', import.meta.url).pathname;
const MAIN = join(ROOT, 'dist/src/cli/main.js');
const PYTHON = existsSync(join(ROOT, '.venv/bin/python')) ? join(ROOT, '.venv/bin/python') : 'python3';
const RSS_LIMIT = 200;

if (!hasTime()) {
  console.error('the benchmarks need GNU time: apt-get install time');
  process.exit(2);
}
const kept = process.env.ASSAY_BENCH_DATA;
const data = kept ?? mkdtempSync(join(tmpdir(), 'assay-bench-'));
try {
  if (!existsSync(join(data, 'big.pt'))) {
    console.log('making what is measured (1.2 GB)...');
    const made = spawnSync(PYTHON, [join(HERE, 'make.py'), data], { stdio: 'inherit' });
    if (made.status !== 0) process.exit(2);
  }
  const node = (...args) => [process.execPath, args];
  const assay = (...args) => node(MAIN, 'scan', ...args, '--format', 'json', '--policy', 'research');

  const emptyNode = measure(...node('-e', ''));
  const emptyPython = measure(PYTHON, ['-c', '']);

  const version = measure(...node(MAIN, '--version'), { runs: 10 });
  claim('assay --version, ms', version.wallMs, { atMost: 120 }, `(an empty node takes ${emptyNode.wallMs.toFixed(0)})`);

  const net = (run, empty) => run.cpuMs - empty.cpuMs;
  for (const [name, title] of [
    ['big.pkl', 'records of mixed values'],
    ['rows.pkl', 'rows of integers'],
  ]) {
    const path = join(data, name);
    const genops = measure(PYTHON, [join(HERE, 'genops.py'), path], { runs: 2, by: 'cpuMs' });
    const walk = measure(...node(join(HERE, 'walk.mjs'), path), { runs: 8, by: 'cpuMs' });
    const instructions = Number(genops.stdout);
    const rate = (run, empty) => `${(instructions / net(run, empty) / 1000).toFixed(1)} M/s`;
    claim(
      `walking ${title}, times genops, both net of their start`,
      net(genops, emptyPython) / net(walk, emptyNode),
      { atLeast: 20 },
      `(${(instructions / 1e6).toFixed(1)} M instructions: genops ${rate(genops, emptyPython)}, machine ${rate(walk, emptyNode)} of CPU)`,
    );
    claim(`walking ${title}, MiB`, walk.rssMiB, { atMost: RSS_LIMIT }, '');
  }
  const big = join(data, 'big.pkl');
  const scanBig = measure(...assay(big));
  claim(
    'scan of the same pickle, MiB',
    scanBig.rssMiB,
    { atMost: RSS_LIMIT },
    `(${scanBig.wallMs.toFixed(0)} ms with its SHA-256)`,
  );

  const small = join(data, 'small');
  const genopsSmall = measure(PYTHON, [join(HERE, 'genops.py'), small], { runs: 3 });
  const scanSmall = measure(...assay(small));
  claim(
    '2,000 small pickles, times genops, start included',
    genopsSmall.wallMs / scanSmall.wallMs,
    { atLeast: 2 },
    `(genops ${genopsSmall.wallMs.toFixed(0)} ms, scan ${scanSmall.wallMs.toFixed(0)} ms)`,
  );
  claim('2,000 small pickles, MiB', scanSmall.rssMiB, { atMost: RSS_LIMIT }, '');

  const pt = join(data, 'big.pt');
  const sum = measure('sha256sum', [pt], { runs: 3 });
  const scanPt = measure(...assay(pt), { runs: 3 });
  const { files } = JSON.parse(scanPt.stdout);
  if (files[0].sha256 !== sum.stdout.slice(0, 64) || files[0].verdict !== 'clean')
    throw new Error(`wrong report: ${JSON.stringify(files[0])}`);
  claim(
    '1 GiB PyTorch zip, of the time of sha256sum',
    scanPt.wallMs / sum.wallMs,
    { atMost: 1.1 },
    `(sha256sum ${sum.wallMs.toFixed(0)} ms, scan ${scanPt.wallMs.toFixed(0)} ms with the same digest)`,
  );
  const openssl = measure('openssl', ['dgst', '-sha256', pt], { runs: 3 });
  console.log(`        for comparison: openssl dgst -sha256 takes ${openssl.wallMs.toFixed(0)} ms`);
  claim('1 GiB PyTorch zip, MiB', scanPt.rssMiB, { atMost: RSS_LIMIT }, '');

  await benchSignatures({ data, dist: join(ROOT, 'dist/src'), python: PYTHON });
  await benchDigest({ data, dist: join(ROOT, 'dist/src') });
  await benchService();
  await benchServiceScan({ data, dist: join(ROOT, 'dist/src'), python: PYTHON });
  await benchPolicy();
  await benchSnapshot();
  await benchAdmissionDecide();
  await benchAdmission();
  await benchAdmissionSwap();
} finally {
  if (kept === undefined) rmSync(data, { recursive: true, force: true });
}
finish();
