import { sleep } from '../../core/index.ts';
import type { Principal, Registry } from '../../registry/index.ts';
import { messageOf } from '../problems/index.ts';
import type { Approvals } from './approved.ts';
import type { CommitListing } from './listing.ts';
import type { TenantProxies, TenantProxy } from './tenant-proxy.ts';

const POLL_MS = 5_000;
const AGAIN_MS = 60_000;
const PAGE = 200;
/** Entries of the audit log after which other commits may be approved. */
const RELEVANT = /^(?:transition|approval|decision|version|waiver|tests|suite)\./;

export interface RetentionParts {
  readonly registry: Pick<Registry, 'tenants' | 'auditSince' | 'auditHead'>;
  readonly approvals: Pick<Approvals, 'allowedCommits' | 'filesOf'>;
  readonly proxies: TenantProxies;
  /** Told what could not be fetched, and why. */
  readonly warn: (message: string) => void;
}

/** Keeps every commit that may be served in the cache, before a client asks for it: a Hub that is away then stops nobody. */
export function startRetention(parts: RetentionParts): { close(): Promise<void> } {
  const stop = new AbortController();
  /** Of each tenant, how far its audit log was read. */
  const seen = new Map<string, number>();
  const done = run();
  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      const pause = await look(parts, seen, stop.signal).then(
        (isWhole) => (isWhole ? POLL_MS : AGAIN_MS),
        (error: unknown) => {
          parts.warn(`approved models cannot be fetched ahead: ${messageOf(error)}`);
          return AGAIN_MS;
        },
      );
      await sleep(pause, stop.signal);
    }
  }
  return {
    async close() {
      stop.abort();
      await done;
    },
  };
}

/** @returns whether everything is in the cache that should be */
async function look(parts: RetentionParts, seen: Map<string, number>, signal: AbortSignal): Promise<boolean> {
  let isWhole = true;
  for (const tenant of await parts.registry.tenants()) {
    const by: Principal = { tenant, subject: 'assay', issuer: null, roles: ['viewer'], via: 'local' };
    const from = seen.get(tenant);
    const { head, isNew } = from === undefined ? await firstHead(parts, by) : await changesSince(parts, by, from);
    if (isNew && !(await fetchAhead(parts, by, signal))) {
      // It is tried again, also when nothing else happens.
      seen.delete(tenant);
      isWhole = false;
    } else seen.set(tenant, head);
    if (signal.aborted) break;
  }
  return isWhole;
}

async function firstHead({ registry }: RetentionParts, by: Principal) {
  return { head: await registry.auditHead(by), isNew: true };
}

async function changesSince({ registry }: RetentionParts, by: Principal, from: number) {
  let [head, isNew] = [from, false];
  for (let more = true; more; ) {
    const entries = await registry.auditSince(by, head, PAGE);
    head = entries.at(-1)?.seq ?? head;
    isNew ||= entries.some(({ action }) => RELEVANT.test(action));
    more = entries.length === PAGE;
  }
  return { head, isNew };
}

/** Everything that may be served is kept, and nothing else. @returns whether all of it is here */
async function fetchAhead(parts: RetentionParts, by: Principal, signal: AbortSignal): Promise<boolean> {
  const { approvals, proxies } = parts;
  const proxy = await proxies.get(by.tenant);
  const listings: CommitListing[] = [];
  let isWhole = true;
  const failed = ({ repo, commit }: Pick<CommitListing, 'repo' | 'commit'>, error: unknown) => {
    isWhole = false;
    if (!signal.aborted) parts.warn(`hf://${repo}@${commit} is not in the cache: ${messageOf(error)}`);
  };
  for await (const allowed of approvals.allowedCommits(by)) {
    if (signal.aborted) return false;
    await approvals.filesOf(by, allowed).then(
      (listing) => listings.push(listing),
      (error: unknown) => failed(allowed, error),
    );
  }
  // Before the first download, so that nothing that is kept makes room for what comes.
  const kept = new Set(listings.flatMap(({ files }) => [...files.values()].map(({ sha256 }) => sha256)));
  proxy.blobs.keep(kept);
  for (const listing of listings) await fetchCommit(proxy, listing, signal).catch((error) => failed(listing, error));
  return isWhole;
}

async function fetchCommit(proxy: TenantProxy, listing: CommitListing, signal: AbortSignal): Promise<void> {
  for (const file of listing.files.values()) {
    signal.throwIfAborted();
    if (!(await proxy.blobs.has(file))) await proxy.fetch(listing, file, true);
  }
}
