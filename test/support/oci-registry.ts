import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash, createPrivateKey, type KeyObject, randomUUID, sign } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tied } from './tied.ts';

export const hasRegistry = spawnSync('docker-registry', ['--version'], { stdio: 'ignore' }).status === 0;
export const HOW_REGISTRY = 'apt-get install docker-registry';

export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';

export interface Blob {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

export function digestOf(bytes: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

export function describeBlob({ bytes, mediaType, annotations }: Blob): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length, ...(annotations ? { annotations } : {}) };
}

export interface RegistryOptions {
  /** The bcrypt lines of `htpasswd -B`. */
  readonly htpasswd?: string;
  /** The registry accepts tokens that this server signed. */
  readonly tokens?: TokenServer;
}

/** Debian's docker-registry on a port of 127.0.0.1, with its own folder. */
export class RealRegistry {
  readonly host: string;
  readonly #child: ChildProcess;
  readonly #folder: string;
  /** The headers of every push. */
  authorization: string | undefined;

  private constructor(child: ChildProcess, host: string, folder: string) {
    this.#child = child;
    this.host = host;
    this.#folder = folder;
  }

  static async start(options: RegistryOptions = {}): Promise<RealRegistry> {
    const folder = mkdtempSync(join(tmpdir(), 'assay-registry-'));
    const config = join(folder, 'config.yml');
    writeFileSync(config, configOf(folder, options));
    const child = spawn(...tied('docker-registry', ['serve', config]), { stdio: ['ignore', 'ignore', 'pipe'] });
    const host = await new Promise<string>((resolve, reject) => {
      let log = '';
      child.once('error', reject);
      child.once('exit', () => reject(new Error(`docker-registry ended: ${log}`)));
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        log = `${log}${text}`.slice(-20_000);
        const port = /listening on 127\.0\.0\.1:(\d+)/.exec(log)?.[1];
        if (port !== undefined) resolve(`127.0.0.1:${port}`);
      });
    });
    return new RealRegistry(child, host, folder);
  }

  async close(): Promise<void> {
    this.#child.removeAllListeners('exit');
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Deletes a blob's bytes without the registry's knowledge. */
  lose(digest: string): void {
    const hex = digest.slice('sha256:'.length);
    const folder = join(this.#folder, 'docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex);
    rmSync(folder, { recursive: true });
  }

  async pushBlob(repository: string, bytes: Uint8Array): Promise<void> {
    const started = await this.#send('POST', `http://${this.host}/v2/${repository}/blobs/uploads/`);
    const location = new URL(started.headers.get('location') ?? '', `http://${this.host}`);
    location.searchParams.set('digest', digestOf(bytes));
    await this.#send('PUT', location.href, bytes, 'application/octet-stream');
  }

  /** @returns the digest under which the registry keeps it. */
  async pushManifest(repository: string, reference: string, manifest: object, mediaType: string): Promise<string> {
    const bytes = Buffer.from(JSON.stringify(manifest));
    await this.#send('PUT', `http://${this.host}/v2/${repository}/manifests/${reference}`, bytes, mediaType);
    return digestOf(bytes);
  }

  /** Pushes blobs and their manifest. */
  async push(
    repository: string,
    tag: string,
    layers: readonly Blob[],
    more: { readonly config?: Blob; readonly artifactType?: string } = {},
  ): Promise<string> {
    const config = more.config ?? { bytes: Buffer.from('{}'), mediaType: 'application/vnd.oci.empty.v1+json' };
    for (const { bytes } of [...layers, config]) await this.pushBlob(repository, bytes);
    return this.pushManifest(repository, tag, manifestOf(layers, config, more.artifactType), OCI_MANIFEST);
  }

  async #send(method: string, url: string, body?: Uint8Array, type?: string): Promise<Response> {
    const headers: Record<string, string> = { ...(type === undefined ? {} : { 'content-type': type }) };
    if (this.authorization !== undefined) headers.authorization = this.authorization;
    const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body: Buffer.from(body) }) });
    if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${await response.text()}`);
    await response.arrayBuffer();
    return response;
  }
}

export function manifestOf(layers: readonly Blob[], config: Blob, artifactType?: string) {
  return {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    ...(artifactType === undefined ? {} : { artifactType }),
    config: describeBlob(config),
    layers: layers.map(describeBlob),
  };
}

function configOf(folder: string, { htpasswd, tokens }: RegistryOptions): string {
  const lines = [
    'version: 0.1',
    'log: {level: info}',
    `storage: {filesystem: {rootdirectory: ${folder}}}`,
    'http: {addr: "127.0.0.1:0"}',
  ];
  if (htpasswd !== undefined) {
    writeFileSync(join(folder, 'htpasswd'), htpasswd);
    lines.push(`auth: {htpasswd: {realm: tests, path: ${join(folder, 'htpasswd')}}}`);
  }
  if (tokens !== undefined) {
    writeFileSync(join(folder, 'ca.pem'), tokens.certificate);
    const { realm } = tokens;
    const bundle = join(folder, 'ca.pem');
    lines.push(`auth: {token: {realm: "${realm}", service: tests, issuer: assay-tests, rootcertbundle: ${bundle}}}`);
  }
  return `${lines.join('\n')}\n`;
}

/** A request that a server received. */
export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

/** An HTTP server on 127.0.0.1 that answers by a function and records its requests. */
export class SmallServer {
  readonly asked: Asked[] = [];
  readonly host: string;
  readonly #server: Server;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.host = `127.0.0.1:${port}`;
  }

  static async start(answer: (asked: Asked) => Answer | Promise<Answer>): Promise<SmallServer> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const small = new SmallServer(server, address.port);
    server.on('request', async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(Buffer.from(part));
      const { method = 'GET', url = '/', headers } = request;
      const asked: Asked = { method, url, headers, body: Buffer.concat(parts).toString() };
      small.asked.push(asked);
      const { status, headers: answered, body } = await answer(asked);
      response.writeHead(status, answered ?? {}).end(body);
    });
    return small;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** A proxy of a registry: it answers itself where `rule` says so, and can change the registry's answers. */
export function startFront(
  registry: RealRegistry,
  rule: (asked: Asked, answer: () => Promise<Answer>) => Answer | Promise<Answer> | undefined,
): Promise<SmallServer> {
  return SmallServer.start(async (asked) => {
    const forward = async (): Promise<Answer> => {
      const { host: _, connection: __, ...headers } = asked.headers;
      const sent = Object.entries(headers).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, `${value}`]],
      );
      const response = await fetch(`http://${registry.host}${asked.url}`, { headers: Object.fromEntries(sent) });
      const { connection: ___, 'transfer-encoding': ____, ...answered } = Object.fromEntries(response.headers);
      return { status: response.status, headers: answered, body: new Uint8Array(await response.arrayBuffer()) };
    };
    return (await rule(asked, forward)) ?? forward();
  });
}

/** A token server of the distribution protocol: it signs what its one user can pull, and `public/...` for any client. */
export class TokenServer {
  readonly certificate: string;
  readonly #key: KeyObject;
  readonly #server: SmallServer;
  /** The lifetime of a token in seconds. */
  lifetime = 60;

  private constructor(server: SmallServer, key: KeyObject, certificate: string) {
    this.#server = server;
    this.#key = key;
    this.certificate = certificate;
  }

  static async start(login: { readonly user: string; readonly password: string; readonly identity: string }) {
    const folder = mkdtempSync(join(tmpdir(), 'assay-tokens-'));
    const [keyFile, certificateFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
    const out = ['-keyout', keyFile, '-out', certificateFile, '-subj', '/CN=assay tests'];
    execFileSync('openssl', ['req', '-x509', ...curve, ...out], { stdio: 'ignore' });
    const basic = `Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}`;
    const server = await SmallServer.start(({ method, url, headers, body }) => {
      const query = method === 'POST' ? new URLSearchParams(body) : new URL(url, 'http://x').searchParams;
      const repository = /^repository:(.+):pull$/.exec(query.get('scope') ?? '')?.[1] ?? '';
      const known = headers.authorization === basic || query.get('refresh_token') === login.identity;
      const wrong = headers.authorization !== undefined && !known;
      if (wrong || method === 'POST' ? !known : !known && !repository.startsWith('public/')) return { status: 401 };
      const token = tokens.sign(repository, ['pull']);
      return { status: 200, body: JSON.stringify(method === 'POST' ? { access_token: token } : { token }) };
    });
    const tokens = new TokenServer(
      server,
      createPrivateKey(readFileSync(keyFile)),
      readFileSync(certificateFile, 'utf8'),
    );
    rmSync(folder, { recursive: true });
    return tokens;
  }

  get realm(): string {
    return `http://${this.#server.host}/token`;
  }

  get asked(): readonly Asked[] {
    return this.#server.asked;
  }

  sign(repository: string, actions: readonly string[]): string {
    const now = Math.floor(Date.now() / 1000);
    const x5c = [this.certificate.replace(/-----[A-Z ]+-----|\s/g, '')];
    const access = [{ type: 'repository', name: repository, actions }];
    const claims = {
      iss: 'assay-tests',
      sub: 'tests',
      aud: 'tests',
      jti: randomUUID(),
      nbf: now - 5,
      iat: now,
      access,
    };
    const parts = [
      { alg: 'ES256', typ: 'JWT', x5c },
      { ...claims, exp: now + this.lifetime },
    ].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
    const signature = sign('sha256', Buffer.from(parts.join('.')), { key: this.#key, dsaEncoding: 'ieee-p1363' });
    return [...parts, signature.toString('base64url')].join('.');
  }

  close(): Promise<void> {
    return this.#server.close();
  }
}
