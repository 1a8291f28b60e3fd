import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { serviceGround, writeFiles, writeModel } from '../cli/registry-ground.ts';
import { runCli } from '../cli/run-cli.ts';
import { tempFolder } from '../support/temp.ts';

const ONE_LINE = /^assay: [^\n]+\n$/;
const root = tempFolder();
let service: Awaited<ReturnType<typeof serviceGround>> | undefined;
let stranger: Server | undefined;

beforeAll(async () => {
  writeFiles(root);
  service = await serviceGround(root);
});
afterAll(async () => {
  await service?.close?.();
  stranger?.close();
});

function running() {
  if (service === undefined) throw new Error('the service did not start');
  return service;
}

it('the remote client signs with the service key for the holder of the token, unless the rules require a personal key', async () => {
  const { as } = running();
  expect((await as('alice', 'promote', writeModel(root, 'bert'), '--stage', 'staging', '-q')).code).toBe(0);
  const ran = await as('bob', 'approve', 'bert@1', '--stage', 'staging');
  expect(ran.stderr).toMatch(/^assay: bert@1: an approval by service does not count for staging; approve by key\n$/);
  expect(ran.code).toBe(1);
});

it('the remote client refuses actions that a token does not allow', async () => {
  const { as } = running();
  expect((await as('alice', 'promote', writeModel(root, 'roberta'), '--stage', 'staging', '-q')).code).toBe(0);
  for (const args of [
    ['approve', 'roberta@1', '--stage', 'staging', '--key', 'bob.pem'],
    ['reject', 'roberta@1'],
    ['quarantine', 'roberta@1', '--reason', 'no'],
    ['audit-log', 'verify'],
  ]) {
    const ran = await as('victor', ...args);
    expect(ran.stderr, args.join(' ')).toMatch(ONE_LINE);
    expect(ran.stderr).toContain('this needs one of the roles');
    expect(ran.code).toBe(1);
  }
});

it('the remote client accepts no other approver name and no local key file', async () => {
  for (const [option, value] of [
    ['--as', 'root'],
    ['--trust', 'trust.yaml'],
    ['--rules', 'rules.yaml'],
  ] as const) {
    const ran = await running().as('bob', 'models', option, value);
    expect(ran.stderr).toMatch(new RegExp(`^assay: ${option}: needs a registry on this machine`));
    expect(ran.code).toBe(2);
  }
});

it('the remote client reports a wrong address or token in one line and sends no token to a wrong address', async () => {
  const { url } = running();
  const token = 'assay_secret-of-somebody';
  stranger = createServer((_, response) => response.end('{"hello": 1}')).listen(0, '127.0.0.1');
  await once(stranger, 'listening');
  const other = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}`;
  writeFileSync(join(root, 'empty'), '\n');
  const cases: readonly (readonly [NodeJS.ProcessEnv, readonly string[], RegExp])[] = [
    [{ ASSAY_URL: url, ASSAY_TOKEN: token }, [], /the token is unknown, expired or revoked; check ASSAY_TOKEN/],
    [{ ASSAY_URL: url }, [], /ASSAY_TOKEN: there is no token for the service; /],
    [{ ASSAY_URL: url }, ['--token-file', 'empty'], /--token-file empty: there is no token for the service; /],
    [{ ASSAY_URL: url, ASSAY_TOKEN: 'two words' }, [], /ASSAY_TOKEN: is not a token; /],
    [{ ASSAY_URL: 'assay.example', ASSAY_TOKEN: token }, [], /ASSAY_URL: is not an address of a service; /],
    [{ ASSAY_TOKEN: token }, ['--url', other], /answers with an unexpected document: /],
    [{ ASSAY_TOKEN: token }, ['--url', `${url}/nothing`], /^assay: http/],
  ];
  for (const [env, args, message] of cases) {
    const ran = await runCli(['models', ...args], { cwd: root, env });
    expect(ran.stderr).toMatch(message);
    expect(ran.stderr).toMatch(ONE_LINE);
    expect(ran.stderr).not.toContain('secret');
    expect(ran.code, ran.stderr).toBe(2);
  }
});
