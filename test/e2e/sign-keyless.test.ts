import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../cli/run-cli.ts';
import { findPython, requirePart } from '../support/parts.ts';
import {
  type SigstoreServices,
  startSigstoreServices,
  TEST_IDENTITY,
  TEST_ISSUER,
} from '../support/sigstore-services.ts';
import { tempFolder } from '../support/temp.ts';

const root = tempFolder();
const inRoot = (name: string) => join(root, name);
const model = inRoot('model');
const TOKEN_SECRET = 'the-secret-of-the-job';

let services: SigstoreServices;
let gitHub: Server;
let gitHubUrl = '';
/** The permissions of the job. */
let permitted = true;
let asked = 0;

beforeAll(async () => {
  services = await startSigstoreServices();
  writeFileSync(inRoot('root.json'), JSON.stringify(services.trustedRoot));
  mkdirSync(join(model, 'sub'), { recursive: true });
  writeFileSync(join(model, 'config.json'), '{}');
  writeFileSync(join(model, 'sub', '🎉.bin'), 'weights');
  gitHub = createServer((request, response) => {
    asked++;
    const url = new URL(request.url ?? '/', 'http://localhost');
    const known =
      request.headers.authorization === `bearer ${TOKEN_SECRET}` && url.searchParams.get('audience') === 'sigstore';
    if (!permitted || !known) return void response.writeHead(403).end('{"message":"not for this job"}');
    response.writeHead(200).end(JSON.stringify({ count: 4, value: services.token() }));
  });
  await new Promise<void>((resolve) => gitHub.listen(0, '127.0.0.1', resolve));
  gitHubUrl = `http://127.0.0.1:${(gitHub.address() as AddressInfo).port}/idtoken?api-version=2.0`;
});
afterAll(async () => {
  await services.close();
  await new Promise((resolve) => gitHub.close(resolve));
});

const addresses = () => ['--fulcio-url', services.url, '--rekor-url', services.url];
const job = () => ({
  GITHUB_ACTIONS: 'true',
  ACTIONS_ID_TOKEN_REQUEST_URL: gitHubUrl,
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: TOKEN_SECRET,
});
const whom = (identity: string, issuer = TEST_ISSUER) => ['--identity', identity, '--issuer', issuer];
const verify = (signature: string, ...trust: string[]) =>
  runCli(['verify', model, '--signature', signature, '--trusted-root', inRoot('root.json'), ...trust]);

/** A signing config, as a private instance publishes it. */
function writeConfig(name: string, logVersion: number): string {
  const validFor = { start: '2020-01-01T00:00:00Z' };
  const service = (url: string, majorApiVersion: number) => ({
    url,
    majorApiVersion,
    validFor,
    operator: 'acme.example',
  });
  const config = {
    mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json',
    caUrls: [service(services.url, 1)],
    oidcUrls: [service('https://oauth2.sigstore.dev/auth', 1)],
    rekorTlogUrls: [service(services.url, logVersion)],
    rekorTlogConfig: { selector: 'ANY' },
    tsaUrls: [service(`${services.url}/api/v1/timestamp`, 1)],
    tsaConfig: { selector: 'ANY' },
  };
  writeFileSync(inRoot(name), JSON.stringify(config));
  return inRoot(name);
}

describe('assay sign --keyless', () => {
  it('signs as the job of GitHub Actions, and prints how to verify the signature', async () => {
    const signature = inRoot('ambient.sig');
    const args = ['sign', model, '--keyless', '--signature', signature, ...addresses()];
    const { code, stdout, stderr } = await runCli(args, { env: job() });
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain(`  by           ${TEST_IDENTITY}, issued by ${TEST_ISSUER}\n`);
    expect(stdout).toContain(
      `  assay verify ${model} --signature ${signature} --identity ${TEST_IDENTITY} --issuer ${TEST_ISSUER} --trusted-root ROOT.json\n`,
    );
    expect((await verify(signature, ...whom(TEST_IDENTITY))).code).toBe(0);
    expect((await verify(signature, ...whom(`${TEST_IDENTITY}x`))).code).toBe(1);
    expect((await verify(signature, ...whom(TEST_IDENTITY, 'https://other.example'))).code).toBe(1);
  });

  it.each([
    ['a token as an argument', 'argument'],
    ['a token in a file', 'file'],
    ['a token in the environment', 'environment'],
  ])('signs with %s and a timestamp', async (_, way) => {
    const token = services.token({ sub: 'project_path:acme/models:ref_type:branch:ref:main' });
    writeFileSync(inRoot('token'), `${token}\n`);
    const options = {
      argument: ['--identity-token', token],
      file: ['--identity-token-file', inRoot('token')],
      environment: [],
    }[way];
    const signature = inRoot(`${way}.sig`);
    const args = [
      'sign',
      model,
      '--keyless',
      '--signature',
      signature,
      ...addresses(),
      '--timestamp-url',
      services.url,
    ];
    const env = way === 'environment' ? { SIGSTORE_ID_TOKEN: token } : {};
    const { code, stdout, stderr } = await runCli([...args, ...(options ?? [])], { env });
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).not.toContain(token);
    expect(JSON.parse(readFileSync(signature, 'utf8')).verificationMaterial).toMatchObject({
      timestampVerificationData: { rfc3161Timestamps: [{ signedTimestamp: expect.any(String) }] },
    });
    expect((await verify(signature, ...whom('project_path:acme/models:**'))).code).toBe(0);
  });

  it.each([1, 2])('signs through the services of a signing config, with a log of version %i', async (version) => {
    const signature = inRoot(`config-${version}.sig`);
    const config = writeConfig(`config-${version}.json`, version);
    const args = ['sign', model, '--keyless', '--signature', signature, '--signing-config', config];
    const { code, stderr } = await runCli(args, { env: job() });
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect((await verify(signature, ...whom(TEST_IDENTITY))).code).toBe(0);
  });

  it.each<[string, () => { args?: string[]; env?: NodeJS.ProcessEnv }, RegExp]>([
    [
      'no identity',
      () => ({}),
      /^assay: --keyless: no identity token was given, and the environment provides none; give --identity-token-file, set/,
    ],
    [
      'no permission',
      () => ({ env: { GITHUB_ACTIONS: 'true' } }),
      /has no permission to request .*; give the job "permissions: id-token: write"/,
    ],
    [
      'one of two permission variables',
      () => ({ env: { ...job(), ACTIONS_ID_TOKEN_REQUEST_TOKEN: '' } }),
      /_URL is set, but .*_TOKEN is not; give the job/,
    ],
    [
      'a refused job',
      () => ({ env: { ...job(), ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'x' } }),
      /GitHub Actions answers with the status 403, and says "not for this job"/,
    ],
    [
      'an expired token',
      () => ({ args: ['--identity-token', services.token({ exp: 1_600_000_000 })] }),
      /--identity-token: the identity token expired at 2020-09-13/,
    ],
    [
      'a token for another audience',
      () => ({ args: ['--identity-token', services.token({ aud: 'npm' })] }),
      /--identity-token: .*for the audience "npm"; give/,
    ],
    [
      'an invalid token',
      () => ({ args: ['--identity-token', 'abc'] }),
      /--identity-token: is not an identity token; give/,
    ],
    [
      'a missing token file',
      () => ({ args: ['--identity-token-file', 'none'] }),
      /--identity-token-file none: no such file/,
    ],
    [
      'an unreachable authority',
      () => ({ env: job(), args: ['--fulcio-url', 'http://127.0.0.1:9'] }),
      /127\.0\.0\.1:9.*: /,
    ],
    [
      'services that do not answer',
      () => ({ env: job(), args: ['--fulcio-url', `${gitHubUrl.split('?')[0]}`] }),
      /Fulcio answers with the status 403, and says "not for this job"/,
    ],
    [
      'an invalid signing config',
      () => ({ env: job(), args: ['--signing-config', inRoot('root.json')] }),
      /root\.json: is not a signing config: mediaType/,
    ],
    [
      'a log that proves no time',
      () => ({ env: job(), args: ['--signing-config', writeTimeless()] }),
      /would prove the time of the signature; add a timestamp/,
    ],
  ])('refuses to sign with %s', async (_, given, line) => {
    const { args = [], env = {} } = given();
    const services = args.includes('--signing-config') || args.includes('--fulcio-url') ? [] : addresses();
    const signature = inRoot('never.sig');
    const { code, stdout, stderr } = await runCli(
      ['sign', model, '--keyless', '--signature', signature, ...services, ...args],
      { env },
    );
    expect(stderr).toMatch(/^assay: [^\n]+\n$/);
    expect(stderr).toMatch(line);
    expect(stderr).not.toContain(TOKEN_SECRET);
    expect(stdout).toBe('');
    expect(code).toBe(2);
    expect(existsSync(signature)).toBe(false);
  });

  it('detects a missing permission before it hashes anything', async () => {
    permitted = false;
    const before = asked;
    const { code } = await runCli(['sign', inRoot('nowhere'), '--keyless', ...addresses()], { env: job() });
    permitted = true;
    expect(code).toBe(2);
    expect(asked).toBe(before + 1);
  });
});

function writeTimeless(): string {
  const path = writeConfig('timeless.json', 2);
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), tsaUrls: [] }));
  return path;
}

const python = findPython();
const isThere = python !== undefined && spawnSync(python, ['-c', 'import model_signing']).status === 0;

requirePart(
  'model-signing package of PyPI',
  isThere,
  'python3 -m venv .venv && .venv/bin/pip install -r fixtures/python/requirements-ci.txt',
  'the signature of assay sign --keyless',
  () => {
    it.each([1, 2])('verifies in the reference implementation, with a log of version %i', async (version) => {
      const config = writeConfig(`reference-${version}.json`, version);
      const trust = inRoot(`trust-${version}.json`);
      const signingConfig = JSON.parse(readFileSync(config, 'utf8'));
      writeFileSync(
        trust,
        JSON.stringify({
          mediaType: 'application/vnd.dev.sigstore.clienttrustconfig.v0.1+json',
          trustedRoot: services.trustedRoot,
          signingConfig,
        }),
      );
      const signature = inRoot(`reference-${version}.sig`);
      await runCli(['sign', model, '--keyless', '--signature', signature, '--signing-config', config], { env: job() });
      const reference = (identity: string) =>
        spawnSync(
          python ?? '',
          [
            ...['-m', 'model_signing', 'verify', 'sigstore', model, '--signature', signature],
            ...['--trust_config', trust, '--identity', identity, '--identity_provider', TEST_ISSUER],
          ],
          { encoding: 'utf8' },
        );
      expect(reference(TEST_IDENTITY)).toMatchObject({ stderr: '', stdout: 'Verification succeeded\n', status: 0 });
      expect(reference('https://github.com/evil')).toMatchObject({ status: 1 });
    });
  },
);
