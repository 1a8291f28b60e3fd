import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { AUDIENCE, CLIENT, type OidcIssuer, oidcIssuer } from '../../support/oidc-issuer.ts';
import { OPERATOR, type TestService, testService } from '../../support/service.ts';
import { tempFolder } from '../../support/temp.ts';

const folder = tempFolder();
const ORIGIN = 'https://assay.example.com';
const COOKIE = '__Host-assay-session';
let issuer: OidcIssuer;
let service: TestService;

beforeAll(async () => {
  issuer = await oidcIssuer();
  service = await testService(folder, {
    config: {
      publicUrl: ORIGIN,
      oidc: {
        issuer: issuer.url,
        audience: AUDIENCE,
        clientId: CLIENT.id,
        clientSecret: CLIENT.secret,
        tenantClaim: 'tenant',
        rolesClaim: 'roles',
      },
    },
  });
  // As the pages of the console do: sends the session's forgery token with the form.
  issuer.signsIn({ sub: 'alice', tenant: 'acme', roles: ['admin'] });
});
afterAll(async () => {
  await service.close();
  await issuer.close();
});

interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly cookies: readonly { readonly name: string; readonly value: string }[];
}

function cookieOf(answer: Answer, name = COOKIE): string {
  return answer.cookies.find((cookie) => cookie.name === name)?.value ?? '';
}

function signIn(token: string, headers: Readonly<Record<string, string>> = {}) {
  return service.app.inject({
    method: 'POST',
    url: '/signin',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    payload: new URLSearchParams({ token, return_to: '/models?x=1' }).toString(),
  });
}

/** The forgery token of a session, as the session gives it to the service's pages. */
async function csrfOf(session: string): Promise<string> {
  const read = await service.app.signIn.sessions.read({ cookies: { [COOKIE]: session } } as never);
  return read?.csrf ?? '';
}

describe('signing in with an API token', () => {
  test('starts a session in a cookie that scripts and other sites cannot read', async () => {
    const answer = await signIn(await service.token(['admin']));
    expect([answer.statusCode, answer.headers.location]).toEqual([303, '/models?x=1']);
    const set = String(answer.headers['set-cookie']);
    for (const attribute of ['HttpOnly', 'Secure', 'SameSite=Lax', 'Path=/', 'Max-Age=28800'])
      expect(set).toContain(attribute);
    const headers = { cookie: `${COOKIE}=${cookieOf(answer)}` };
    expect((await service.app.inject({ url: '/v1/tokens', headers })).statusCode).toBe(200);
  });

  test('does not expose the token in the cookie', async () => {
    const token = await service.token(['admin']);
    const cookie = cookieOf(await signIn(token));
    const parts = cookie.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'));
    expect([cookie, ...parts].join()).not.toContain(token);
  });

  test('ends the session when the token is revoked', async () => {
    const { token, secret } = await service.registry.createToken(OPERATOR, { name: 'pasted', roles: ['admin'] });
    const headers = { cookie: `${COOKIE}=${cookieOf(await signIn(secret))}` };
    expect((await service.app.inject({ url: '/v1/tokens', headers })).statusCode).toBe(200);
    await service.registry.revokeToken(OPERATOR, token.id);
    expect((await service.app.inject({ url: '/v1/tokens', headers })).statusCode).toBe(401);
  });

  test('starts no session with a token that is not valid', async () => {
    const answer = await signIn(`assay_${'B'.repeat(43)}`);
    expect([answer.statusCode, cookieOf(answer)]).toEqual([401, '']);
  });

  test('cannot be triggered by another site', async () => {
    const token = await service.token(['admin']);
    for (const headers of [{ origin: 'https://evil.test' }, { 'sec-fetch-site': 'cross-site' }] as const) {
      const answer = await signIn(token, headers);
      expect([answer.statusCode, answer.json().code, cookieOf(answer)]).toEqual([403, 'cross-site', '']);
    }
    expect((await signIn(token, { origin: ORIGIN, 'sec-fetch-site': 'same-origin' })).statusCode).toBe(303);
  });

  test.each([
    '//evil.test',
    'https://evil.test/',
    '/\\evil.test',
    '\\\\evil.test',
    'javascript:alert(1)',
    '/\t/evil.test',
    '/..//evil.test',
    '/.//evil.test',
    '/%2e//evil.test',
    '/models/..//evil.test',
  ])('does not redirect to %j', async (place) => {
    const page = await service.app.inject({ url: '/signin', query: { return_to: place } });
    expect(page.body).toContain('name="return_to" value="/"');
  });

  test('escapes its input on the page', async () => {
    const page = await service.app.inject({ url: '/signin', query: { return_to: '/"><script>alert(1)</script>' } });
    expect(page.body).not.toContain('<script');
    expect(page.headers['content-security-policy']).toContain("script-src 'self'");
  });
});

describe('a session', () => {
  const request = { name: 'from-console', roles: ['viewer'] };

  test('changes data only with its forgery token and from its own site', async () => {
    const session = cookieOf(await signIn(await service.token(['admin'])));
    const csrf = await csrfOf(session);
    const other = await csrfOf(cookieOf(await signIn(await service.token(['admin']))));
    const create = (headers: Readonly<Record<string, string>>, payload: object = request) =>
      service.app.inject({
        method: 'POST',
        url: '/v1/tokens',
        headers: { cookie: `${COOKIE}=${session}`, ...headers },
        payload,
      });
    expect((await create({})).json().code).toBe('forged-request');
    expect((await create({ 'x-csrf-token': other })).json().code).toBe('forged-request');
    expect((await create({ 'x-csrf-token': csrf, origin: 'https://evil.test' })).json().code).toBe('cross-site');
    expect((await create({ 'x-csrf-token': csrf, 'sec-fetch-site': 'same-site' })).json().code).toBe('cross-site');
    expect((await create({ 'x-csrf-token': csrf, origin: ORIGIN })).statusCode).toBe(201);
    expect((await create({}, { ...request, name: 'from-form', _csrf: csrf })).statusCode).toBe(201);
  });

  test('ends on the server when its user signs out: a copied cookie is worth nothing', async () => {
    const session = cookieOf(await signIn(await service.token(['admin'])));
    const another = cookieOf(await signIn(await service.token(['admin'])));
    const asks = (cookie: string) =>
      service.app.inject({ url: '/v1/tokens', headers: { cookie: `${COOKIE}=${cookie}` } });
    expect((await asks(session)).statusCode).toBe(200);
    const answer = await service.app.inject({
      method: 'POST',
      url: '/signout',
      headers: { cookie: `${COOKIE}=${session}`, 'content-type': 'application/x-www-form-urlencoded', origin: ORIGIN },
      payload: new URLSearchParams({ _csrf: await csrfOf(session) }).toString(),
    });
    expect(answer.statusCode).toBe(303);
    expect((await asks(session)).statusCode).toBe(401);
    expect((await asks(another)).statusCode).toBe(200);
    const { items } = await service.registry.auditLog(OPERATOR, { limit: 200 });
    expect(items.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['token.used', 'session.started', 'session.ended']),
    );
  });

  test('does not replace a token that is not valid', async () => {
    const session = cookieOf(await signIn(await service.token(['admin'])));
    const headers = { cookie: `${COOKIE}=${session}`, authorization: `Bearer assay_${'C'.repeat(43)}` };
    expect((await service.app.inject({ url: '/v1/tokens', headers })).statusCode).toBe(401);
  });

  test('is refused when it was changed, truncated or made by another service', async () => {
    const session = cookieOf(await signIn(await service.token(['admin'])));
    const elsewhere = await testService(`${folder}/elsewhere`, { config: { publicUrl: ORIGIN } });
    const swapped = session.replace(/.(?=.{10}$)/, (one) => (one === 'A' ? 'B' : 'A'));
    for (const cookie of [swapped, session.slice(0, -40), 'x', '', 'a.b.c.d.e']) {
      const answer = await service.app.inject({ url: '/v1/tokens', headers: { cookie: `${COOKIE}=${cookie}` } });
      expect([answer.statusCode, answer.json().code]).toEqual([401, 'not-signed-in']);
    }
    const foreign = await elsewhere.app.inject({ url: '/v1/tokens', headers: { cookie: `${COOKIE}=${session}` } });
    expect(foreign.statusCode).toBe(401);
    await elsewhere.close();
  });

  test('is accepted by every instance with the same secret', async () => {
    const config = { publicUrl: ORIGIN, sessionSecret: 'one secret for both of them, long enough' };
    const one = await testService(`${folder}/one`, { config });
    const two = await testService(`${folder}/two`, { config });
    const principal = { tenant: 'acme', subject: 'a', issuer: 'i', roles: ['admin'], via: 'oidc' } as const;
    const cookies: string[] = [];
    const reply = { setCookie: (_name: string, value: string) => cookies.push(value) };
    await one.app.signIn.sessions.start(reply as never, { kind: 'oidc', principal });
    const headers = { cookie: `${COOKIE}=${cookies[0]}` };
    expect((await two.app.inject({ url: '/v1/tokens', headers })).statusCode).toBe(200);
    await one.close();
    await two.close();
  });

  test('ends by signing out', async () => {
    const session = cookieOf(await signIn(await service.token(['viewer'])));
    const headers = { cookie: `${COOKIE}=${session}`, 'x-csrf-token': await csrfOf(session) };
    const answer = await service.app.inject({ method: 'POST', url: '/signout', headers });
    expect([answer.statusCode, cookieOf(answer)]).toEqual([303, '']);
    expect(String(answer.headers['set-cookie'])).toContain('Expires=Thu, 01 Jan 1970');
  });
});

describe('signing in at the identity provider', () => {
  /** Follows the redirect to the provider and back, as a browser does. */
  async function goThere() {
    const begun = await service.app.inject({ url: '/signin/oidc', query: { return_to: '/queue' } });
    const login = cookieOf(begun, '__Host-assay-login');
    const authorize = new URL(String(begun.headers.location));
    const answer = await fetch(authorize, { redirect: 'manual' });
    return { login, authorize, back: new URL(String(answer.headers.get('location'))) };
  }
  const comeBack = (back: URL, login: string) =>
    service.app.inject({
      url: `${back.pathname}${back.search}`,
      headers: { cookie: `__Host-assay-login=${login}` },
    });

  test('uses PKCE and returns with a session', async () => {
    const { login, authorize, back } = await goThere();
    expect(Object.fromEntries(authorize.searchParams)).toMatchObject({
      response_type: 'code',
      client_id: CLIENT.id,
      redirect_uri: `${ORIGIN}/signin/callback`,
      code_challenge_method: 'S256',
    });
    const answer = await comeBack(back, login);
    expect([answer.statusCode, answer.headers.location]).toEqual([303, '/queue']);
    const headers = { cookie: `${COOKIE}=${cookieOf(answer)}` };
    expect((await service.app.inject({ url: '/v1/tokens', headers })).statusCode).toBe(200);
  });

  test('asks the provider for the roles again after an hour, and gives those of then', async () => {
    const start = Date.now();
    const minute = 60_000;
    const session = async () => {
      const { login, back } = await goThere();
      return { cookie: `${COOKIE}=${cookieOf(await comeBack(back, login))}` };
    };
    const read = async (headers: { readonly cookie: string }) =>
      (await service.app.inject({ url: '/v1/tokens', headers })).statusCode;
    try {
      vi.setSystemTime(start);
      const first = await session();
      expect(await read(first)).toBe(200);
      // The provider takes the role away: the session that it gave holds until its hour is over, and no longer.
      issuer.signsIn({ sub: 'alice', tenant: 'acme', roles: ['viewer'] });
      vi.setSystemTime(start + 59 * minute);
      expect(await read(first)).toBe(200);
      vi.setSystemTime(start + 61 * minute);
      expect(await read(first)).toBe(401);
      const page = await service.app.inject({
        url: '/console/tokens',
        headers: { ...first, accept: 'text/html', host: 'assay.example.com' },
      });
      expect([page.statusCode, String(page.headers.location)]).toEqual([303, expect.stringContaining('/signin')]);
      expect(await read(await session())).toBe(403);
    } finally {
      vi.useRealTimers();
      issuer.signsIn({ sub: 'alice', tenant: 'acme', roles: ['admin'] });
    }
  });

  test('refuses a code that another browser requested and a state that does not match', async () => {
    const { login, back } = await goThere();
    const other = await goThere();
    const wrongBrowser = await comeBack(back, other.login);
    expect([wrongBrowser.statusCode, wrongBrowser.json().code]).toEqual([400, 'invalid-sign-in']);
    const nobody = await service.app.inject({ url: `${back.pathname}${back.search}` });
    expect(nobody.json().code).toBe('invalid-sign-in');
    back.searchParams.set('state', 'x');
    expect((await comeBack(back, login)).json().code).toBe('invalid-sign-in');
  });

  test('continues after an answer with another state', async () => {
    const { login, back } = await goThere();
    const right = back.href;
    back.searchParams.set('state', 'x');
    const forged = await comeBack(back, login);
    expect([forged.statusCode, forged.headers['set-cookie']]).toEqual([400, undefined]);
    const answer = await comeBack(new URL(right), login);
    expect(answer.statusCode).toBe(303);
    expect(String(answer.headers['set-cookie'])).toContain('__Host-assay-login=;');
  });

  test("reports a code that the provider does not know as the caller's error", async () => {
    const { login, back } = await goThere();
    back.searchParams.set('code', 'made-up');
    const answer = await comeBack(back, login);
    expect([answer.statusCode, answer.json().code]).toEqual([400, 'invalid-sign-in']);
  });

  test('accepts a code once, and starts no session after a refusal', async () => {
    const { login, back } = await goThere();
    expect((await comeBack(back, login)).statusCode).toBe(303);
    const again = await comeBack(back, login);
    expect([again.statusCode, again.json().code, cookieOf(again)]).toEqual([400, 'invalid-sign-in', '']);
    const refused = new URL(`${ORIGIN}/signin/callback?error=access_denied&state=x`);
    expect((await comeBack(refused, login)).json().code).toBe('invalid-sign-in');
  });

  test('refuses the answer of another provider and does not forward its code', async () => {
    const { login, back } = await goThere();
    const asked = issuer.asked.get('/token');
    back.searchParams.set('iss', 'https://evil.test');
    const mixed = await comeBack(back, login);
    expect([mixed.statusCode, mixed.json().code]).toEqual([400, 'invalid-sign-in']);
    expect(issuer.asked.get('/token')).toBe(asked);
  });

  test.each([
    ['another nonce', { nonce: 'of another sign-in' }, {}],
    ['another audience', {}, { audience: 'another client' }],
    ['another issuer', {}, { issuer: 'https://evil.test' }],
    ['an expired time', {}, { expires: 1 }],
    ['an unpublished key', {}, { key: 'foreign' }],
  ] as const)('starts no session for an ID token with %s', async (_, claims, options) => {
    const { login, back } = await goThere();
    issuer.nextIdToken(claims, options);
    const answer = await comeBack(back, login);
    expect([answer.statusCode, cookieOf(answer)]).toEqual([401, '']);
  });
});

describe('the names of a service on the machine itself', () => {
  const people = { accept: 'text/html' };
  const signIn = async (local: TestService, host: string, origin: string) =>
    local.app.inject({
      method: 'POST',
      url: '/signin',
      headers: { host, origin, 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams({ token: await local.token(['viewer']) }).toString(),
    });
  let local: TestService;
  beforeAll(async () => {
    local = await testService(`${folder}/names`, { config: { publicUrl: 'http://127.0.0.1:8321' } });
  });
  afterAll(() => local.close());

  test.each(['localhost:8321', '127.0.0.1:8321', '[::1]:8321', 'localhost:9000'])('%s is one of them', async (host) => {
    expect((await local.app.inject({ url: '/signin', headers: { ...people, host } })).statusCode).toBe(200);
    expect((await signIn(local, host, `http://${host}`)).statusCode).toBe(303);
  });

  test.each([
    ['another port of the machine', '127.0.0.1:8321', 'http://localhost:3000'],
    ['another name of the machine', '127.0.0.1:8321', 'http://localhost:8321'],
    ['another site', '127.0.0.1:8321', 'https://evil.example'],
    ['a site whose name leads here', 'evil.example:8321', 'http://evil.example:8321'],
    ['a name that begins as an address', '127.0.0.1.evil.example:8321', 'http://127.0.0.1.evil.example:8321'],
  ])('a form of %s is refused', async (_, host, origin) => {
    const answer = await signIn(local, host, origin);
    expect([answer.statusCode, answer.json().code]).toEqual([403, 'cross-site']);
  });

  test.each(['evil.example:8321', 'assay.internal', '127.0.0.1.evil.example', 'localhost@evil.example', '192.0.2.7'])(
    'by the name %s a browser gets a page that says what to set, and a program its answer',
    async (host) => {
      const page = await local.app.inject({ url: '/models', headers: { ...people, host } });
      expect(page.statusCode).toBe(421);
      expect(page.headers['content-type']).toContain('text/html');
      expect(page.body).toContain('this service is configured for http://127.0.0.1:8321');
      expect(page.body).toContain('ASSAY_PUBLIC_URL');
      expect(page.body).not.toContain('Sign in');
      expect((await local.app.inject({ url: '/healthz', headers: { host } })).statusCode).toBe(200);
    },
  );

  test('a proxy in front may name any host', async () => {
    const headers = { ...people, host: 'api:8321', 'x-forwarded-for': '192.0.2.7' };
    expect((await local.app.inject({ url: '/signin', headers })).statusCode).toBe(200);
  });
});
