import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openKube } from '../../../admission-webhook/src/kube/open-kube.ts';
import { freePort } from '../../support/free-port.ts';
import { hasKube, KUBE_HOW, type RunningKube, startKube } from '../../support/kube/index.ts';
import { SmallServer } from '../../support/oci-registry.ts';
import { requirePart } from '../../support/parts.ts';
import { tempFolder } from '../../support/temp.ts';

const WHO = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
const REVIEW = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
const folder = tempFolder();

function kubeconfig(cluster: unknown, user: unknown, more: Readonly<Record<string, unknown>> = {}): string {
  const file = join(folder, `config-${Math.random()}`);
  const config = {
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
    ...more,
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}

describe('the client of an API server', () => {
  it('reports an error in a kubeconfig, and how to correct it', async () => {
    const server = { server: 'https://127.0.0.1:1' };
    const cases: readonly [file: string, message: RegExp, hint?: RegExp][] = [
      [join(folder, 'none'), /no such file/],
      [kubeconfig(server, { exec: { command: 'touch', args: [join(folder, 'ran')] } }), /uses exec/, /kubectl proxy/],
      [kubeconfig(server, { 'auth-provider': { name: 'gcp' } }), /uses auth-provider/, /kubectl get .* -o json/],
      [kubeconfig(server, { as: 'root' }), /uses as,/],
      [kubeconfig({ ...server, 'insecure-skip-tls-verify': true }, {}), /insecure/, /certificate-authority/],
      [kubeconfig({ ...server, 'proxy-url': 'http://p' }, {}), /uses proxy-url/],
      [kubeconfig({ server: 'http://10.0.0.1' }, {}), /10\.0\.0\.1 is contacted without TLS/, /https/],
      [kubeconfig({ server: 'https://u:p@h' }, {}), /contains a password/],
      [kubeconfig({}, {}), /not an https:\/\/ address/],
      [kubeconfig(server, { 'client-certificate-data': 'aGk=' }), /incomplete client certificate/],
      [kubeconfig(server, { 'client-certificate-data': 'aGk=', 'client-key-data': 'aGk=' }), /cannot be used/, /PEM/],
      [kubeconfig(server, { tokenFile: 'none' }), /no such file/],
      [kubeconfig(server, { token: 'a\nb' }), /token is empty, or has invalid characters/],
      [kubeconfig(server, {}, { 'current-context': '' }), /no current context/, /use-context/],
      [kubeconfig(server, {}, { 'current-context': 'y' }), /no context y/, /it has x/],
      [kubeconfig(server, {}, { clusters: 1 }), /not a kubeconfig/],
    ];
    for (const [file, message, hint] of cases) {
      const error = await openKube({ kubeconfig: file, env: {} }).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).toMatchObject({ name: 'AssayError', message: expect.stringMatching(message) });
      if (hint !== undefined) expect(error).toMatchObject({ hint: expect.stringMatching(hint) });
    }
    // An exec plugin of a kubeconfig is not run.
    expect(() => rmSync(join(folder, 'ran'))).toThrow(/ENOENT/);
    await expect(openKube({ env: { KUBECONFIG: 'a:b' } })).rejects.toThrow(/several files/);
    await expect(openKube({ inCluster: true, env: {} })).rejects.toThrow(/does not run in a cluster/);
  });

  it('names the server, the cause and the hint when the server does not answer', async () => {
    const gone = await openKube({ kubeconfig: `http://127.0.0.1:${await freePort()}` });
    await expect(gone.get('/version')).rejects.toMatchObject({
      status: 0,
      message: expect.stringMatching(/^http:\S+ refuses the connection/),
    });
    await gone.close();
    await expect(openKube({ kubeconfig: 'http://192.168.0.1:8001' })).rejects.toThrow(/without TLS/);
  });

  it('refuses a response that is too large, too late or not JSON, and follows no redirect', async () => {
    const answers = new Map<string, () => { status: number; headers?: Record<string, string>; body?: string }>([
      ['/large', () => ({ status: 200, body: `{"a":"${'x'.repeat(33 * 1024 * 1024)}"}` })],
      ['/page', () => ({ status: 200, body: '<html>' })],
      ['/else', () => ({ status: 302, headers: { location: 'http://127.0.0.1:1/' } })],
      ['/error', () => ({ status: 500, body: `{"message":"a\\nb\\u001b[31m${'x'.repeat(5000)}"}` })],
    ]);
    const server = await SmallServer.start(({ url }) => {
      const answer = answers.get(url)?.();
      return answer ?? new Promise(() => {});
    });
    const client = await openKube({ kubeconfig: `http://${server.host}`, timeouts: { answerMs: 20_000 } });
    const hasty = await openKube({ kubeconfig: `http://${server.host}`, timeouts: { answerMs: 500 } });
    await expect(client.get('/large')).rejects.toMatchObject({ code: 'limit' });
    await expect(client.get('/page')).rejects.toMatchObject({ code: 'malformed' });
    await expect(client.get('/else')).rejects.toMatchObject({ status: 302 });
    await expect(hasty.get('/never')).rejects.toThrow(/does not answer in 0\.5 s/);
    await hasty.close();
    await expect(client.get('/never', AbortSignal.timeout(50))).rejects.toMatchObject({ code: 'aborted' });
    await expect(client.get('/error')).rejects.toThrow(
      /^http:\S+ answers 500 to GET \/error: a b \[31mx+… \(\+\d+ more\)$/,
    );
    await client.close();
    await expect(client.get('/page')).rejects.toMatchObject({ status: 0 });
    await server.close();
  });
});

requirePart('API server', hasKube, KUBE_HOW, 'the identity of the client', () => {
  let kube: RunningKube;

  beforeAll(async () => {
    kube = await startKube({ users: [{ name: 'alice' }] });
  });

  afterAll(() => kube.stop());

  async function whoIs(file: string): Promise<unknown> {
    const client = await openKube({ kubeconfig: file });
    try {
      const answer = await client.send('POST', WHO, REVIEW);
      return (answer as { status: { userInfo: { username: string } } }).status.userInfo.username;
    } finally {
      await client.close();
    }
  }

  it('is a token, a token file or a certificate', async () => {
    writeFileSync(join(kube.folder, 'alice.token'), `${kube.token('alice')}\n`);
    const { certificate, key } = kube.clientCertificate('carol', ['team']);
    writeFileSync(join(kube.folder, 'carol.crt'), certificate);
    writeFileSync(join(kube.folder, 'carol.key'), key);
    const base64 = (text: string) => Buffer.from(text).toString('base64');
    expect(await whoIs(kube.kubeconfig('alice'))).toBe('alice');
    expect(await whoIs(kube.kubeconfig({ tokenFile: 'alice.token' }))).toBe('alice');
    expect(await whoIs(kube.kubeconfig({ 'client-certificate': 'carol.crt', 'client-key': 'carol.key' }))).toBe(
      'carol',
    );
    const data = { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) };
    expect(await whoIs(kube.kubeconfig(data))).toBe('carol');
    await expect(whoIs(kube.kubeconfig({ token: 'wrong' }))).rejects.toMatchObject({
      status: 401,
      message: `${kube.server} does not accept the credentials`,
      hint: expect.stringMatching(/context tests/),
    });
  });

  it('is not sent to a server whose certificate does not verify', async () => {
    const { certificate } = kube.clientCertificate('other');
    const authority = Buffer.from(certificate).toString('base64');
    const file = kubeconfig({ server: kube.server, 'certificate-authority-data': authority }, { token: 'secret' });
    await expect(whoIs(file)).rejects.toMatchObject({
      status: 0,
      message: expect.stringMatching(/is not trusted: .*(self-signed|self signed|unable to)/),
      hint: expect.stringMatching(/certificate authority/),
    });
    const named = kubeconfig(
      {
        server: kube.server,
        'certificate-authority-data': Buffer.from(kube.ca).toString('base64'),
        'tls-server-name': 'x.y',
      },
      { token: 'secret' },
    );
    await expect(whoIs(named)).rejects.toThrow(/x\.y/);
  });

  it('is read again from the token file in a cluster when the file is replaced', async () => {
    const account = join(folder, 'account');
    mkdirSync(account);
    const write = (token: string) => writeFileSync(join(account, 'token'), token);
    writeFileSync(join(account, 'ca.crt'), kube.ca);
    write(await kube.serviceAccountToken('default', 'robot'));
    const port = new URL(kube.server).port;
    const env = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: port };
    const client = await openKube({ env, accountFolder: account });
    const who = async () => (await client.send('POST', WHO, REVIEW)) as object;
    const robot = { status: { userInfo: { username: 'system:serviceaccount:default:robot' } } };
    expect(await who()).toMatchObject(robot);
    // The token is revoked with its service account; the next one is in the same file.
    await kube.request('DELETE', '/api/v1/namespaces/default/serviceaccounts/robot');
    // The server caches a token review for ten seconds.
    const status = () =>
      who().then(
        () => 200,
        ({ status }: { status: number }) => status,
      );
    await expect.poll(status, { interval: 250 }).toBe(401);
    write(await kube.serviceAccountToken('default', 'robot'));
    expect(await who()).toMatchObject(robot);
    await client.close();
  });

  it('that lacks a right gets an error with the forbidden request and that right', async () => {
    const client = await openKube({ kubeconfig: kube.kubeconfig('alice') });
    await expect(client.get('/api/v1/namespaces/default/secrets/x')).rejects.toMatchObject({
      status: 403,
      code: 'unauthorized',
      message: expect.stringMatching(/refuses: secrets "x" is forbidden: User "alice" cannot get resource "secrets"/),
      hint: expect.stringMatching(/Role/),
    });
    await client.close();
  });
});
