import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { UNLIMITED } from '../support/service.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';

const MAIN = new URL('../../dist/src/cli/main.js', import.meta.url).pathname;
const folder = tempFolder();
const children = new Set<ChildProcess>();
afterAll(async () => {
  for (const child of children) {
    const gone = once(child, 'exit');
    if (child.kill('SIGTERM')) await gone;
  }
});

const SECRET = 'a session secret that no worker may ever hold';
const settings = { PATH: process.env.PATH, ...UNLIMITED, ASSAY_DATA: folder, ASSAY_LOG_LEVEL: 'error' };

function start(args: readonly string[], env: NodeJS.ProcessEnv): { readonly child: ChildProcess; said: () => string } {
  const child = spawn(process.execPath, [MAIN, ...args], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  children.add(child);
  let text = '';
  child.stderr.on('data', (data) => {
    text += data;
  });
  return { child, said: () => text };
}

const tied = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);

/** What a process was started with, and every file that it has open. */
function heldBy(pid: number): string {
  const files = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return '';
    }
  });
  return [
    readFileSync(`/proc/${pid}/environ`, 'latin1'),
    readFileSync(`/proc/${pid}/cmdline`, 'latin1'),
    ...files,
  ].join('\0');
}

/** Uploads a file and has it scanned. */
async function scanned(url: string, token: string, said: () => string): Promise<void> {
  const call = async (path: string, init: RequestInit = {}) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...init.headers };
    const response = await fetch(url + path, { ...init, headers });
    expect(response.ok, `${path}: ${response.status}`).toBe(true);
    return response.status === 204 ? {} : ((await response.json()) as Record<string, string>);
  };
  const upload = await call('/v1/uploads', { method: 'POST', body: '{"files":[{"path":"config.json","size":2}]}' });
  const piece = { 'content-type': 'application/offset+octet-stream', 'upload-offset': '0' };
  await call(`/v1/uploads/${upload.id}/files/0`, { method: 'PATCH', headers: piece, body: '{}' });
  await call(`/v1/uploads/${upload.id}/complete`, { method: 'POST', body: '{}' });
  const job = await call('/v1/jobs', { method: 'POST', body: JSON.stringify({ upload: upload.id, model: 'acme/m' }) });
  await until('the scan ends', async () => ['done', 'failed'].includes((await call(`/v1/jobs/${job.id}`)).state ?? ''));
  expect((await call(`/v1/jobs/${job.id}`)).state, said()).toBe('done');
}

test.skipIf(process.platform !== 'linux')(
  'a worker scans and has no approval key and no secret of sessions',
  async () => {
    const keys = join(folder, 'keys');
    mkdirSync(keys);
    const key = join(keys, 'approval-key.pem');
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    const url = `http://127.0.0.1:${await freePort()}`;
    const own = { ...settings, ASSAY_APPROVAL_KEY: key, ASSAY_SESSION_SECRET: SECRET, ASSAY_LISTEN: new URL(url).host };
    const service = start(['serve', '--workers', '0'], own);
    await until('the token is printed', () => /^assay_\S+$/m.test(service.said()));
    const token = /^assay_\S+$/m.exec(service.said())?.[0] ?? '';
    // A worker needs no file of the key: it is gone before the worker starts.
    rmSync(key);
    const worker = start(['worker', '--concurrency', '1'], settings);

    await scanned(url, token, worker.said);

    // The worker, and the process in which it parses, which it keeps for the next scan.
    const pid = worker.child.pid ?? 0;
    const parsing = tied(pid);
    expect(parsing).toHaveLength(1);
    for (const one of [pid, ...parsing]) {
      const held = heldBy(one);
      expect(held).toContain('PATH=');
      expect(held).not.toMatch(/approval|session|passphrase/i);
    }
    // The parser has not even the place of the database.
    expect(heldBy(parsing[0] ?? 0)).not.toMatch(/ASSAY_|assay\.db/);
    expect(existsSync(key)).toBe(false);
    // The process that has the key parses nothing: it has no helper.
    expect(tied(service.child.pid ?? 0)).toEqual([]);
  },
);

test.skipIf(process.platform !== 'linux')(
  'a service on a laptop parses in a process without its keys and secrets',
  async () => {
    const data = join(folder, 'laptop');
    const env = {
      ...settings,
      ASSAY_DATA: data,
      ASSAY_SESSION_SECRET: SECRET,
      ASSAY_LISTEN: `127.0.0.1:${await freePort()}`,
    };
    const { child, said } = start(['serve', '--workers', '1'], env);
    await until('the token is printed', () => /^assay_\S+$/m.test(said()));
    await scanned(`http://${env.ASSAY_LISTEN}`, /^assay_\S+$/m.exec(said())?.[0] ?? '', said);
    expect(tied(child.pid ?? 0)).toHaveLength(1);
    for (const pid of tied(child.pid ?? 0)) expect(heldBy(pid)).not.toMatch(/ASSAY_|approval|assay\.db|may ever hold/);
  },
);
