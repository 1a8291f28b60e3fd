// A thousand small scans submitted at once to a service on a laptop (SQLite, embedded queue), beside the command line.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { claim, measure } from './measure.mjs';

const COUNT = 1_000;
const RUNS = 3;
const BY = { tenant: 'default', subject: 'bench', issuer: null, roles: ['submitter', 'viewer'], via: 'local' };
const LIMITS = { maxUploadBytes: 1 << 30, maxUploadFiles: 10 };

/** @param {{ data: string, dist: string, python: string }} where a folder to work in, the built program, and a Python */
export async function benchServiceScan({ data, dist, python }) {
  const folder = mkdtempSync(join(data, 'service-scan-'));
  try {
    const paths = makePickles(folder, python);
    const main = join(dist, 'cli/main.js');
    const out = join(folder, 'out.jsonl');
    const cli = measure(process.execPath, [main, 'scan', ...paths, '--format', 'jsonl', '-q', '-o', out], {
      runs: RUNS,
    });
    let best = Number.POSITIVE_INFINITY;
    for (let run = 0; run < RUNS; run++) best = Math.min(best, await serve(join(folder, String(run)), dist, paths));
    claim(
      `${COUNT} small scans submitted at once, of the time of the command line`,
      best / cli.wallMs,
      { atMost: 1.3 },
      `(service ${best.toFixed(0)} ms, assay scan ${cli.wallMs.toFixed(0)} ms)`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function makePickles(folder, python) {
  const script = `
import pickle, random, sys
for i in range(${COUNT}):
    with open(f'{sys.argv[1]}/m{i:04d}.pkl', 'wb') as f:
        pickle.dump({'layer': i, 'weights': [random.random() for _ in range(200)], 'name': f'layer{i}'}, f)
`;
  const made = spawnSync(python, ['-c', script, folder]);
  if (made.status !== 0) throw new Error(`no pickles: ${made.stderr}`);
  return Array.from({ length: COUNT }, (_, i) => join(folder, `m${String(i).padStart(4, '0')}.pkl`));
}

/** @returns milliseconds from the first submission until the last version is registered */
async function serve(folder, dist, paths) {
  const load = (path) => import(join(dist, path));
  const { openRegistry, loadRegistryRules } = await load('registry/index.js');
  const { openQueue } = await load('service/queue/index.js');
  const { workOnScans } = await load('service/worker/index.js');
  mkdirSync(folder);
  const targets = await upload(folder, load, paths);
  const registry = await openRegistry({ database: `sqlite:${folder}/assay.db`, rules: await loadRegistryRules(null) });
  const queue = await openQueue({ queue: 'embedded' }, registry, console.error);
  const config = {
    dataFolder: folder,
    hubEndpoint: 'https://huggingface.co',
    allowPrivateAddresses: false,
    limits: LIMITS,
  };
  const stop = new AbortController();
  const working = workOnScans(
    { config, registry, queue },
    { concurrency: 4, signal: stop.signal, tell: console.error, graceMs: 0 },
  );
  const started = performance.now();
  // As POST /v1/jobs/batch does.
  const wanted = targets.map((target) => ({ target, model: 'bench/model', ruleset: 'bench' }));
  for (const { job } of await registry.jobs.createAll(BY, wanted)) await queue.enqueue(job);
  let counts = await registry.jobs.counts();
  while (counts.done + counts.failed < COUNT) {
    await delay(10);
    counts = await registry.jobs.counts();
  }
  const wallMs = performance.now() - started;
  stop.abort();
  await working;
  await queue.close();
  await registry.close();
  if (counts.done !== COUNT) throw new Error(`${counts.failed} scans failed`);
  return wallMs;
}

/** The bytes are there before, as the files of the command line are. */
async function upload(folder, load, paths) {
  const { openUploadStore } = await load('service/upload-files.js');
  const uploads = await openUploadStore(join(folder, 'uploads'), LIMITS);
  const targets = [];
  for (const path of paths) {
    const bytes = readFileSync(path);
    const { id } = await uploads.create(BY.tenant, BY.subject, [{ path: 'm.pkl', size: bytes.length, sha256: null }]);
    await uploads.append(BY.tenant, id, 'm.pkl', 0, Readable.from([bytes]));
    await uploads.complete(BY.tenant, id);
    targets.push(`upload:${id}`);
  }
  return targets;
}
