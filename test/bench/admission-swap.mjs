// What it costs a webhook that answers to take a new snapshot of a hundred thousand decisions: the pause of the thread that answers,
// memory while and after, and the time until the first one is held. Runs alone, too: npm run build, then
// node test/bench/admission-swap.mjs

import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { keySigner } from '../../dist/src/integrity/sign/key-signer.js';
import { signSnapshot } from '../../dist/src/snapshot/index.js';
import { claim, finish } from './measure.mjs';
import { ENTRIES, refOf, snapshotDocument } from './snapshot-document.mjs';

const SWAPS = 4;
const LOOKUPS = 100_000;
const NOW = new Date('2026-11-26T00:00:00Z');

/** In a process of its own, as a webhook is: prints what it measured as JSON. */
async function measureSwap(folder) {
  const { openSnapshotFeed } = await import('../../dist/admission-webhook/src/snapshot-feed/open-snapshot-feed.js');
  const path = join(folder, 'snapshot.json');
  const key = join(folder, 'writer.pub');
  const none = { tenant: null, tokenFile: null, floor: null, kube: null, env: {} };
  const feed = await openSnapshotFeed({
    ...none,
    from: path,
    key,
    state: join(folder, 'state'),
    pollSeconds: 3600,
    now: () => NOW,
  });
  if (feed.held().kind !== 'held') throw new Error(feed.held().why);
  const readyMs = performance.now();
  const idle = await pauseDuring(() => delay(1_000));
  const swaps = [];
  const after = [];
  for (let version = 2; version < 2 + SWAPS; version++) {
    const swapped = new Promise((resolve) => feed.onChange(resolve));
    swaps.push(
      await pauseDuring(async () => {
        renameSync(join(folder, `${version}.json`), path);
        await swapped;
        // The one before gives its memory back in pieces.
        await delay(250);
      }),
    );
    after.push(memory('VmRSS'));
  }
  const peak = memory('VmHWM');
  const { index } = feed.held();
  const refs = Array.from({ length: ENTRIES }, (_, at) => refOf(at));
  const before = process.cpuUsage();
  for (let at = 0; at < LOOKUPS; at++) {
    const ref = refs[(at * 7919) % ENTRIES];
    if (index.lookup({ ref }, { stage: 'production', now: NOW }).kind !== 'approved') throw new Error(ref);
  }
  const { user, system } = process.cpuUsage(before);
  await feed.close();
  const lookupUs = (user + system) / LOOKUPS;
  console.log(JSON.stringify({ readyMs, idle, swaps, after: Math.max(...after), peak, lookupUs }));
}

/** Of this thread: how late a timer was at most, in milliseconds, and how long its own work took. */
async function pauseDuring(run) {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  await run();
  histogram.disable();
  return histogram.max / 1e6;
}

/** MiB. */
function memory(what) {
  const [, kib] = new RegExp(`${what}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'));
  return Number(kib) / 1024;
}

export async function benchAdmissionSwap() {
  const folder = mkdtempSync(join(tmpdir(), 'assay-swap-'));
  try {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    writeFileSync(join(folder, 'writer.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
    for (let version = 1; version < 2 + SWAPS; version++) {
      const name = version === 1 ? 'snapshot.json' : `${version}.json`;
      writeFileSync(join(folder, name), await signSnapshot(snapshotDocument({ version }), keySigner(privateKey)));
    }
    const run = spawnSync(process.execPath, [fileURLToPath(import.meta.url), '--gate', folder], { encoding: 'utf8' });
    if (run.status !== 0) throw new Error(run.stderr);
    const { readyMs, idle, swaps, after, peak, lookupUs } = JSON.parse(run.stdout);
    const detail = `(${swaps.map((ms) => ms.toFixed(1)).join(', ')}; without a swap ${idle.toFixed(1)})`;
    claim(
      `taking a snapshot of ${ENTRIES} decisions, longest pause of the thread that answers, ms`,
      Math.max(...swaps),
      { atMost: 20 },
      detail,
    );
    claim('  the first is held after ms', readyMs, { atMost: 2000 }, '');
    claim('  memory afterwards, MiB', after, { atMost: 150 }, '');
    claim('  memory at its highest, while one is judged, MiB', peak, { atMost: 200 }, '');
    claim('  looking one up among them, microseconds', lookupUs, { atMost: 10 }, '');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[2] === '--gate') await measureSwap(process.argv[3]);
else if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await benchAdmissionSwap();
  finish();
}
