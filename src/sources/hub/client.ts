import { AssayError, type ClaimedDigest, isAssayError, type SourceReport } from '../../core/index.ts';
import { isArtifactPath, isCommit } from '../../core/reference/index.ts';
import { createEgress, type Egress } from '../../egress/index.ts';
import type { HubSettings } from '../hub-cache/index.ts';
import { envOf, limitsOf, type SourceOptions } from '../source.ts';
import { type HubQuestion, hubError } from './error.ts';

/** A file as the Hub lists it at a commit. */
export interface HubEntry {
  readonly path: string;
  readonly size: number;
  readonly claimed: ClaimedDigest;
  /** Kept in large-file storage: its claimed digest is the SHA-256 of the content. */
  readonly lfs: boolean;
  /** What the scanners of the Hub say against it. */
  readonly reported: SourceReport | undefined;
}

/** Bytes of one answer of the Hub's API. */
const MAX_API_BYTES = 64 * 1024 * 1024;
/** Requests that one listing may take: its pages hold a thousand entries. */
const MAX_PAGES = 2_000;
const API_TIMEOUT_MS = 120_000;

/** The token is sent only to the origin of the Hub, never to a host in a redirect or a `Link` header. */
export function hubEgress(settings: HubSettings, options: SourceOptions): Egress {
  const { token, endpoint } = settings;
  return createEgress({
    ...options.egress,
    env: envOf(options),
    signal: options.signal,
    credentials:
      token === undefined
        ? []
        : [{ origin: new URL(endpoint).origin, header: { name: 'authorization', value: `Bearer ${token}` } }],
  });
}

/** @throws AssayError `not-found`, `unauthorized`, `network`, `mismatch` when a commit is answered by another. */
export async function resolveCommit(egress: Egress, asked: HubQuestion): Promise<string> {
  const { modelInfo } = await import('@huggingface/hub');
  const info = await sanely(asked, () =>
    modelInfo({
      name: asked.repo,
      revision: asked.revision,
      hubUrl: asked.endpoint,
      additionalFields: ['sha'],
      fetch: apiFetch(egress, asked),
    }),
  );
  const commit: unknown = info.sha;
  if (typeof commit !== 'string' || !isCommit(commit)) throw noHub(asked, 'does not name a commit');
  if (isCommit(asked.revision) && commit !== asked.revision)
    throw noHub(asked, 'answers for another commit than the request names');
  return commit;
}

/**
 * Every file of the repository at a commit, in the Hub's order.
 * @throws AssayError `malformed` for a listing that names impossible files, `limit` (maxFiles).
 */
export async function listEntries(egress: Egress, asked: HubQuestion, options: SourceOptions): Promise<HubEntry[]> {
  const { maxFiles } = limitsOf(options);
  const { listFiles } = await import('@huggingface/hub');
  return sanely(asked, async () => {
    const entries = new Map<string, HubEntry>();
    const listing = listFiles({
      repo: { type: 'model', name: asked.repo },
      revision: asked.revision,
      recursive: true,
      // With the result of the Hub's own scanners for each file.
      expand: true,
      hubUrl: asked.endpoint,
      fetch: apiFetch(egress, asked),
    });
    let seen = 0;
    for await (const entry of listing) {
      if (++seen > 2 * maxFiles || entries.size >= maxFiles) {
        throw new AssayError('limit', `contains more than ${maxFiles} files (maxFiles)`, {
          subject: `hf://${asked.repo}`,
        });
      }
      if (entry.type === 'directory') continue;
      const file = toEntry(entry, asked);
      if (entries.has(file.path)) throw badListing(asked, `names ${file.path} twice`);
      entries.set(file.path, file);
    }
    return [...entries.values()];
  });
}

function toEntry(entry: unknown, asked: HubQuestion): HubEntry {
  if (!isRecord(entry) || typeof entry.path !== 'string') throw badListing(asked, 'contains an entry without a path');
  const { path, type, oid } = entry;
  if (!isArtifactPath(path)) throw badListing(asked, `names ${JSON.stringify(path)}, which is not a path within it`);
  if (type !== 'file') throw badListing(asked, `holds ${path}, which is not a file`);
  const lfs = isRecord(entry.lfs) ? entry.lfs : undefined;
  const size = lfs === undefined ? entry.size : lfs.size;
  const digest = lfs === undefined ? oid : lfs.oid;
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    throw badListing(asked, `gives ${path} an impossible size`);
  if (typeof digest !== 'string' || !(lfs === undefined ? /^[0-9a-f]{40}$/ : /^[0-9a-f]{64}$/).test(digest)) {
    throw badListing(asked, `gives ${path} without a digest`);
  }
  const claimed: ClaimedDigest = { algorithm: lfs === undefined ? 'git-sha1' : 'sha256', hex: digest };
  return { path, size, claimed, lfs: lfs !== undefined, reported: reportedOf(entry.securityFileStatus) };
}

/** States in which the Hub says nothing against a file. */
const SILENT: ReadonlySet<string> = new Set([
  'safe',
  'innocuous',
  'unscanned',
  'queued',
  'scanning',
  'pending',
  'error',
  '',
]);
const MAX_STATUS = 40;
const MAX_SCANNERS = 10;

/** What the Hub says against a file; a status that nobody here knows is one. */
function reportedOf(status: unknown): SourceReport | undefined {
  if (!isRecord(status)) return undefined;
  const stated = typeof status.status === 'string' ? status.status.slice(0, MAX_STATUS) : '';
  const by = Object.entries(status).flatMap(([scanner, result]) =>
    isRecord(result) && typeof result.status === 'string' && !SILENT.has(result.status)
      ? [scanner.replace(/Scan$/, '').slice(0, MAX_STATUS)]
      : [],
  );
  return SILENT.has(stated) ? undefined : { status: stated, by: by.slice(0, MAX_SCANNERS) };
}

/** `fetch` for the library: statuses are judged here, answers are bounded, and pages are counted. */
function apiFetch(egress: Egress, asked: HubQuestion): typeof fetch {
  let requests = 0;
  return async (input, init) => {
    if (++requests > MAX_PAGES) {
      throw new AssayError('limit', `the listing takes more than ${MAX_PAGES} requests`, {
        subject: `hf://${asked.repo}`,
      });
    }
    const response = await egress.fetch(input, {
      ...init,
      maxBytes: MAX_API_BYTES,
      signal: AbortSignal.timeout(API_TIMEOUT_MS),
    });
    if (response.ok) return response;
    await response.body?.cancel();
    throw hubError(response, asked);
  };
}

/** An answer that the library cannot parse is not an answer of a Hub. */
async function sanely<T>(asked: HubQuestion, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw isAssayError(error) ? error : noHub(asked, 'does not answer like a Hub', error);
  }
}

function noHub(asked: HubQuestion, what: string, cause?: unknown): AssayError {
  return new AssayError('network', `the server ${what}`, { subject: asked.endpoint, hint: 'check HF_ENDPOINT', cause });
}

function badListing(asked: HubQuestion, what: string): AssayError {
  const hint = 'do not use the repository; report this to the operator of the Hub';
  return new AssayError('malformed', `the listing ${what}`, { subject: `hf://${asked.repo}`, hint });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
