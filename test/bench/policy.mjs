// How long the production policy takes over a large report. Runs alone, too: npm run build, then node test/bench/policy.mjs

import { pathToFileURL } from 'node:url';
import { explain } from '../../dist/src/policy/decide.js';
import { loadPolicy } from '../../dist/src/policy/index.js';
import { claim, finish } from './measure.mjs';

const COUNT = 1_000;
const VERDICTS = ['clean', 'clean', 'clean', 'suspicious', 'unknown', 'not-assessed', 'malicious'];

/** A report of as many files and findings, of every verdict. */
function report(count) {
  const path = (i) => `weights/part-${i}.bin`;
  const files = Array.from({ length: count }, (_, i) => ({
    path: path(i),
    size: 1_000_000 + i,
    format: ['safetensors', 'pickle', 'json'][i % 3],
    sha256: 'ab'.repeat(32),
    digestBasis: 'computed',
    verdict: VERDICTS[i % VERDICTS.length],
    imports: ['torch._utils._rebuild_tensor_v2', 'collections.OrderedDict'],
    reasons: [],
    coverage: { ranges: [], gaps: [] },
  }));
  const findings = Array.from({ length: count }, (_, i) => ({
    ruleId: ['pickle.global.unlisted', 'zip.symlink', 'pickle.call.computed'][i % 3],
    severity: ['low', 'medium', 'high', 'critical'][i % 4],
    message: 'Something was found.',
    file: path(i),
    evidence: 'acme.thing',
    owasp: ['ML06:2023'],
    atlas: ['AML.T0010'],
    cwe: ['CWE-502'],
    fingerprint: String(i).padStart(32, '0'),
  }));
  return {
    artifact: {
      ref: 'hf://acme/model',
      pinned: `hf://acme/model@${'01'.repeat(20)}`,
      digest: `sha256:${'cd'.repeat(32)}`,
    },
    status: 'complete',
    files,
    findings,
    checks: [{ id: 'integrity.checksum', status: 'pass', detail: 'as announced' }],
    signatures: [],
    declared: {
      licences: ['mit'],
      licenceName: null,
      baseModels: [],
      datasets: [],
      library: null,
      task: null,
      languages: [],
      tags: [],
      remoteCode: [],
      architectures: [],
      modelType: null,
      files: [],
    },
    ruleset: { version: '1.0.0', digest: `sha256:${'ef'.repeat(32)}` },
    notes: [],
    stats: { files: count, bytesTotal: 0, bytesRead: 0, durationMs: 0 },
  };
}

/** The best and the median of many runs, once the code is warm: a service decides again and again. */
function timesOf(runs, run) {
  for (let i = 0; i < runs; i++) run();
  const times = Array.from({ length: runs }, () => {
    const started = performance.now();
    run();
    return performance.now() - started;
  }).sort((a, b) => a - b);
  return { best: times[0] ?? Number.NaN, median: times[runs >> 1] ?? Number.NaN };
}

export async function benchPolicy() {
  const assessment = report(COUNT);
  const policy = await loadPolicy('production');
  const started = performance.now();
  const { decision } = explain(assessment, { policy });
  const first = performance.now() - started;
  if (decision.action !== 'deny') throw new Error('the report should be denied');
  const { best, median } = timesOf(100, () => explain(assessment, { policy }));
  claim(
    `production over ${COUNT} files and ${COUNT} findings, ms`,
    best,
    { atMost: 10 },
    `(${policy.rules.length} rules, ${decision.violations.length} broken; median ${median.toFixed(1)}, the first time ${first.toFixed(0)})`,
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await benchPolicy();
  finish();
}
