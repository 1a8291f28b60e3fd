// How long the webhook takes for one review: read, judged against 100,000 decisions, answered. Runs alone, too: npm run build, then
// node test/bench/admission-decide.mjs

import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  decideReview,
  NO_CONFIG,
  NO_POLICIES,
  NO_WAIVERS,
  namespaceRules,
  readAdmissionConfig,
  readReview,
  reviewResponse,
} from '../../dist/admission-webhook/src/index.js';
import { keySigner } from '../../dist/src/integrity/sign/key-signer.js';
import { loadPacked, signSnapshot } from '../../dist/src/snapshot/index.js';
import { claim, finish } from './measure.mjs';
import { ENTRIES, snapshotDocument } from './snapshot-document.mjs';

/** Of all recorded reviews, each; the first ones warm up. */
const WARM = 400;
const RUNS = 200;
const REVIEWS = new URL('../../fixtures/admission-reviews/', import.meta.url);
const NOW = new Date('2026-11-26T00:00:00Z');
/** What is pinned in the recorded reviews, so that some are allowed. */
const PINNED = [
  'hf://meta-llama/Llama-3.1-8B-Instruct@0e9e39f249a16976918f6564b8830bc894c89659',
  'hf://mistralai/Mistral-7B-v0.1@27d67f1b5f57dc0953326b2601d68371d40ea8da',
  'hf://org/model@0e9e39f249a16976918f6564b8830bc894c89659',
];

/** As the webhook holds it. */
async function load(document) {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const folder = mkdtempSync(join(tmpdir(), 'assay-bench-'));
  const path = join(folder, 'snapshot.json');
  try {
    writeFileSync(path, await signSnapshot(document, keySigner(privateKey)));
    return await loadPacked(path, { trust: publicKey, now: NOW });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A hundred, none of which fits: each container that is not understood is held against all of them. */
function exceptions() {
  const all = Array.from({ length: 100 }, (_, at) => ({
    id: `exception-${at}`,
    owner: 'bench',
    reason: 'bench',
    expires: '2099-01-01',
    images: Array.from({ length: 10 }, (_, image) => `sha256:${String(at * 10 + image).padStart(64, '0')}`),
    told: [{ command: ['/bin/sh', '-c', `run --to {host:port} --for {duration} ${at}`] }],
  }));
  const config = { apiVersion: 'assay.dev/v1', kind: 'AdmissionConfig', spec: { exceptions: all } };
  return readAdmissionConfig(JSON.stringify(config), 'bench').exceptions;
}

/** The answer as it is sent, and whether it allows. */
function answer(body, state) {
  const read = readReview(body);
  if (read.kind !== 'request') throw new Error(`a recorded review is malformed: ${read.problem}`);
  const given = decideReview(read.request, state, NOW);
  const text = JSON.stringify(reviewResponse(given, read.request.uid));
  return { text, allowed: given.allowed };
}

/** Milliseconds of processor time: a machine that does other things, too, measures the same. */
function cpuOf(run) {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

export async function benchAdmissionDecide() {
  const index = await load(snapshotDocument({ first: PINNED }));
  const state = {
    snapshot: { kind: 'held', index, loadedAt: NOW, from: 'snapshot.json' },
    namespaces: namespaceRules(NO_CONFIG, () => undefined),
    policies: NO_POLICIES,
    exceptions: exceptions(),
    baseline: NO_CONFIG.baseline,
    breakGlass: NO_WAIVERS,
    serviceUrl: 'https://assay.example',
    ownNamespace: null,
  };
  const names = readdirSync(REVIEWS).filter((name) => name.endsWith('.json'));
  const bodies = names.map((name) => readFileSync(new URL(name, REVIEWS)));
  const allowed = bodies.filter((body) => answer(body, state).allowed).length;
  if (names.length !== 26 || allowed !== 7) throw new Error(`${allowed} of ${names.length} are allowed, not 7 of 26`);
  for (let run = 0; run < WARM; run++) for (const body of bodies) answer(body, state);
  const times = [];
  for (let run = 0; run < RUNS; run++) for (const body of bodies) times.push(cpuOf(() => answer(body, state)));
  times.sort((a, b) => a - b);
  const at = (part) => times[Math.floor(part * times.length)];
  const detail = `${names.length} recorded reviews, ${ENTRIES} decisions, 100 exceptions; median ${at(0.5).toFixed(3)} ms, most ${times.at(-1).toFixed(2)} ms of processor time`;
  claim('one review in the webhook, p99 in ms', at(0.99), { atMost: 1 }, detail);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await benchAdmissionDecide();
  finish();
}
