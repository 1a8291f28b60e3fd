import {
  array,
  nothing,
  object,
  objectOf,
  opaque,
  optionalOf,
  type Schema,
  type SchemaProperties,
  text,
  union,
} from '../../core/schema/index.ts';
import type { Routes } from '../context.ts';
import { DownloadLog } from '../downloads/index.ts';
import type { App } from '../fastify-app.ts';
import { ASKERS, principalKey } from '../http/index.ts';
import { addAccount, addElse } from './account.ts';
import { Approvals } from './approved.ts';
import { ClientLimits } from './client-limits.ts';
import { branches, modelInfo, pathEntries, treeEntries } from './documents.ts';
import { answerError, HubRefusal } from './error.ts';
import { handOut } from './hand-out.ts';
import type { CommitListing } from './listing.ts';
import { type RetentionParts, startRetention } from './retention.ts';
import { TenantProxies } from './tenant-proxy.ts';

/** `HF_ENDPOINT` of clients is this below the address of the service. */
const BASE = '/hub';
const TAGS = ['hub'];
/** Repositories are named `owner/name`; the oldest have a name alone. */
const OWNED = { owner: text('The owner', { minLength: 1, maxLength: 96 }) };
const NAMED = { name: text('The name of the model', { minLength: 1, maxLength: 96 }) };
const REVISION = { revision: text('A branch, a tag or a commit', { minLength: 1, maxLength: 255 }) };
const PATH = { '*': text('The path within the repository', { minLength: 1, maxLength: 4096 }) };

/** Clients send further parameters, which are ignored, as by the Hub. */
const Query = objectOf(
  {
    recursive: optionalOf(text('`true`: what is in folders, too')),
    blobs: optionalOf(text('`true`: sizes and digests of the files')),
  },
  { more: true, description: 'As the Hub takes it' },
);
const Info = opaque<object>({ type: 'object', description: 'A model, as the Hub describes it' });
const Entries = opaque<readonly object[]>({
  type: 'array',
  items: { type: 'object' },
  description: 'Files and folders, as the Hub lists them',
});
const Refs = opaque<object>({ type: 'object', description: 'Branches and tags, as the Hub lists them' });
const MAX_PATHS = 10_000;
const PathsSchema = objectOf(
  {
    paths: union([
      text('A path', { maxLength: 4096 }),
      array(text('A path', { maxLength: 4096 }), { maxItems: MAX_PATHS }),
    ]),
  },
  { more: true, description: 'Paths, as JSON or as a form' },
);

/** A model of many small files is one download: not requests are counted, but what is read. */
const READ = { access: ASKERS, rateLimit: false } as const;

interface Asked {
  readonly owner?: string;
  readonly name: string;
  readonly revision?: string;
  readonly '*'?: string;
}

interface Parts {
  readonly approvals: Approvals;
  readonly proxies: TenantProxies;
  readonly downloads: DownloadLog;
  readonly limits: ClientLimits;
}

/** The API of the Hub, as far as its clients need it to read models; it hands out what may run, and nothing else. */
export const hubRoutes: Routes = (app, context) => {
  const proxies = new TenantProxies(context.config);
  const downloads = new DownloadLog(context.registry);
  const limits = new ClientLimits(context.config.handOut);
  const approvals = new Approvals(context, proxies, (action) => app.metrics.decisions.inc({ action }));
  const retention = context.config.handOut.prefetch ? retain(app, { approvals, proxies, ...context }) : undefined;
  app.addHook('onClose', async () => {
    await Promise.all([retention?.close(), proxies.close()]);
  });
  app.setErrorHandler(answerError);
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    const form = new URLSearchParams(String(body));
    done(null, { paths: form.getAll('paths') });
  });

  for (const owned of [true, false]) {
    const repo = owned ? ':owner/:name' : ':name';
    const params = owned ? { ...OWNED, ...NAMED } : NAMED;
    addDocuments(app, `${BASE}/api/models/${repo}`, params, approvals);
    addFiles(app, `${BASE}/${repo}`, params, { approvals, proxies, downloads, limits });
  }

  addAccount(app, BASE);
  addElse(app, BASE);
};

function retain(app: App, parts: Omit<RetentionParts, 'warn'>): { close(): Promise<void> } {
  return startRetention({ ...parts, warn: (message) => app.log.warn({}, message) });
}

function addDocuments(app: App, base: string, repo: SchemaProperties, approvals: Approvals): void {
  const route = (params: SchemaProperties, summary: string, answer: typeof Info | typeof Entries | typeof Refs) => ({
    exposeHeadRoute: false,
    config: READ,
    schema: { tags: TAGS, summary, params: paramsOf(params), querystring: Query, response: { 200: answer } },
  });
  const told = 'What a model is, at a revision that may be handed out';
  for (const [path, params] of [
    ['', repo],
    ['/revision/:revision', { ...repo, ...REVISION }],
  ] as const) {
    app.get(`${base}${path}`, route(params, told, Info), async ({ principal, params, query }, reply) => {
      const listing = await approvals.listing(principal, repoOf(params), params.revision ?? 'main');
      reply.header('x-repo-commit', listing.commit);
      return modelInfo(listing, (query as { blobs?: string }).blobs?.toLowerCase() === 'true');
    });
  }
  for (const [path, params] of [
    ['/tree/:revision', { ...repo, ...REVISION }],
    ['/tree/:revision/*', { ...repo, ...REVISION, ...PATH }],
  ] as const) {
    app.get(`${base}${path}`, route(params, 'Its files', Entries), async ({ principal, params, query }, reply) => {
      const listing = await approvals.listing(principal, repoOf(params), params.revision ?? 'main');
      const recursive = (query as { recursive?: string }).recursive?.toLowerCase() === 'true';
      const folder = (params['*'] ?? '').replace(/\/+$/, '');
      const entries = treeEntries(listing, folder, recursive);
      if (entries === undefined) throw noEntry(listing, folder);
      reply.header('x-repo-commit', listing.commit);
      return entries;
    });
  }
  for (const [path, told] of [
    ['/refs', 'Its branches: `main`, and where it leads'],
    ['/auth-check', 'Whether it may be handed out'],
  ] as const) {
    app.get(`${base}${path}`, route(repo, told, Refs), async ({ principal, params }) => {
      const listing = await approvals.listing(principal, repoOf(params), 'main');
      return path === '/refs' ? branches(listing) : {};
    });
  }
  app.post(
    `${base}/paths-info/:revision`,
    {
      config: READ,
      schema: {
        tags: TAGS,
        summary: 'What is at some paths',
        consumes: ['application/json', 'application/x-www-form-urlencoded'],
        params: paramsOf({ ...repo, ...REVISION }),
        body: PathsSchema,
        response: { 200: Entries },
      },
    },
    async ({ principal, params, body }) => {
      const listing = await approvals.listing(principal, repoOf(params), params.revision ?? 'main');
      return pathEntries(listing, new Set([body.paths].flat()));
    },
  );
}

function addFiles(
  app: App,
  base: string,
  repo: SchemaProperties,
  { approvals, proxies, downloads, limits }: Parts,
): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: `${base}/resolve/:revision/*`,
    config: READ,
    schema: {
      tags: TAGS,
      summary: 'A file, byte for byte as it was assessed; ranges are answered',
      produces: ['application/octet-stream'],
      params: paramsOf({ ...repo, ...REVISION, ...PATH }),
      querystring: Query,
      response: { 200: text('The file'), 206: text('A part of it'), 416: nothing('It has no such part') },
    },
    async handler(request, reply) {
      const { principal } = request;
      const asked = request.params;
      const listing = await approvals.listing(principal, repoOf(asked), asked.revision ?? 'main');
      const path = asked['*'] ?? '';
      const file = listing.files.get(path);
      if (file === undefined) throw noEntry(listing, path);
      const proxy = await proxies.get(principal.tenant);
      if (request.method !== 'HEAD') {
        await downloads.tell(principal, 'model.downloaded', `hf://${listing.repo}@${listing.commit}`);
      }
      const enter = (bytes: number, signal: AbortSignal) => limits.enter(principalKey(principal), bytes, signal);
      const confirm = () => approvals.confirm(principal, listing);
      return handOut({ proxy, listing, file, enter, confirm }, request, reply);
    },
  });
}

function paramsOf(params: SchemaProperties) {
  return object(params) as Schema as Schema<Asked>;
}

function repoOf({ owner, name }: Asked): string {
  return owner === undefined ? name : `${owner}/${name}`;
}

function noEntry({ repo, commit }: CommitListing, path: string): HubRefusal {
  return new HubRefusal([404, 'no-file', 'EntryNotFound'], `${repo} has no ${path}`, { commit });
}
