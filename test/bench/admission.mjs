// The webhook as a cluster runs it: a process with 100,000 decisions, asked over TLS 1,000 times a second by another. Runs alone, too:
// npm run build, then node test/bench/admission.mjs
import { execFileSync, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { keySigner } from '../../dist/src/integrity/sign/key-signer.js';
import { signSnapshot } from '../../dist/src/snapshot/index.js';
import { claim, finish } from './measure.mjs';
import { openLoop } from './open-loop.mjs';
import { ENTRIES, snapshotDocument } from './snapshot-document.mjs';

const RATE = 1000;
const SECONDS = 15;
const CONNECTIONS = 32;
const STARTS = 3;
const [PORT, METRICS] = [18_443, 18_444];
const MAIN = new URL('../../dist/src/cli/main.js', import.meta.url).pathname;
const REVIEWS = new URL('../../fixtures/admission-reviews/', import.meta.url);
const DAY_MS = 86_400_000;

const moment = (time) => `${new Date(time).toISOString().slice(0, 19)}Z`;
const statusOf = (pid, name) =>
  Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

function snapshotOf(version) {
  return snapshotDocument({ version, issued: moment(Date.now()), expires: moment(Date.now() + DAY_MS) });
}

export async function benchAdmission() {
  const folder = mkdtempSync(join(tmpdir(), 'assay-bench-admission-'));
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const snapshot = join(folder, 'snapshot.json');
  const sign = (version) => signSnapshot(snapshotOf(version), keySigner(privateKey));
  writeFileSync(join(folder, 'snapshot.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
  writeFileSync(snapshot, await sign(1));
  makeCertificate(folder);
  try {
    const starts = [];
    for (let run = 1; run < STARTS; run++) {
      const one = await start(folder);
      starts.push(one.startMs);
      await one.stop();
    }
    const webhook = await start(folder);
    try {
      starts.push(webhook.startMs);
      const all = starts.map((ms) => ms.toFixed(0)).join(', ');
      claim('gate, ms until it is ready', Math.min(...starts), { atMost: 2000 }, `(${ENTRIES} decisions; ${all})`);
      claim(
        'gate idle, MiB',
        statusOf(webhook.pid, 'VmRSS'),
        { atMost: 200 },
        `(peak ${statusOf(webhook.pid, 'VmHWM').toFixed(0)})`,
      );
      await load(folder, 3);
      const before = cpuOf(webhook.pid);
      const [{ ok, others, ms }, peak] = await whilePeak(webhook.pid, () => load(folder, SECONDS));
      const cpu = (cpuOf(webhook.pid) - before) / ms.length;
      const at = (share) => ms[Math.ceil(ms.length * share) - 1];
      const detail = `(p50 ${at(0.5).toFixed(1)} ms, p99.9 ${at(0.999).toFixed(1)} ms, ${ok} answers, ${others} others; ${cpu.toFixed(2)} ms of processor time each)`;
      claim(`reviews over TLS at ${RATE}/s, p99 ms`, at(0.99), { atMost: 10 }, detail);
      if (others > 0 || ok < RATE * SECONDS * 0.9)
        throw new Error(`answers are missing: ${ok} came, ${others} did not`);
      claim('gate under that load, MiB', peak, { atMost: 200 }, '');
      const next = await sign(2);
      const [during, most] = await whilePeak(webhook.pid, async () => {
        const loaded = load(folder, 6);
        await delay(2_000);
        writeFileSync(`${snapshot}.new`, next);
        renameSync(`${snapshot}.new`, snapshot);
        return loaded;
      });
      for (const end = Date.now() + 60_000; (await version()) !== 2; await delay(100))
        if (Date.now() > end) throw new Error('the newer snapshot never came');
      if (during.others > 0) throw new Error(`${during.others} answers are missing`);
      const slowest = during.ms.at(-1);
      console.log(
        `        while a snapshot of ${ENTRIES} decisions comes: p99 ${during.ms[Math.ceil(during.ms.length * 0.99) - 1].toFixed(1)} ms, slowest ${slowest.toFixed(1)} ms, at most ${most.toFixed(0)} MiB`,
      );
    } finally {
      await webhook.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function makeCertificate(folder) {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', join(folder, 'tls.key')];
  const name = ['-subj', '/CN=gate', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
  execFileSync('openssl', ['req', '-x509', ...key, ...name, '-out', join(folder, 'tls.crt')], { stdio: 'ignore' });
}

async function version() {
  const text = await (await fetch(`http://127.0.0.1:${METRICS}/metrics`)).text();
  return Number(/^assay_admission_snapshot_version (\d+)/m.exec(text)[1]);
}

/** Milliseconds of processor time that a process has taken. Linux counts in hundredths of a second. */
function cpuOf(pid) {
  const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 13);
  return (Number(user) + Number(system)) * 10;
}

/** Starts the webhook, as anybody would, and waits until it is ready. */
async function start(folder) {
  const file = (name) => join(folder, name);
  const from = ['--snapshot', file('snapshot.json'), '--snapshot-key', file('snapshot.pub')];
  const listen = ['--listen', `127.0.0.1:${PORT}`, '--metrics-listen', `127.0.0.1:${METRICS}`, '--drain', '0'];
  const tls = ['--tls-cert', file('tls.crt'), '--tls-key', file('tls.key')];
  const began = performance.now();
  const child = spawn(process.execPath, [MAIN, 'admit', ...from, ...listen, ...tls], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (data) => {
    said += data;
  });
  while (
    !(await fetch(`http://127.0.0.1:${METRICS}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    ))
  ) {
    if (child.exitCode !== null) throw new Error(`assay admit ended: ${said}`);
    await delay(20);
  }
  return {
    pid: child.pid,
    startMs: performance.now() - began,
    async stop() {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

/** Reviews that a real API server sent, at random moments. */
function load(folder, seconds) {
  const bodies = readdirSync(REVIEWS)
    .filter((name) => name.endsWith('.json'))
    .map((name) => readFileSync(new URL(name, REVIEWS)));
  return openLoop({
    url: `https://127.0.0.1:${PORT}`,
    ca: readFileSync(join(folder, 'tls.crt'), 'utf8'),
    rate: RATE,
    seconds,
    connections: CONNECTIONS,
    headers: { 'content-type': 'application/json' },
    path: () => '/validate?timeout=3s',
    body: () => bodies[Math.floor(Math.random() * bodies.length)],
  });
}

/** @returns what `run` gives, and the most memory that the webhook took meanwhile, MiB */
async function whilePeak(pid, run) {
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, statusOf(pid, 'VmRSS'));
  }, 100);
  const result = await run();
  clearInterval(timer);
  return [result, peak];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await benchAdmission();
  finish();
}
