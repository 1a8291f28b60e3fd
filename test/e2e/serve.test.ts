import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { UNLIMITED } from '../support/service.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';

const MAIN = new URL('../../dist/src/cli/main.js', import.meta.url).pathname;
const folder = tempFolder();
const running = new Set<ChildProcess>();
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
});

interface Served {
  readonly url: string;
  readonly child: ChildProcess;
  readonly stderr: () => string;
  readonly stdout: () => string;
}

/** Starts the command as a user does, and waits until it listens. */
async function serve(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Served> {
  const child = spawn(process.execPath, [MAIN, 'serve', '--listen', '127.0.0.1:0', ...args], {
    env: { PATH: process.env.PATH, ...UNLIMITED, ...env },
  });
  running.add(child);
  const closed = once(child, 'close');
  let [out, err] = ['', ''];
  child.stdout.on('data', (data) => {
    out += data;
  });
  child.stderr.on('data', (data) => {
    err += data;
  });
  await until('it listens', async () => {
    if (child.exitCode === null) return err.includes('listens at ');
    // The last output arrives after the process ends.
    await closed;
    throw new Error(`ended with ${child.exitCode}: ${err}`);
  });
  const url = /listens at (\S+)/.exec(err)?.[1] ?? '';
  return { url, child, stderr: () => err, stdout: () => out };
}

async function end({ child }: Served): Promise<number | null> {
  if (child.exitCode === null) {
    // The last output arrives after the process ends.
    const closed = once(child, 'close');
    child.kill('SIGTERM');
    await closed;
  }
  running.delete(child);
  return child.exitCode;
}

const tokenIn = (text: string) => /^assay_[\w-]{43}$/m.exec(text)?.[0];
const asked = (url: string, token = '') => fetch(`${url}/v1/tokens`, { headers: { authorization: `Bearer ${token}` } });

test('assay serve without options is complete: a new registry prints one token, once, and its data persist', async () => {
  const data = join(folder, 'laptop');
  const first = await serve(['--data', data]);
  // The token is printed after the address.
  await until('the token is printed', () => tokenIn(first.stderr()) !== undefined);
  const token = tokenIn(first.stderr());
  expect((await asked(first.url, token)).status).toBe(200);
  expect((await asked(first.url)).status).toBe(401);

  const upload = await post(first.url, '/v1/uploads', token, { files: [{ path: 'config.json', size: 2 }] });
  const sent = await fetch(`${first.url}/v1/uploads/${upload.id}/files/0`, {
    method: 'PATCH',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/offset+octet-stream',
      'upload-offset': '0',
    },
    body: '{}',
  });
  expect(sent.status).toBe(204);
  await post(first.url, `/v1/uploads/${upload.id}/complete`, token);
  const job = await post(first.url, '/v1/models/acme%2Ffirst/versions', token, { upload: upload.id });
  const done = await jobEnd(first.url, job.id, token);
  expect(done).toMatchObject({ state: 'done', error: null });

  expect(await end(first)).toBe(143);
  expect(first.stdout()).not.toContain(token);
  for (const line of first.stdout().trim().split('\n')) expect(() => JSON.parse(line)).not.toThrow();
  expect(statSync(data).mode & 0o077).toBe(0);
  expect(statSync(join(data, 'approval-key.pem')).mode & 0o077).toBe(0);
  expect(readFileSync(join(data, 'assay.db')).includes(token ?? '')).toBe(false);

  const second = await serve(['--data', data]);
  const versions = await fetch(`${second.url}/v1/models/acme%2Ffirst/versions`, {
    headers: { authorization: `Bearer ${token}` },
  });
  expect(((await versions.json()) as { items: unknown[] }).items).toHaveLength(1);
  expect(await end(second)).toBe(143);
  expect(tokenIn(second.stderr())).toBeUndefined();
});

test('assay serve gives one line, exit code 2 and no files for an invalid configuration', async () => {
  const data = join(folder, 'never');
  const wrong: [readonly string[], NodeJS.ProcessEnv, RegExp][] = [
    [['--data', data, '--rules', join(folder, 'none.yaml')], {}, /none\.yaml: no such file/],
    [['--data', data, '--database', 'postgres://a:b@c/d'], {}, /--database: contains a password/],
    [['--data', data], { ASSAY_DATABASE: 'postgres://user:hush@127.0.0.1:1/x' }, /the database does not answer/],
    [['--data', data], { ASSAY_SESSION_SECRET: 'hush' }, /ASSAY_SESSION_SECRET: has fewer than 32/],
  ];
  for (const [args, env, says] of wrong) {
    const error = await serve(args, env).then(String, String);
    expect(error).toMatch(says);
    expect(error).toMatch(/ended with 2: assay: [^\n]+\n$/);
    expect(error).not.toContain('hush');
  }
  expect(existsSync(join(data, 'assay.db'))).toBe(false);
});

test('assay serve reports an address in use, with a hint', async () => {
  const first = await serve(['--data', join(folder, 'one')]);
  const place = new URL(first.url).host;
  const error = await serve(['--data', join(folder, 'two'), '--listen', place]).then(String, String);
  expect(error).toContain(`${place}: is not available to listen at (EADDRINUSE); choose another --listen`);
  await end(first);
});

async function post(url: string, path: string, token: string | undefined, body?: unknown) {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(response.ok, `${path}: ${response.status}`).toBe(true);
  return (await response.json()) as { readonly id: string };
}

async function jobEnd(url: string, id: string, token: string | undefined) {
  const jobOf = async () => {
    const response = await fetch(`${url}/v1/jobs/${id}`, { headers: { authorization: `Bearer ${token}` } });
    return (await response.json()) as { readonly state: string };
  };
  await until('the job ends', async () => !['queued', 'running'].includes((await jobOf()).state));
  return jobOf();
}

test('assay serve warns where tokens would be sent in clear text, and not where they are not', async () => {
  const WARNING = 'tokens and sessions are sent in clear text';
  for (const [listen, env, warns] of [
    ['0.0.0.0:0', {}, true],
    ['127.0.0.1:0', { ASSAY_PUBLIC_URL: 'http://assay.example.com' }, true],
    ['0.0.0.0:0', { ASSAY_PUBLIC_URL: 'https://assay.example.com' }, false],
    ['127.0.0.1:0', {}, false],
  ] as const) {
    const one = await serve(['--data', join(folder, 'clear'), '--listen', listen], env);
    expect(one.stderr().includes(WARNING), `${listen} ${JSON.stringify(env)}`).toBe(warns);
    await end(one);
  }
});
