import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { generateKeyPair, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { AUDIENCE, CLIENT, type OidcIssuer, oidcIssuer } from '../../support/oidc-issuer.ts';
import { OPERATOR, type TestService, testService } from '../../support/service.ts';
import { tempFolder } from '../../support/temp.ts';

const folder = tempFolder();
let issuer: OidcIssuer;
let service: TestService;

beforeAll(async () => {
  issuer = await oidcIssuer();
  const oidc = {
    issuer: issuer.url,
    audience: AUDIENCE,
    clientId: CLIENT.id,
    clientSecret: CLIENT.secret,
    tenantClaim: 'tenant',
    rolesClaim: 'roles',
  };
  service = await testService(folder, { config: { oidc } });
});
afterAll(async () => {
  await service.close();
  await issuer.close();
});

/** Requests the tokens of the tenant, which only admins can list. */
async function ask(authorization: string | undefined) {
  const headers = authorization === undefined ? {} : { authorization };
  const response = await service.app.inject({ url: '/v1/tokens', headers });
  return { status: response.statusCode, code: response.json().code, headers: response.headers, body: response.json() };
}

describe('API tokens', () => {
  test('authenticate a caller with the role', async () => {
    expect((await ask(`Bearer ${await service.token(['admin'])}`)).status).toBe(200);
    expect(await ask(`Bearer ${await service.token(['viewer', 'reviewer'])}`)).toMatchObject({
      status: 403,
      code: 'missing-role',
    });
  });

  test('are requested by a challenge when the caller sends none', async () => {
    const { status, code, headers } = await ask(undefined);
    expect([status, code, headers['www-authenticate']]).toEqual([401, 'not-signed-in', 'Bearer realm="assay"']);
  });

  test.each([
    ['unknown', `Bearer assay_${'A'.repeat(43)}`],
    ['of another form', 'Bearer assay_short'],
    ['of another scheme', 'Basic YTpi'],
    ['empty', 'Bearer '],
    ['written with a space', 'Bearer assay_a b'],
    ['too long', `Bearer assay_${'A'.repeat(9000)}`],
  ])('that are %s are refused', async (_name, authorization) => {
    expect(await ask(authorization)).toMatchObject({ status: 401, code: 'invalid-token' });
  });

  test('that are revoked or expired are refused', async () => {
    const { token, secret } = await service.registry.createToken(OPERATOR, { name: 'gone', roles: ['admin'] });
    expect((await ask(`Bearer ${secret}`)).status).toBe(200);
    const expiresAt = new Date(Date.now() + 600_000);
    const soon = await service.registry.createToken(OPERATOR, { name: 'soon', roles: ['admin'], expiresAt });
    expect((await ask(`Bearer ${soon.secret}`)).status).toBe(200);
    await service.registry.revokeToken(OPERATOR, token.id);
    expect(await ask(`Bearer ${secret}`)).toMatchObject({ status: 401, code: 'invalid-token' });
    vi.setSystemTime(expiresAt.getTime() + 1);
    try {
      expect(await ask(`Bearer ${soon.secret}`)).toMatchObject({ status: 401, code: 'invalid-token' });
    } finally {
      vi.useRealTimers();
    }
  });

  test('are created, listed without their secret, and revoked, within the own tenant only', async () => {
    const headers = { authorization: `Bearer ${await service.token(['admin'], 'acme')}` };
    const body = { name: 'ci', roles: ['submitter'], expiresAt: new Date(Date.now() + 3_600_000).toISOString() };
    const created = await service.app.inject({ method: 'POST', url: '/v1/tokens', headers, payload: body });
    expect(created.statusCode).toBe(201);
    const { token, secret } = created.json();
    const listed = await service.app.inject({ url: '/v1/tokens', headers });
    expect(listed.json().items.map((one: { name: string }) => one.name)).toContain('ci');
    expect(listed.body).not.toContain(secret);

    const other = { authorization: `Bearer ${await service.token(['admin'])}` };
    const url = `/v1/tokens/${token.id}`;
    const foreign = await service.app.inject({ method: 'DELETE', url, headers: other });
    expect([foreign.statusCode, foreign.json().code]).toEqual([404, 'not-found']);
    expect((await ask(other.authorization)).body.items.map((one: { name: string }) => one.name)).not.toContain('ci');

    const revoked = await service.app.inject({ method: 'DELETE', url, headers });
    expect([revoked.statusCode, revoked.json().revokedAt !== null]).toEqual([200, true]);
    const again = await service.app.inject({ method: 'DELETE', url, headers });
    expect([again.statusCode, again.json().code]).toEqual([409, 'ended']);
    const taken = await service.app.inject({ method: 'POST', url: '/v1/tokens', headers, payload: body });
    expect([taken.statusCode, taken.json().code]).toEqual([409, 'conflict']);
  });
});

describe('tokens of the identity provider', () => {
  test('authenticate a caller with the role in the tenant that they name', async () => {
    const admin = await issuer.token({ roles: ['admin', 'someone-elses-role'] });
    expect((await ask(`Bearer ${admin}`)).status).toBe(200);
    expect(await ask(`Bearer ${await issuer.token()}`)).toMatchObject({ status: 403, code: 'missing-role' });
    expect(await ask(`Bearer ${await issuer.token({ roles: [] })}`)).toMatchObject({ status: 403 });
    const metrics = { url: '/metrics', headers: { authorization: `Bearer ${admin}` } };
    expect((await service.app.inject(metrics)).json().code).toBe('operator-only');
  });

  test('accept roles as a single string', async () => {
    expect((await ask(`Bearer ${await issuer.token({ roles: 'openid admin' })}`)).status).toBe(200);
  });

  const past = Math.floor(Date.now() / 1000) - 120;
  test.each<[string, string, () => Promise<string> | string]>([
    ['expired', 'expired-token', () => issuer.token({ roles: ['admin'] }, { expires: past })],
    ['without an expiry', 'invalid-token', () => issuer.token({ roles: ['admin'] }, { expires: null })],
    ['not valid yet', 'invalid-token', () => issuer.token({ roles: ['admin'], nbf: past + 600 })],
    ['for another audience', 'invalid-token', () => issuer.token({ roles: ['admin'] }, { audience: 'another' })],
    ['issued for the console', 'invalid-token', () => issuer.token({ roles: ['admin'] }, { audience: CLIENT.id })],
    ['from another issuer', 'invalid-token', () => issuer.token({ roles: ['admin'] }, { issuer: 'http://evil.test' })],
    [
      'signed with another key',
      'invalid-token',
      async () => issuer.token({ roles: ['admin'] }, { key: (await generateKeyPair('ES256')).privateKey }),
    ],
    ['signed with an unknown key', 'invalid-token', () => issuer.token({ roles: ['admin'] }, { kid: 'k9' })],
    [
      'signed with HS256',
      'invalid-token',
      () => issuer.token({ roles: ['admin'] }, { alg: 'HS256', key: new Uint8Array(32) }),
    ],
    [
      'unsigned (alg none)',
      'invalid-token',
      () =>
        new UnsecuredJWT({ roles: ['admin'], tenant: 'acme' })
          .setSubject('alice')
          .setIssuer(issuer.url)
          .setAudience(AUDIENCE)
          .setExpirationTime('5m')
          .encode(),
    ],
    ['without a subject', 'invalid-token', () => issuer.token({ roles: ['admin'], sub: '' })],
    ['without a tenant', 'invalid-token', () => issuer.token({ roles: ['admin'], tenant: undefined })],
    ['from a tenant that is a path', 'invalid-token', () => issuer.token({ roles: ['admin'], tenant: '../x' })],
    ['not a JWT', 'invalid-token', () => 'eyJhbGciOiJFUzI1NiJ9.x.y'],
    ['tampered with', 'invalid-token', async () => tampered(await issuer.token({ roles: ['viewer'] }))],
  ])('that are %s are refused', async (_name, code, make) => {
    expect(await ask(`Bearer ${await make()}`)).toMatchObject({ status: 401, code });
  });

  test("are refused when they are signed with the issuer's public key as a shared secret", async () => {
    const { keys } = (await (await fetch(`${issuer.url}/keys`)).json()) as { keys: JsonWebKey[] };
    const [jwk] = keys;
    const pem = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    for (const secret of [pem.toString(), JSON.stringify(jwk)]) {
      const key = new TextEncoder().encode(secret);
      const token = await issuer.token({ roles: ['admin'] }, { alg: 'HS256', key });
      expect(await ask(`Bearer ${token}`)).toMatchObject({ status: 401, code: 'invalid-token' });
    }
  });

  test("share one fetch of the issuer's keys", () => {
    expect(issuer.asked.get('/keys')).toBeLessThanOrEqual(3);
    expect(issuer.asked.get('/.well-known/openid-configuration')).toBe(1);
  });

  test("verify with the issuer's new key after a rotation, and no longer with the old key", async () => {
    const old = await issuer.token({ roles: ['admin'] });
    await issuer.rotate();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 31_000 });
    try {
      expect((await ask(`Bearer ${await issuer.token({ roles: ['admin'] })}`)).status).toBe(200);
      expect(await ask(`Bearer ${old}`)).toMatchObject({ status: 401, code: 'invalid-token' });
    } finally {
      vi.useRealTimers();
    }
  });
});

test('an identity provider that does not answer makes the service unavailable to its users only', async () => {
  const away = await testService(`${folder}/away`, {
    config: {
      oidc: {
        issuer: 'http://127.0.0.1:1',
        audience: AUDIENCE,
        clientId: null,
        clientSecret: null,
        tenantClaim: 'tenant',
        rolesClaim: 'roles',
      },
    },
  });
  const asks = (token: string) => away.app.inject({ url: '/v1/tokens', headers: { authorization: `Bearer ${token}` } });
  const refused = await asks(await issuer.token());
  expect([refused.statusCode, refused.json().code]).toEqual([503, 'issuer-unavailable']);
  expect(refused.headers['retry-after']).toBe('5');
  expect((await asks(await away.token(['admin']))).statusCode).toBe(200);
  // A token of no known issuer is refused without a request to any issuer.
  for (const token of ['x', 'a.b.c', `${Buffer.from('{"alg":"HS256"}').toString('base64url')}.e30.x`])
    expect((await asks(token)).statusCode).toBe(401);
  await away.close();
});

function tampered(token: string): string {
  const [head = '', body = '', signature = ''] = token.split('.');
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString());
  return [head, Buffer.from(JSON.stringify({ ...claims, roles: ['admin'] })).toString('base64url'), signature].join(
    '.',
  );
}
