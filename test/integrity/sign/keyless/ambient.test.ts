import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isAssayError } from '../../../../src/core/errors.ts';
import { createEgress, type Egress } from '../../../../src/egress/egress.ts';
import { ambientIdentity, ambientIdentityToken } from '../../../../src/integrity/sign/keyless/ambient.ts';

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly location?: string;
}

const SECRET = 'job-secret';
const seen: { url: string; headers: IncomingHttpHeaders }[] = [];
let answer: Answer = { status: 200, body: '' };
let origin = '';
let server: Server;
let egress: Egress | undefined;

beforeAll(async () => {
  server = createServer((request, response) => {
    seen.push({ url: request.url ?? '', headers: request.headers });
    response
      .writeHead(answer.status, answer.location === undefined ? {} : { location: answer.location })
      .end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise<void>((resolve) => void server.close(() => resolve())));
afterEach(async () => {
  seen.length = 0;
  await egress?.close();
});

function jwt(claims: object): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({})}.${part({ aud: 'sigstore', exp: Date.now() / 1000 + 86_400, sub: 'me', ...claims })}.x`;
}

/** An egress with the credential, as the verb creates it. */
async function tokenFrom(env: NodeJS.ProcessEnv) {
  const identity = ambientIdentity(env);
  const credentials = identity.kind === 'request' ? [identity.credential] : [];
  egress = createEgress({ env: {}, credentials, retry: { retries: 0 } });
  return ambientIdentityToken(identity, { fetch: egress.fetch });
}

async function problem(env: NodeJS.ProcessEnv): Promise<string> {
  try {
    await tokenFrom(env);
  } catch (error) {
    if (!isAssayError(error)) throw error;
    const text = `${error.code} ${error.subject}: ${error.message}; ${error.hint}`;
    expect(text).not.toContain(SECRET);
    return text;
  }
  throw new Error('was accepted');
}

const gitHub = (url = `${origin}/token?run=1&api-version=2.0`): NodeJS.ProcessEnv => ({
  GITHUB_ACTIONS: 'true',
  ACTIONS_ID_TOKEN_REQUEST_URL: url,
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: SECRET,
});

describe('the ambient identity token', () => {
  it('of GitHub Actions is requested for the audience, with the secret of the job', async () => {
    const token = jwt({});
    answer = { status: 200, body: JSON.stringify({ count: 1, value: token }) };
    expect(await tokenFrom(gitHub())).toMatchObject({ token, subject: 'me' });
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({
      url: '/token?run=1&api-version=2.0&audience=sigstore',
      headers: { authorization: `bearer ${SECRET}` },
    });
  });

  it('of GitHub Actions is not requested after a redirect, so the secret stays on its server', async () => {
    answer = { status: 307, body: '', location: `${origin.replace('127.0.0.1', 'localhost')}/elsewhere` };
    expect(await problem(gitHub())).toMatch(
      /^network http:\/\/127\.0\.0\.1:\d+\/token: GitHub Actions answers with the status 307/,
    );
    expect(seen).toHaveLength(1);
  });

  it.each<[string, Answer, RegExp]>([
    ['status 403', { status: 403, body: '{"message":"no\\nway"}' }, /^unauthorized .*status 403, and says "no way"/],
    ['status 500', { status: 500, body: '<html>' }, /^network .*status 500, and says "<html>"; try again later/],
    ['another JSON object', { status: 200, body: '{"value": 1}' }, /^network .*answers without an identity token/],
    [
      'invalid JSON',
      { status: 200, body: 'secret-token' },
      /^network [^s]*: GitHub Actions answers without an identity token/,
    ],
    ['an invalid token', { status: 200, body: '{"value": "x"}' }, /^usage GitHub Actions: is not an identity token/],
  ])('of GitHub Actions is refused after the answer: %s', async (_, given, message) => {
    answer = given;
    expect(await problem(gitHub())).toMatch(message);
  });

  it.each<[string, NodeJS.ProcessEnv, RegExp]>([
    [
      'without the permission',
      { GITHUB_ACTIONS: 'true' },
      /^usage GitHub Actions: .*; give the job "permissions: id-token: write"/,
    ],
    [
      'with the URL alone',
      { ACTIONS_ID_TOKEN_REQUEST_URL: 'https://x' },
      /_URL is set, but .*_TOKEN is not; give the job "permissions/,
    ],
    [
      'with the secret alone',
      { ACTIONS_ID_TOKEN_REQUEST_TOKEN: SECRET },
      /_TOKEN is set, but .*_URL is not; give the job "permissions/,
    ],
    [
      'with a URL without TLS',
      gitHub('http://example.org/?a=b'),
      /is not encrypted, so others on the network could read the identity token/,
    ],
    ['with an invalid URL', gitHub('x'), /ACTIONS_ID_TOKEN_REQUEST_URL: is not an address of a service/],
  ])('of GitHub Actions is refused %s', async (_, env, message) => {
    expect(await problem(env)).toMatch(message);
  });

  it('in SIGSTORE_ID_TOKEN, as on GitLab, takes precedence', async () => {
    const token = jwt({ sub: 'project_path:acme/models' });
    expect(await tokenFrom({ ...gitHub(), SIGSTORE_ID_TOKEN: token })).toMatchObject({ token });
    expect(seen).toEqual([]);
    expect(await problem({ SIGSTORE_ID_TOKEN: jwt({ aud: 'gitlab' }) })).toMatch(
      /^usage SIGSTORE_ID_TOKEN: .*"gitlab"/,
    );
  });

  it('of CircleCI is accepted only with the audience of Sigstore', async () => {
    const token = jwt({});
    expect(await tokenFrom({ CIRCLE_OIDC_TOKEN_V2: token })).toMatchObject({ token });
    expect(await problem({ CIRCLE_OIDC_TOKEN_V2: jwt({ aud: 'org-1' }) })).toMatch(
      /^usage CIRCLE_OIDC_TOKEN_V2: .*"org-1"; set SIGSTORE_ID_TOKEN to what circleci run oidc get/,
    );
  });

  it('is reported as missing, with its possible sources', async () => {
    expect(await problem({ SIGSTORE_ID_TOKEN: '' })).toMatch(
      /^usage --keyless: no identity token was given, and the environment provides none; give/,
    );
  });
});
