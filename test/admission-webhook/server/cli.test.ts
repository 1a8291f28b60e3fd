import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAIN, runCli } from '../../cli/run-cli.ts';
import { signed, stranger, writer } from '../../snapshot/samples.ts';
import { freePort } from '../../support/free-port.ts';
import { tempFolder } from '../../support/temp.ts';
import { approved, recorded, reviewOf } from '../decide/support.ts';
import { Authority, place } from './certificates.ts';
import { ask, GOOD, reviewed } from './ground.ts';

const folder = tempFolder();
const file = (name: string) => join(folder, name);
const authority = new Authority(folder, 'ca');
const tls = place(folder, authority.server());
const TOKEN = 'a-token-of-the-api-server';
const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'thing' },
  spec: {
    containers: [
      { name: 'a', image: 'vllm/vllm-openai', args: ['--model', 'acme/llama', '--revision', 'a'.repeat(40)] },
    ],
  },
};

interface Running {
  readonly child: ChildProcess;
  readonly closed: Promise<unknown>;
  readonly url: string;
  readonly metrics: string;
  out(): string;
  said(): string;
}
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});

/** Starts `assay admit` and waits until it answers. */
async function start(...more: readonly string[]): Promise<Running> {
  const [port, metricsPort] = [await freePort(), await freePort()];
  const listen = ['--listen', `127.0.0.1:${port}`, '--metrics-listen', `127.0.0.1:${metricsPort}`];
  const args = ['admit', ...listen, '--tls-cert', tls.cert, '--tls-key', tls.key, '--drain', '0', ...more];
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  const closed = once(child, 'close');
  let [out, said] = ['', ''];
  child.stdout?.on('data', (part) => {
    out += part;
  });
  child.stderr?.on('data', (part) => {
    said += part;
  });
  const metrics = `http://127.0.0.1:${metricsPort}`;
  const answers = () =>
    fetch(`${metrics}/healthz`).then(
      (answer) => answer.ok,
      () => false,
    );
  await expect.poll(answers).toBe(true);
  return { child, closed, url: `https://127.0.0.1:${port}`, metrics, out: () => out, said: () => said };
}

/** @returns its exit code, once all its output has arrived */
async function end({ child, closed }: Running): Promise<number | null> {
  child.kill('SIGTERM');
  await closed;
  return child.exitCode;
}

const validate = async ({ url }: Running, body: Uint8Array, headers = {}) =>
  reviewed(await ask(`${url}/validate`, { ca: authority.cert, body, headers }));

beforeAll(async () => {
  const now = Date.now();
  const at = (time: number) => `${new Date(time).toISOString().slice(0, 19)}Z`;
  const times = { issued: at(now), expires: at(now + 86_400_000) };
  writeFileSync(file('snapshot.json'), await signed({ ...times, entries: [approved(GOOD)] }));
  writeFileSync(
    file('ended.json'),
    await signed({ issued: at(now - 9e8), expires: at(now - 1e6), entries: [approved(GOOD)] }),
  );
  writeFileSync(file('unsigned.json'), '{"payload":"e30=","payloadType":"x","signatures":[]}');
  writeFileSync(file('snapshot.pub'), writer.publicKey.export({ type: 'spki', format: 'pem' }));
  writeFileSync(file('stranger.pub'), stranger.publicKey.export({ type: 'spki', format: 'pem' }));
  writeFileSync(file('no.pub'), 'no key');
  writeFileSync(file('token'), TOKEN);
});

const believing = (snapshot: string, key = 'snapshot.pub') => [
  '--snapshot',
  file(snapshot),
  '--snapshot-key',
  file(key),
];

describe('assay admit', () => {
  it('answers reviews, logs each decision on stdout, reports its status, and stops cleanly', async () => {
    const webhook = await start(...believing('snapshot.json'), '--client-token-file', file('token'));
    await expect.poll(async () => (await fetch(`${webhook.metrics}/readyz`)).status).toBe(200);
    const headers = { authorization: `Bearer ${TOKEN}` };
    expect(await validate(webhook, reviewOf(POD), headers)).toMatchObject({ allowed: true });
    expect(await validate(webhook, recorded('create_core_pods_vllm-abc-2q6fj.json'), headers)).toMatchObject({
      allowed: false,
    });
    expect(await validate(webhook, reviewOf(POD))).toMatchObject({ allowed: false, status: { code: 401 } });
    const table = await runCli(['admit', 'status', '--metrics-url', webhook.metrics]);
    expect(table).toMatchObject({ code: 0, stderr: '' });
    expect(table.stdout).toMatch(/^ready +since /);
    expect(table.stdout).toMatch(/snapshot +version 7 of acme, 1 decisions, \d+ s old/);
    expect(table.stdout).toMatch(/certificate +until .*, in 23 h/);
    expect(table.stdout).toMatch(/deny +CREATE v1 Pod +default\/vllm-abc/);
    const secure = ['--url', webhook.url, '--ca', authority.file, '--client-token-file', file('token')];
    const json = await runCli(['admit', 'status', ...secure, '--format', 'json']);
    expect(json).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(json.stdout)).toMatchObject({ ready: true, decisions: [{}, {}, {}] });
    const shut = await runCli(['admit', 'status', '--url', webhook.url, '--ca', authority.file]);
    expect(shut).toMatchObject({ code: 2, stdout: '' });
    expect(shut.stderr).toMatch(/^assay: https:.*\/status: sent no token; give --client-token-file/);
    expect((await runCli(['admit', 'status', '--url', webhook.url])).stderr).toMatch(
      /cannot be reached \(.*certificate/,
    );
    expect(await end(webhook)).toBe(143);
    const records = webhook
      .out()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(records.map(({ log, action }) => [log, action])).toEqual([
      ['admission', 'allow'],
      ['admission', 'deny'],
      ['admission', 'deny'],
    ]);
    expect(webhook.out() + webhook.said()).not.toContain(TOKEN);
    const away = await runCli(['admit', 'status', '--metrics-url', webhook.metrics]);
    expect(away.code).toBe(2);
    expect(away.stderr).toMatch(/cannot be reached \(connect ECONNREFUSED/);
  });

  it.each([
    ['no snapshot', 'none.json', 'snapshot.pub', /no such file/],
    ['an unsigned snapshot', 'unsigned.json', 'snapshot.pub', /sign|DSSE|payload/],
    ['a snapshot with an unknown signer', 'snapshot.json', 'stranger.pub', /sign/],
    ['an unreadable key', 'snapshot.json', 'no.pub', /no\.pub/],
  ])('serves refusals and is not ready with %s', async (_name, snapshot, key, why) => {
    const webhook = await start(...believing(snapshot, key), '--log', 'none');
    await expect.poll(webhook.said).toMatch(/assay: snapshot: /);
    const answer = await validate(webhook, reviewOf(POD));
    expect(answer).toMatchObject({ allowed: false, status: { code: 403 } });
    const status = await runCli(['admit', 'status', '--metrics-url', webhook.metrics]);
    expect(status.code).toBe(1);
    expect(status.stdout).toMatch(/^NOT READY +no snapshot is loaded/);
    expect(status.stdout).toMatch(why);
    expect(webhook.said()).toMatch(/every client that reaches https:\/\/127\.0\.0\.1:\d+ is answered/);
    await end(webhook);
    expect(webhook.out()).toBe('');
  });

  it('answers from an expired snapshot as configured, and is ready', async () => {
    writeFileSync(file('config.yaml'), 'apiVersion: assay.dev/v1\nkind: AdmissionConfig\nspec:\n  expired: deny\n');
    const webhook = await start(...believing('ended.json'), '--config', file('config.yaml'));
    await expect.poll(async () => (await fetch(`${webhook.metrics}/readyz`)).status).toBe(200);
    const refused = await validate(webhook, reviewOf(POD));
    expect(refused).toMatchObject({ allowed: false, status: { code: 403 } });
    expect(refused.status?.message).toMatch(/expired/);
    writeFileSync(file('config.yaml'), 'apiVersion: assay.dev/v1\nkind: AdmissionConfig\nspec:\n  expired: warn\n');
    await expect.poll(async () => (await validate(webhook, reviewOf(POD))).allowed).toBe(true);
    writeFileSync(file('config.yaml'), 'apiVersion: assay.dev/v1\nkind: AdmissionConfig\nspec:\n  expird: deny\n');
    await expect.poll(webhook.said).toMatch(/assay: config: .*config\.yaml:4:3: .*expird/);
    expect((await validate(webhook, reviewOf(POD))).allowed).toBe(true);
    await end(webhook);
  });

  it('reports wrong options in one line', async () => {
    const good = [
      ...believing('snapshot.json'),
      '--listen',
      '127.0.0.1:0',
      '--tls-cert',
      tls.cert,
      '--tls-key',
      tls.key,
    ];
    const without = (flag: string) => good.filter((_, at) => good[at] !== flag && good[at - 1] !== flag);
    const cases: readonly [args: readonly string[], message: RegExp][] = [
      [without('--snapshot'), /no snapshot is named; give --snapshot/],
      [without('--snapshot-key'), /no snapshot key is named; give --snapshot-key/],
      [without('--listen'), /no address to listen at is given; give --listen/],
      [without('--tls-key'), /HTTPS only; give --tls-cert F --tls-key F/],
      [[...good, '--listen', 'nowhere'], /--listen nowhere: is not a place to listen at/],
      [[...good, '--drain', 'x'], /--drain x: is not a valid number of seconds/],
      [[...good, '--self-signed'], /--self-signed: makes its own certificate/],
      [[...good, '--client-name', 'a'], /--client-name: needs an authority/],
      [[...good, '--break-glass', folder], /--break-glass: needs both/],
      [[...good, '--require-floor'], /--require-floor: no floor is named; give --floor/],
      [[...good, '--log', 'all'], /--log/],
      [[...good, '--explain', '--audit'], /has more than one mode/],
      [[...good, '--tls-cert', file('token')], /--tls-cert .*token.*cannot be used/],
      [[...good, '--tls-cert', file('none')], /no such file/],
      [[...good, '--client-ca', file('token')], /--client-ca .*contains no readable certificates/],
      [[...good, '--config', file('token')], /token:1:1/],
      [[...good, '--snapshot', 'ftp://host/x'], /ftp:\/\//],
      [['status', '--metrics-url', 'nowhere'], /--metrics-url: is not an address/],
    ];
    for (const [args, message] of cases) {
      const { code, stdout, stderr } = await runCli(['admit', ...args]);
      expect(stderr).toMatch(message);
      expect({ code, stdout, lines: stderr.trim().split('\n').length }).toEqual({ code: 2, stdout: '', lines: 1 });
    }
  });
});
