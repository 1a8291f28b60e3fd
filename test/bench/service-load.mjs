// The service under load: 100,000 versions with their decisions, and gates that ask 1,000 times a second.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import autocannon from 'autocannon';
import Database from 'better-sqlite3';
import { claim, finish } from './measure.mjs';
import { openLoop } from './open-loop.mjs';

const VERSIONS = 100_000;
const RATE = 1000;
const SECONDS = 15;
const CLIENTS = 50;
const MAIN = new URL('../../dist/src/cli/main.js', import.meta.url).pathname;

const digestOf = (n) => `sha256:${createHash('sha256').update(`version ${n}`).digest('hex')}`;
const rssOf = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

export async function benchService() {
  const folder = mkdtempSync(join(tmpdir(), 'assay-bench-service-'));
  const first = await start(folder);
  try {
    await addVersions(first.url, folder, first.token);
  } finally {
    await first.stop();
  }
  const service = await start(folder, first.token);
  try {
    claim('service, ms until it answers', service.startMs, { atMost: 2000 }, `(${VERSIONS} versions)`);
    claim('service idle, MiB', rssOf(service.pid), { atMost: 200 }, '');
    await load(service, 2);
    const [{ ok, others, ms }, peak] = await whilePeak(service.pid, () => load(service, SECONDS));
    const at = (share) => ms[Math.ceil(ms.length * share) - 1];
    claim(
      `GET /v1/decisions at ${RATE}/s, p99 ms`,
      at(0.99),
      { atMost: 10 },
      `(p50 ${at(0.5).toFixed(1)} ms, p99.9 ${at(0.999).toFixed(1)} ms, ${ok} answers, ${others} others)`,
    );
    if (others > 0 || ok < RATE * SECONDS * 0.9) throw new Error(`answers are missing: ${ok} came, ${others} did not`);
    claim('service under that load, MiB', peak, { atMost: 200 }, '');
    const { latency } = await bursts(service, SECONDS / 3);
    console.log(
      `        for comparison: ${RATE} a second, sent at the first moment of it: p50 ${latency.p50} ms, p99 ${latency.p99} ms`,
    );
  } finally {
    await service.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Starts `assay serve`, as anybody would, and waits until it answers. */
async function start(folder, token) {
  const port = 18_321;
  const began = performance.now();
  const log = openSync(join(folder, '..', `${folder.split('/').at(-1)}.log`), 'w');
  const child = spawn(process.execPath, [MAIN, 'serve', '--data', folder, '--listen', `127.0.0.1:${port}`], {
    env: { ...process.env, ASSAY_REQUESTS_PER_MINUTE: '10000000' },
    stdio: ['ignore', log, 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (data) => {
    said += data;
  });
  const url = `http://127.0.0.1:${port}`;
  while (
    !(await fetch(`${url}/healthz`).then(
      (answer) => answer.ok,
      () => false,
    ))
  ) {
    if (child.exitCode !== null) throw new Error(`assay serve ended: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const startMs = performance.now() - began;
  while (token === undefined && !/^assay_\S+$/m.test(said)) await new Promise((resolve) => setTimeout(resolve, 20));
  return {
    url,
    pid: child.pid,
    startMs,
    token: token ?? /^assay_\S+$/m.exec(said)[0],
    async stop() {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
      rmSync(join(folder, '..', `${folder.split('/').at(-1)}.log`), { force: true });
    },
  };
}

/** One version is scanned and registered; the others are its rows with other names and digests. */
async function addVersions(url, folder, token) {
  const call = async (method, path, body, more = {}) => {
    const headers = {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...more,
    };
    const answer = await fetch(url + path, {
      method,
      headers,
      body: typeof body === 'object' ? JSON.stringify(body) : body,
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.status === 204 ? undefined : answer.json();
  };
  const upload = await call('POST', '/v1/uploads', { files: [{ path: 'config.json', size: 2 }] });
  await call('PATCH', `/v1/uploads/${upload.id}/files/0`, '{}', {
    'content-type': 'application/offset+octet-stream',
    'upload-offset': '0',
  });
  await call('POST', `/v1/uploads/${upload.id}/complete`);
  let job = await call('POST', '/v1/models/acme%2Fmodel/versions', { upload: upload.id });
  while (job.state === 'queued' || job.state === 'running') {
    await new Promise((resolve) => setTimeout(resolve, 50));
    job = await call('GET', `/v1/jobs/${job.id}`);
  }
  if (job.state !== 'done') throw new Error(`the scan ended: ${JSON.stringify(job)}`);
  multiply(new Database(join(folder, 'assay.db')), job.version);
}

function multiply(db, version) {
  const rowsOf = (table, column) => db.prepare(`SELECT * FROM ${table} WHERE ${column} = ?`).all(version);
  const [one] = rowsOf('versions', 'id');
  const [model] = db.prepare('SELECT * FROM models WHERE name = ?').all(one.model);
  const keys = rowsOf('version_keys', 'version').filter(({ kind }) => kind === 'digest');
  const decisions = rowsOf('decisions', 'version').slice(0, 1);
  const [gate] = rowsOf('gate', 'version');
  const insert = (table, row) => {
    const names = Object.keys(row);
    return db.prepare(`INSERT INTO ${table} (${names}) VALUES (${names.map(() => '?')})`);
  };
  const into = {
    models: insert('models', model),
    versions: insert('versions', one),
    decisions: insert('decisions', decisions[0]),
    gate: insert('gate', gate),
    keys: insert('version_keys', keys[0]),
  };
  db.transaction(() => {
    for (let n = 0; n < VERSIONS; n++) {
      const id = `bench-${n}`;
      const name = `bench/model-${n}`;
      const digest = digestOf(n);
      into.models.run(...Object.values({ ...model, name }));
      into.versions.run(...Object.values({ ...one, id, model: name, digest, seq: 1_000_000 + n }));
      into.decisions.run(...Object.values({ ...decisions[0], id: `${id}-d`, version: id, seq: 1_000_000 + n }));
      into.keys.run(...Object.values({ ...keys[0], key: digest, version: id }));
      const answer = JSON.stringify({ ...JSON.parse(gate.answer), model: name, digest });
      into.gate.run(...Object.values({ ...gate, version: id, answer }));
    }
  })();
  db.close();
}

/** @returns what `work` returns, and the peak of the service's memory meanwhile, MiB */
async function whilePeak(pid, work) {
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, rssOf(pid));
  }, 200);
  const result = await work();
  clearInterval(timer);
  return [result, peak];
}

const question = () => `/v1/decisions?digest=${digestOf(Math.floor(Math.random() * VERSIONS))}`;

/** Gates that know nothing of each other ask at random moments. */
function load({ url, token }, seconds) {
  const headers = { authorization: `Bearer ${token}` };
  return openLoop({ url, rate: RATE, seconds, connections: CLIENTS, headers, path: question });
}

/** autocannon keeps a rate by sending what is due in a second at once, as fast as it is answered, and pausing until the next. */
function bursts({ url, token }, seconds) {
  return autocannon({
    url,
    connections: 20,
    duration: seconds,
    overallRate: RATE,
    headers: { authorization: `Bearer ${token}` },
    requests: [{ setupRequest: (request) => ({ ...request, path: question() }) }],
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await benchService();
  finish();
}
