import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { type Content, contentOf, gitSha1Of, sha256Of } from './fake-content.ts';

export interface FakeFile {
  readonly path: string;
  readonly content: Content;
  readonly lfs: boolean;
  /** The size and digest in the listing, correct or not. */
  readonly oid: string;
  readonly size: number;
  /** What the scanners of the Hub found, as its API says it. */
  readonly security?: unknown;
}

export interface FakeRepo {
  readonly name: string;
  gated: boolean;
  private: boolean;
  /** Branches, tags and `refs/pr/N`, each with its commit. */
  readonly refs: Map<string, string>;
  readonly commits: Map<string, readonly FakeFile[]>;
  /** Adds a commit and moves a branch to it. */
  commit(files: readonly FakeFile[], branch?: string): string;
}

export interface SeenRequest {
  readonly server: 'hub' | 'cdn' | 'foreign';
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  /** The number of body bytes sent. */
  sent: number;
}

/** A defect of a response. */
export type Fault =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }
  | { readonly truncateAt: number }
  | { readonly delayMs: number }
  | { readonly waitsFor: Promise<void> }
  | { readonly corrupt: true }
  /** Another length, total and in ranges, than in the listing. */
  | { readonly totalBytes: number }
  | { readonly etag: string }
  | { readonly ignoreRange: true }
  | { readonly reset: true };

export interface FakeHubOptions {
  readonly token?: string;
  readonly pageSize?: number;
}

/** Creates a file as the Hub lists it. `announced` replaces values of the listing. */
export function fakeFile(
  path: string,
  bytes: Content | Uint8Array | string,
  options: { lfs?: boolean; oid?: string; size?: number; security?: unknown } = {},
): FakeFile {
  const content =
    typeof bytes === 'object' && 'slice' in bytes && !(bytes instanceof Uint8Array) ? bytes : contentOf(bytes);
  const lfs = options.lfs ?? false;
  const oid = options.oid ?? (lfs ? sha256Of(content) : gitSha1Of(content));
  const { security } = options;
  return {
    path,
    content,
    lfs,
    oid,
    size: options.size ?? content.size,
    ...(security === undefined ? {} : { security }),
  };
}

/**
 * The Hub's API on loopback, as `@huggingface/hub` and Python's `huggingface_hub` use it, with its content delivery
 * network and a foreign host as separate servers.
 */
export class FakeHub {
  readonly requests: SeenRequest[] = [];
  /** The address of the next page of a listing, in place of this server. */
  nextPageOrigin: string | undefined;
  /** Runs before a request is answered. */
  onRequest: ((request: SeenRequest) => void) | undefined;
  readonly #repos = new Map<string, FakeRepo>();
  readonly #faults: { match: RegExp; fault: Fault; left: number }[] = [];
  readonly #servers = new Map<SeenRequest['server'], Server>();
  readonly #options: FakeHubOptions;
  /** Part of every signed address; an address with another value has expired. */
  #signature = 1;

  private constructor(options: FakeHubOptions) {
    this.#options = options;
  }

  static async start(options: FakeHubOptions = {}): Promise<FakeHub> {
    const hub = new FakeHub(options);
    for (const name of ['hub', 'cdn', 'foreign'] as const) {
      const server = createServer((request, response) => void hub.#serve(name, request, response));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      hub.#servers.set(name, server);
    }
    return hub;
  }

  origin(name: SeenRequest['server']): string {
    const address = this.#servers.get(name)?.address();
    if (typeof address !== 'object' || address === null) throw new Error(`no server ${name}`);
    return `http://127.0.0.1:${address.port}`;
  }

  get endpoint(): string {
    return this.origin('hub');
  }

  repo(name: string): FakeRepo {
    const repo: FakeRepo = {
      name,
      gated: false,
      private: false,
      refs: new Map(),
      commits: new Map(),
      commit(files, branch = 'main') {
        const sha = createHash('sha1')
          .update(`${name} ${repo.commits.size} ${JSON.stringify(files.map((f) => [f.path, f.oid]))}`)
          .digest('hex');
        repo.commits.set(sha, files);
        repo.refs.set(branch, sha);
        return sha;
      },
    };
    this.#repos.set(name, repo);
    return repo;
  }

  /** The ETag under which the content delivery network serves a file of the main branch. */
  etagOf(repo: FakeRepo, path: string): string {
    const file = repo.commits.get(repo.refs.get('main') ?? '')?.find((one) => one.path === path);
    if (file === undefined) throw new Error(`no ${path}`);
    return cdnEtag(file);
  }

  /** The next `times` responses to requests whose `METHOD server:path` matches have the defect. */
  fail(match: RegExp, fault: Fault, times = Number.POSITIVE_INFINITY): void {
    this.#faults.push({ match, fault, left: times });
  }

  heal(): void {
    this.#faults.length = 0;
  }

  /** Makes every issued address of the content delivery network expire. */
  expireLinks(): void {
    this.#signature++;
  }

  sentBy(server: SeenRequest['server']): number {
    return this.requests.filter((request) => request.server === server).reduce((sum, request) => sum + request.sent, 0);
  }

  async close(): Promise<void> {
    for (const server of this.#servers.values()) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  async #serve(server: SeenRequest['server'], request: IncomingMessage, response: ServerResponse): Promise<void> {
    const seen: SeenRequest = {
      server,
      method: request.method ?? '',
      url: request.url ?? '',
      headers: request.headers,
      sent: 0,
    };
    this.requests.push(seen);
    this.onRequest?.(seen);
    const faults = this.#faultsFor(seen);
    for (const fault of faults) {
      if ('delayMs' in fault) await delay(fault.delayMs);
      if ('waitsFor' in fault) await fault.waitsFor;
      if ('reset' in fault) return void request.socket.destroy();
      if ('status' in fault) {
        response.writeHead(fault.status, fault.headers ?? {});
        return void response.end(fault.body ?? '');
      }
    }
    const url = new URL(seen.url, this.origin(server));
    if (server === 'hub') return this.#hub(seen, url, request, response, faults);
    if (server === 'cdn') return this.#cdn(seen, url, response, faults);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end('[]');
  }

  #faultsFor(seen: SeenRequest): Fault[] {
    const found: Fault[] = [];
    for (const entry of this.#faults) {
      if (entry.left <= 0 || !entry.match.test(`${seen.method} ${seen.server}:${seen.url}`)) continue;
      entry.left--;
      found.push(entry.fault);
    }
    return found;
  }

  async #hub(
    seen: SeenRequest,
    url: URL,
    request: IncomingMessage,
    response: ServerResponse,
    faults: Fault[],
  ): Promise<void> {
    const api = /^\/api\/models\/((?:[^/]+\/)?[^/]+?)(?:\/(revision|tree|paths-info)\/([^/]+))?$/.exec(url.pathname);
    const resolve = /^\/((?:[^/]+\/)?[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(url.pathname);
    const repo = this.#repos.get(api?.[1] ?? resolve?.[1] ?? '');
    const authorization = seen.headers.authorization;
    const token = this.#options.token === undefined ? undefined : `Bearer ${this.#options.token}`;
    if (authorization !== undefined && authorization !== token)
      return error(response, 401, '', 'Invalid username or password.');
    if (repo === undefined || (repo.private && authorization === undefined)) {
      return error(response, authorization === undefined ? 401 : 404, 'RepoNotFound', 'Repository not found');
    }
    const revision = decodeURIComponent(api?.[3] ?? resolve?.[2] ?? 'main');
    const commit = repo.refs.get(revision === 'HEAD' ? 'main' : revision) ?? revision;
    const files = repo.commits.get(commit);
    if (files === undefined) return error(response, 404, 'RevisionNotFound', `Invalid rev id: ${revision}`);
    if (api?.[2] === 'tree') return this.#tree(url, files, response);
    if (api?.[2] === 'paths-info') return json(response, pathsInfo(files, await bodyText(request)));
    if (api !== null) return json(response, modelInfo(repo, commit, files));
    if (repo.gated && authorization === undefined)
      return error(response, 401, 'GatedRepo', 'Access to this model is restricted.');
    const path = decodeURIComponent(resolve?.[3] ?? '');
    const file = files.find((one) => one.path === path);
    if (file === undefined) return error(response, 404, 'EntryNotFound', 'Entry not found');
    response.setHeader('x-repo-commit', commit);
    if (!file.lfs) return send(seen, response, file, `"${file.oid}"`, faults);
    response.setHeader('x-linked-etag', `"${file.oid}"`);
    response.setHeader('x-linked-size', String(file.size));
    const place = `${encodeURIComponent(repo.name)}/${commit}/${encodeURIComponent(path)}`;
    response.writeHead(302, { location: `${this.origin('cdn')}/${place}?signature=${this.#signature}` });
    response.end();
  }

  async #cdn(seen: SeenRequest, url: URL, response: ServerResponse, faults: Fault[]): Promise<void> {
    const [repo = '', commit = '', path = ''] = url.pathname.slice(1).split('/').map(decodeURIComponent);
    const file = this.#repos
      .get(repo)
      ?.commits.get(commit)
      ?.find((one) => one.path === path);
    if (url.searchParams.get('signature') !== String(this.#signature))
      return error(response, 403, '', 'Request has expired');
    if (file === undefined) return error(response, 404, '', 'NoSuchKey');
    return send(seen, response, file, cdnEtag(file), faults);
  }

  #tree(url: URL, files: readonly FakeFile[], response: ServerResponse): void {
    const pageSize = this.#options.pageSize ?? 1000;
    const entries = [
      ...folders(files),
      ...files.map((file) => treeEntry(file, url.searchParams.get('expand') === 'true')),
    ];
    const cursor = Number(url.searchParams.get('cursor') ?? 0);
    if (cursor + pageSize < entries.length) {
      const next = new URL(url);
      next.searchParams.set('cursor', String(cursor + pageSize));
      const origin = this.nextPageOrigin ?? this.endpoint;
      response.setHeader('link', `<${origin}${next.pathname}${next.search}>; rel="next"`);
    }
    json(response, entries.slice(cursor, cursor + pageSize));
  }
}

function cdnEtag(file: FakeFile): string {
  return `"cdn-${file.oid.slice(0, 16)}"`;
}

function treeEntry(file: FakeFile, expand: boolean) {
  const pointer = createHash('sha1').update(file.oid).digest('hex');
  const lfs = { oid: file.oid, size: file.size, pointerSize: 134 };
  return {
    type: 'file',
    oid: file.lfs ? pointer : file.oid,
    size: file.size,
    path: file.path,
    ...(file.lfs ? { lfs } : {}),
    ...(expand ? { securityFileStatus: file.security ?? null } : {}),
  };
}

function folders(files: readonly FakeFile[]) {
  const names = new Set(
    files.flatMap(({ path }) =>
      path
        .split('/')
        .slice(0, -1)
        .map((_, i, parts) => parts.slice(0, i + 1).join('/')),
    ),
  );
  return [...names].map((path) => ({
    type: 'directory',
    oid: createHash('sha1').update(path).digest('hex'),
    size: 0,
    path,
  }));
}

function pathsInfo(files: readonly FakeFile[], body: string) {
  const asked: unknown = JSON.parse(body);
  const paths =
    typeof asked === 'object' && asked !== null && 'paths' in asked && Array.isArray(asked.paths) ? asked.paths : [];
  return files.filter((file) => paths.includes(file.path)).map((file) => treeEntry(file, false));
}

function modelInfo(repo: FakeRepo, commit: string, files: readonly FakeFile[]) {
  return {
    _id: '0123456789abcdef01234567',
    id: repo.name,
    modelId: repo.name,
    sha: commit,
    private: repo.private,
    gated: repo.gated ? 'auto' : false,
    disabled: false,
    downloads: 1,
    likes: 0,
    lastModified: '2026-01-01T00:00:00.000Z',
    createdAt: '2026-01-01T00:00:00.000Z',
    tags: [],
    siblings: files.map((file) => ({ rfilename: file.path })),
  };
}

async function send(
  seen: SeenRequest,
  response: ServerResponse,
  file: FakeFile,
  ownEtag: string,
  faults: Fault[],
): Promise<void> {
  const find = <K extends string>(key: K) =>
    faults.find((fault): fault is Extract<Fault, Record<K, unknown>> => key in fault);
  const total = find('totalBytes')?.totalBytes ?? file.content.size;
  const etag = find('etag')?.etag ?? ownEtag;
  const range = /^bytes=(\d+)-(\d*)$/.exec(seen.headers.range ?? '');
  const fresh = seen.headers['if-range'] === undefined || seen.headers['if-range'] === etag;
  const ranged = range !== null && fresh && find('ignoreRange') === undefined;
  const start = ranged ? Number(range[1]) : 0;
  const end = ranged && range[2] !== '' ? Math.min(Number(range[2]) + 1, total) : total;
  if (etag !== '') response.setHeader('etag', etag);
  response.setHeader('accept-ranges', 'bytes');
  if (ranged && start >= total) {
    response.writeHead(416, { 'content-range': `bytes */${total}` });
    return void response.end();
  }
  response.setHeader('content-length', end - start);
  if (ranged) response.setHeader('content-range', `bytes ${start}-${end - 1}/${total}`);
  response.writeHead(ranged ? 206 : 200, { 'content-type': 'application/octet-stream' });
  if (seen.method === 'HEAD') return void response.end();
  const stop = Math.min(end, start + (find('truncateAt')?.truncateAt ?? Number.POSITIVE_INFINITY));
  for (let at = start; at < stop && !response.destroyed; ) {
    const chunk = Buffer.from(
      file.content.slice(Math.min(at, file.content.size), Math.min(at + 65_536, stop, file.content.size)),
    );
    const bytes = chunk.length > 0 ? chunk : Buffer.alloc(Math.min(65_536, stop - at));
    if (find('corrupt') !== undefined && at === start) bytes[0] = (bytes[0] ?? 0) ^ 0xff;
    at += bytes.length;
    seen.sent += bytes.length;
    if (!response.write(bytes)) await drained(response);
  }
  if (stop < end) response.destroy();
  else response.end();
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}

function error(response: ServerResponse, status: number, code: string, message: string): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    ...(code === '' ? {} : { 'x-error-code': code }),
    'x-error-message': message,
  });
  response.end(JSON.stringify({ error: message }));
}

async function bodyText(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}
