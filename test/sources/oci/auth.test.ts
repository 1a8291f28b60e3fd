import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Artifact } from '../../../src/core/artifact.ts';
import { parseOci } from '../../../src/core/reference/store-reference.ts';
import { hintOf, loginFor } from '../../../src/oci/auth.ts';
import { endpointOf } from '../../../src/oci/endpoint.ts';
import { checkRealm } from '../../../src/oci/realm.ts';
import { openArtifact } from '../../../src/sources/open-artifact.ts';
import { errorOf, fileOf, textOf } from '../../support/hub-harness.ts';
import {
  type Blob,
  HOW_REGISTRY,
  hasRegistry,
  RealRegistry,
  type SmallServer,
  startFront,
  TokenServer,
} from '../../support/oci-registry.ts';
import { requirePart } from '../../support/parts.ts';
import { tempFolder } from '../../support/temp.ts';

const USER = 'user';
const PASSWORD = 'pa:s3cret';
const IDENTITY = 'identity-s3cret';
const LOGIN = { auth: Buffer.from(`${USER}:${PASSWORD}`).toString('base64') };
const WRONG = { auth: Buffer.from(`${USER}:other-s3cret`).toString('base64') };
const HELLO: Blob = {
  bytes: Buffer.from('hello'),
  mediaType: 'application/octet-stream',
  annotations: { 'org.opencontainers.image.title': 'a.txt' },
};

const folder = tempFolder();
const opened: Artifact[] = [];
const fronts: SmallServer[] = [];
afterEach(async () => {
  for (const artifact of opened.splice(0)) await artifact.close();
  for (const front of fronts.splice(0)) await front.close();
});

let configs = 0;
/** An environment with this Docker config. */
function withConfig(config: unknown): NodeJS.ProcessEnv {
  const path = join(folder, `docker-${++configs}`);
  mkdirSync(path);
  writeFileSync(join(path, 'config.json'), typeof config === 'string' ? config : JSON.stringify(config));
  return { DOCKER_CONFIG: path };
}

const NOBODY: NodeJS.ProcessEnv = { DOCKER_CONFIG: '/nonexistent' };

async function open(host: string, name: string, env: NodeJS.ProcessEnv): Promise<Artifact> {
  const artifact = await openArtifact(`oci://${host}/${name}`, {
    env,
    egress: { retry: { retries: 1, firstDelayMs: 1 } },
  });
  opened.push(artifact);
  return artifact;
}

test('a foreign realm does not get the login of the registry, and the refusal states the remedy', () => {
  const endpoint = endpointOf(parseOci('oci://registry.example.com/team/model'));
  const realmOf = (text: string) => checkRealm(text, endpoint);
  const auths = { 'registry.example.com': LOGIN };
  const login = { kind: 'password', user: USER, password: PASSWORD };
  const own = loginFor(realmOf('https://auth.example.com/token'), endpoint, withConfig({ auths }));
  expect(own).toMatchObject({ login, standing: { kind: 'login' } });
  const foreign = loginFor(realmOf('https://evil.com/token'), endpoint, withConfig({ auths }));
  expect(foreign).toMatchObject({ login: undefined, standing: { kind: 'foreign-realm', realm: 'evil.com' } });
  expect(hintOf(foreign.standing, endpoint)).toContain('was not sent to evil.com, which has another domain');
  const listed = withConfig({ auths: { ...auths, 'sso.example.org': WRONG } });
  const known = loginFor(realmOf('https://sso.example.org/token'), endpoint, listed);
  expect(known).toMatchObject({ login: { user: USER, password: 'other-s3cret' }, standing: { kind: 'login' } });
  const nobody = loginFor(realmOf('https://evil.com/token'), endpoint, NOBODY);
  expect(nobody).toMatchObject({ login: undefined, standing: { kind: 'anonymous' } });
});

test('the login of Docker Hub is found under its legacy name', () => {
  const endpoint = endpointOf(parseOci('oci://docker.io/model'));
  const env = withConfig({ auths: { 'https://index.docker.io/v1/': LOGIN } });
  const { login } = loginFor(checkRealm('https://auth.docker.io/token', endpoint), endpoint, env);
  expect(login).toMatchObject({ user: USER });
});

const hasHtpasswd = spawnSync('htpasswd', ['-h'], { stdio: 'ignore' }).error === undefined;

requirePart('docker-registry', hasRegistry, HOW_REGISTRY, 'a registry with', () => {
  requirePart('htpasswd', hasHtpasswd, 'apt-get install apache2-utils', 'that requires a password', () => {
    let registry: RealRegistry;
    beforeAll(async () => {
      const htpasswd = execFileSync('htpasswd', ['-nbB', USER, PASSWORD], { encoding: 'utf8' });
      registry = await RealRegistry.start({ htpasswd });
      registry.authorization = `Basic ${LOGIN.auth}`;
      await registry.push('team/model', 'latest', [HELLO]);
    });
    afterAll(() => registry.close());

    test('is read with the login of a Docker config', async () => {
      for (const entry of [LOGIN, { username: USER, password: PASSWORD }]) {
        for (const key of [registry.host, `http://${registry.host}`, `https://${registry.host}/v1/`]) {
          const artifact = await open(registry.host, 'team/model', withConfig({ auths: { [key]: entry } }));
          expect(await textOf(artifact, 'a.txt')).toBe('hello');
        }
      }
    });

    test("is read with the login of Podman's auth.json, the most specific entry first", async () => {
      const runtime = join(folder, 'runtime');
      mkdirSync(join(runtime, 'containers'), { recursive: true });
      const auths = { [registry.host]: WRONG, [`${registry.host}/team`]: LOGIN };
      writeFileSync(join(runtime, 'containers', 'auth.json'), JSON.stringify({ auths }));
      const artifact = await open(registry.host, 'team/model', { ...NOBODY, XDG_RUNTIME_DIR: runtime });
      expect(await textOf(artifact, 'a.txt')).toBe('hello');
    });

    test.each([
      ['no config', NOBODY, 'denies public access:', 'run docker login 127.0.0.1:'],
      [
        'a login for another registry',
        () => withConfig({ auths: { 'example.com': LOGIN } }),
        'denies public access',
        'run docker login 127.',
      ],
      ['a wrong password', () => withConfig({ auths: { [registry.host]: WRONG } }), 'this login', 'docker login'],
      [
        'a login in a credential helper',
        () => withConfig({ credsStore: 'pass' }),
        'denies public access',
        'docker-credential-pass stores the login',
      ],
      [
        'a login in a credential helper of the registry',
        () => withConfig({ auths: { [registry.host]: {} }, credHelpers: { [registry.host]: 'ecr' } }),
        'denies public access',
        'docker-credential-ecr stores the login, but Assay does not run it',
      ],
    ])('is not read with %s, and the error states the remedy', async (_, env, message, hint) => {
      const error = await errorOf(open(registry.host, 'team/model', typeof env === 'function' ? env() : env));
      expect(error).toMatchObject({
        code: 'unauthorized',
        message: expect.stringContaining(message),
        hint: expect.stringContaining(hint),
      });
    });

    test.each([
      ['invalid JSON', `{"auths": {"x": {"auth": "${LOGIN.auth} s3cret`],
      ['another JSON object', { auths: ['s3cret'] }],
      ['an entry that is not a login', () => ({ auths: { [registry.host]: { auth: 'czNjcmV0' } } })],
      ['larger than the limit', `{"s3cret": "${' '.repeat(16 * 1024 * 1024)}"}`],
    ])('reports that the config is %s, without its content', async (_, config) => {
      const env = withConfig(typeof config === 'function' ? config() : config);
      const opening = openArtifact(`oci://${registry.host}/team/model`, { env });
      const error: unknown = await opening.catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: expect.stringMatching(/^(?:malformed|limit)$/) });
      expect(error).not.toHaveProperty('cause');
      expect(JSON.stringify(error)).not.toMatch(/s3cret|czNjcmV0/);
      await errorOf(opening);
    });
  });

  describe('that requires a token', () => {
    let tokens: TokenServer;
    let registry: RealRegistry;
    beforeAll(async () => {
      tokens = await TokenServer.start({ user: USER, password: PASSWORD, identity: IDENTITY });
      registry = await RealRegistry.start({ tokens });
      for (const name of ['public/model', 'private/model']) {
        registry.authorization = `Bearer ${tokens.sign(name, ['pull', 'push'])}`;
        await registry.push(name, 'latest', [HELLO, { ...HELLO, bytes: Buffer.from('other') }]);
      }
    });
    afterAll(async () => {
      await registry.close();
      await tokens.close();
    });

    async function front(rule: Parameters<typeof startFront>[1]) {
      const server = await startFront(registry, rule);
      fronts.push(server);
      return server;
    }

    test('is read anonymously if the token server allows it, with one token request', async () => {
      const before = tokens.asked.length;
      const artifact = await open(registry.host, 'public/model', NOBODY);
      expect(await textOf(artifact, 'a.txt')).toBe('hello');
      const asked = tokens.asked.slice(before);
      expect(asked).toHaveLength(1);
      const query = new URL(asked[0]?.url ?? '', 'http://x').searchParams;
      expect(Object.fromEntries(query)).toEqual({
        service: 'tests',
        scope: 'repository:public/model:pull',
        client_id: 'assay',
      });
      expect(asked[0]?.headers).not.toHaveProperty('authorization');
    });

    test('is read with a login, or with an identity token', async () => {
      for (const entry of [LOGIN, { auth: LOGIN.auth, identitytoken: IDENTITY }]) {
        const artifact = await open(registry.host, 'private/model', withConfig({ auths: { [registry.host]: entry } }));
        expect(await textOf(artifact, 'a.txt')).toBe('hello');
      }
      const [get, post] = tokens.asked.slice(-2);
      expect(get).toMatchObject({ method: 'GET', headers: { authorization: `Basic ${LOGIN.auth}` } });
      expect(post).toMatchObject({
        method: 'POST',
        url: '/token',
        body: expect.stringContaining('grant_type=refresh_token'),
      });
      expect(post?.headers).not.toHaveProperty('authorization');
    });

    test.each([
      ['an anonymous caller', () => NOBODY, 'does not give a token', 'docker login'],
      ['a wrong password', () => withConfig({ auths: { [registry.host]: WRONG } }), 'does not accept', 'docker login'],
      [
        'a wrong identity token',
        () => withConfig({ auths: { [registry.host]: { identitytoken: 'old-s3cret' } } }),
        'does not accept',
        'again',
      ],
      ['a credential helper', () => withConfig({ credsStore: 'osxkeychain' }), 'does not give a token', 'osxkeychain'],
    ])('is not read by %s', async (_, env, message, hint) => {
      const error = await errorOf(open(registry.host, 'private/model', env()));
      expect(error).toMatchObject({
        code: 'unauthorized',
        message: expect.stringContaining(message),
        hint: expect.stringContaining(hint),
      });
    });

    test('requests a new token when one expires, once for all that wait', async () => {
      const refused = new Set<string>();
      let expired = '';
      const server = await front(({ headers: { authorization = '' } }) => {
        if (authorization === '' || authorization !== expired) return undefined;
        refused.add(authorization);
        const challenge = `Bearer realm="${tokens.realm}",service="tests",error="invalid_token"`;
        return { status: 401, headers: { 'www-authenticate': challenge } };
      });
      const artifact = await open(server.host, 'public/model', NOBODY);
      expired = server.asked.at(-1)?.headers.authorization ?? '';
      const before = tokens.asked.length;
      const texts = await Promise.all(artifact.files.map(({ path }) => textOf(artifact, path)));
      expect(texts).toEqual(['hello', 'other', '{}']);
      expect([...refused]).toEqual([expired]);
      expect(tokens.asked.length - before).toBe(1);
      expired = server.asked.at(-1)?.headers.authorization ?? '';
      expect(await textOf(artifact, 'a.txt')).toBe('hello');
    });

    test('is given up when it accepts no token', async () => {
      const challenge = `Bearer realm="${tokens.realm}",service="tests"`;
      const server = await front(() => ({ status: 401, headers: { 'www-authenticate': challenge } }));
      expect((await errorOf(open(server.host, 'public/model', NOBODY))).code).toBe('unauthorized');
      expect(server.asked).toHaveLength(2);
    });

    test.each([
      ['file:///etc/passwd', 'refused'],
      ['http://10.0.0.1/token', 'refused'],
      ['http://example.com/token', 'refused'],
      ['https://user:pass@127.0.0.1/token', 'refused'],
      ['//127.0.0.1/token', 'refused'],
      ['https://10.0.0.1/token', 'refused'],
      ['https://169.254.169.254/latest/meta-data', 'refused'],
      ['https://[::ffff:10.0.0.1]/token', 'refused'],
      ['https://127.0.0.1:1/token', 'network'],
    ])('is refused with the realm %s', async (realm, code) => {
      const server = await front(() => ({
        status: 401,
        headers: { 'www-authenticate': `Bearer realm="${realm}",service="tests"` },
      }));
      const env = withConfig({ auths: { [server.host]: LOGIN } });
      expect((await errorOf(open(server.host, 'public/model', env))).code).toBe(code);
    });

    test.each([
      ['invalid JSON', 's3cret'],
      ['an answer without a token', '{}'],
      ['a token of two lines', JSON.stringify({ token: 's3cret\r\nx: y' })],
      ['a token that is too long', JSON.stringify({ token: 'x'.repeat(63_000) })],
      ['an answer that is too long', ' '.repeat(1024 * 1024)],
    ])('is not read when the token server gives %s', async (_, body) => {
      const server = await front(({ url, headers }) =>
        url.startsWith('/token')
          ? { status: 200, body }
          : { status: 401, headers: { 'www-authenticate': `Bearer realm="http://${headers.host}/token"` } },
      );
      expect(['network', 'limit']).toContain((await errorOf(open(server.host, 'public/model', NOBODY))).code);
    });

    test('is not read with an unknown challenge', async () => {
      for (const challenge of ['Negotiate', 'Bearer service="x"', '"', 'x'.repeat(8_000), '']) {
        const server = await front(() => ({ status: 401, headers: { 'www-authenticate': challenge } }));
        expect((await errorOf(open(server.host, 'public/model', NOBODY))).code).toBe('unauthorized');
        expect(server.asked).toHaveLength(1);
      }
    });

    test('refuses blobs like manifests', async () => {
      const server = await front(({ url }) => (url.includes('/blobs/') ? { status: 403 } : undefined));
      const artifact = await open(server.host, 'public/model', NOBODY);
      const error = await errorOf(fileOf(artifact, 'a.txt').open());
      expect(error).toMatchObject({ code: 'unauthorized', message: expect.stringContaining('the blob sha256:') });
    });
  });
});
