// A thousand small scans submitted at once to a service on a laptop (SQLite, embedded queue), beside the command line.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { claim, measure } from './measure.mjs';

const COUNT = 1_000;
const RUNS = 5;
const BY = { tenant: 'default', subject: 'bench', issuer: null, roles: ['submitter', 'viewer'], via: 'local' };

/** @param {{ data: string, dist: string, python: string }} where a folder to work in, the built program, and a Python */
export async function benchServiceScan({ data, dist, python }) {
  const folder = mkdtempSync(join(data, 'service-scan-'));
  try {
    const thousands = makePickles(folder, python);
    const [paths] = thousands;
    const main = join(dist, 'cli/main.js');
    const out = join(folder, 'out.jsonl');
    const cli = measure(process.execPath, [main, 'scan', ...paths, '--format', 'jsonl', '-q', '-o', out], {
      runs: RUNS,
    });
    const [first, ...later] = await serve(join(folder, 'service'), dist, thousands);
    const best = Math.min(first, ...later);
    claim(
      `${COUNT} small scans submitted at once, of the time of the command line`,
      best / cli.wallMs,
      { atMost: 1.3 },
      `(service ${best.toFixed(0)} ms, the first time after its start ${first.toFixed(0)} ms; assay scan ${cli.wallMs.toFixed(0)} ms)`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Models like each other, and none the same as another. @returns a thousand paths for each run */
function makePickles(folder, python) {
  const script = `
import pickle, random, sys
for i in range(${RUNS * COUNT}):
    with open(f'{sys.argv[1]}/m{i:04d}.pkl', 'wb') as f:
        pickle.dump({'layer': i, 'weights': [random.random() for _ in range(200)], 'name': f'layer{i}'}, f)
`;
  const made = spawnSync(python, ['-c', script, folder]);
  if (made.status !== 0) throw new Error(`no pickles: ${made.stderr}`);
  const paths = Array.from({ length: RUNS * COUNT }, (_, i) => join(folder, `m${String(i).padStart(4, '0')}.pkl`));
  return Array.from({ length: RUNS }, (_, run) => paths.slice(run * COUNT, (run + 1) * COUNT));
}

/**
 * A service that goes on from one thousand to the next, as services do.
 * @returns for each thousand, milliseconds from the first submission until the last version is registered
 */
async function serve(folder, dist, thousands) {
  const load = (path) => import(join(dist, path));
  const { openRegistry, loadRegistryRules } = await load('registry/index.js');
  const { openQueue } = await load('service/queue/index.js');
  const { workOnScans } = await load('service/worker/index.js');
  const { readConfig } = await load('service/config-read.js');
  mkdirSync(folder);
  // What `assay serve` has by itself.
  const config = await readConfig({}, { ASSAY_DATA: folder, ASSAY_REUSE_DAYS: '0' });
  const submissions = [];
  for (const paths of thousands) submissions.push(await upload(config, load, paths));
  const registry = await openRegistry({ database: config.database, rules: await loadRegistryRules(config.rules) });
  const queue = await openQueue({ queue: 'embedded' }, registry, console.error);
  const stop = new AbortController();
  const working = workOnScans(
    { config, registry, queue },
    { concurrency: config.workers, signal: stop.signal, tell: console.error, graceMs: 0 },
  );
  const times = [];
  for (const targets of submissions) times.push(await submit(targets, registry, queue));
  stop.abort();
  await working;
  await queue.close();
  await registry.close();
  return times;
}

async function submit(targets, registry, queue) {
  const { done } = await registry.jobs.counts();
  const started = performance.now();
  // As POST /v1/jobs/batch does.
  const wanted = targets.map((target) => ({ target, model: 'bench/model', ruleset: 'bench' }));
  for (const { job } of await registry.jobs.createAll(BY, wanted)) await queue.enqueue(job);
  let counts = await registry.jobs.counts();
  while (counts.done - done + counts.failed < COUNT) {
    await delay(10);
    counts = await registry.jobs.counts();
  }
  if (counts.failed > 0) {
    const { items } = await registry.jobs.list(BY, { state: 'failed', limit: 1 });
    throw new Error(`${counts.failed} scans failed, one of them with: ${items[0]?.error?.message}`);
  }
  return performance.now() - started;
}

/** The bytes are there before, as the files of the command line are. */
async function upload({ dataFolder, limits }, load, paths) {
  const { openUploadStore } = await load('service/upload-files.js');
  const uploads = await openUploadStore(join(dataFolder, 'uploads'), limits);
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
