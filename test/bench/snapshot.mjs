// How long a webhook takes to open a large snapshot, and to look something up. Runs alone, too: npm run build, then
// node test/bench/snapshot.mjs

import { generateKeyPairSync } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { keySigner } from '../../dist/src/integrity/sign/key-signer.js';
import { openSnapshot, signSnapshot } from '../../dist/src/snapshot/index.js';
import { claim, finish } from './measure.mjs';
import { ENTRIES, snapshotDocument } from './snapshot-document.mjs';

const LOOKUPS = 200_000;
const RUNS = 5;

/** Milliseconds of processor time: a machine that does other things, too, measures the same. */
function cpuOf(run) {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const best = (run) => Math.min(...Array.from({ length: RUNS }, () => cpuOf(run)));

export async function benchSnapshot() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const now = new Date('2026-11-26T00:00:00Z');
  const document = snapshotDocument();
  const bytes = await signSnapshot(document, keySigner(privateKey));
  const text = JSON.stringify(document);
  const megabytes = text.length / 1e6;
  const open = best(() => openSnapshot(bytes, { trust: publicKey, now }));
  const parse = best(() => JSON.parse(text));
  claim(
    `opening a snapshot of ${ENTRIES} entries, times JSON.parse alone`,
    open / parse,
    { atMost: 8 },
    `(${megabytes.toFixed(1)} MB in ${open.toFixed(0)} ms, ${(open / megabytes).toFixed(1)} ms a MB; JSON.parse ${parse.toFixed(0)} ms)`,
  );
  const snapshot = openSnapshot(bytes, { trust: publicKey, now });
  const asked = { stage: 'production', now };
  let approved = 0;
  const all = cpuOf(() => {
    for (let at = 0; at < LOOKUPS; at++) {
      const [ref] = document.entries[(at * 7919) % ENTRIES].refs;
      if (snapshot.lookup({ ref }, asked).kind === 'approved') approved++;
    }
  });
  if (approved !== LOOKUPS) throw new Error('every reference should be approved');
  claim(
    'looking a reference up among them, microseconds',
    (all / LOOKUPS) * 1000,
    { atMost: 5 },
    `(${LOOKUPS} lookups)`,
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await benchSnapshot();
  finish();
}
