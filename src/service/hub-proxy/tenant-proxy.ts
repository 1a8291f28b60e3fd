import { createHash } from 'node:crypto';
import { join } from 'node:path';
import * as v from 'valibot';
import { isAssayError } from '../../core/index.ts';
import { isCommit } from '../../core/reference/index.ts';
import type { ServiceConfig } from '../config.ts';
import { BlobStore } from './blob-store.ts';
import { type CommitListing, Listings, type ProxyFile } from './listing.ts';
import { readJson, writeJson } from './store-json.ts';
import { openUpstream, type Upstream } from './upstream.ts';

const RefSchema = v.object({
  repo: v.string(),
  revision: v.string(),
  commit: v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/)),
});

/** The Hub proxy of one tenant: its connection to the Hub, and its own cache. */
export class TenantProxy {
  readonly upstream: Upstream;
  readonly blobs: BlobStore;
  readonly listings: Listings;
  readonly #folder: string;

  private constructor(folder: string, upstream: Upstream, blobs: BlobStore) {
    this.#folder = folder;
    this.upstream = upstream;
    this.blobs = blobs;
    this.listings = new Listings(join(folder, 'listings'), upstream);
  }

  /** @throws AssayError for credentials that cannot be read */
  static async open(config: ServiceConfig, tenant: string): Promise<TenantProxy> {
    const folder = join(config.dataFolder, 'gate', tenant);
    const blobs = await BlobStore.open(join(folder, 'blobs'), config.handOut.cacheBytes);
    return new TenantProxy(folder, await openUpstream(config, tenant), blobs);
  }

  /**
   * The commit that a revision leads to, as the Hub says; while the Hub is away, as it said last.
   * @throws AssayError `not-found`, `unauthorized`, `network`
   */
  async resolve(repo: string, revision: string): Promise<string> {
    if (isCommit(revision)) return revision;
    const name = createHash('sha256').update(`${repo}@${revision}`).digest('hex');
    const path = join(this.#folder, 'refs', `${name}.json`);
    try {
      const commit = await this.upstream.resolve(repo, revision);
      const known = await readJson(path, RefSchema);
      if (known?.commit !== commit) await writeJson(path, { repo, revision, commit });
      return commit;
    } catch (error) {
      const known = isAssayError(error) && error.code === 'network' ? await readJson(path, RefSchema) : undefined;
      if (known === undefined) throw error;
      return known.commit;
    }
  }

  /**
   * Brings a file of a commit into the cache.
   * @param ahead nobody waits for it: what is kept does not make room for it
   * @throws AssayError, ServiceError
   */
  async fetch({ repo, commit }: CommitListing, file: ProxyFile, ahead = false): Promise<void> {
    const claimed = { algorithm: file.lfs ? ('sha256' as const) : ('git-sha1' as const), hex: file.oid };
    const { path, size } = file;
    await this.blobs.fill(
      file,
      (signal) => this.upstream.download({ repo, commit, path, size, claimed }, signal),
      ahead,
    );
  }

  async close(): Promise<void> {
    await this.blobs.close();
    await this.upstream.close();
  }
}

/** The Hub proxies of all tenants that were requested. */
export class TenantProxies {
  readonly #config: ServiceConfig;
  readonly #open = new Map<string, Promise<TenantProxy>>();

  constructor(config: ServiceConfig) {
    this.#config = config;
  }

  get(tenant: string): Promise<TenantProxy> {
    const known = this.#open.get(tenant);
    if (known !== undefined) return known;
    const opening = TenantProxy.open(this.#config, tenant);
    this.#open.set(tenant, opening);
    opening.catch(() => this.#open.delete(tenant));
    return opening;
  }

  async close(): Promise<void> {
    const opened = await Promise.allSettled(this.#open.values());
    await Promise.all(opened.map((one) => (one.status === 'fulfilled' ? one.value.close() : undefined)));
  }
}
