import { join } from 'node:path';
import * as v from 'valibot';
import type { FileAssessment } from '../../core/assessment/index.ts';
import { AssayError } from '../../core/index.ts';
import { isArtifactPath } from '../../core/reference/index.ts';
import type { HubEntry } from '../../sources/hub/index.ts';
import { readJson, writeJson } from './store-json.ts';
import { CardSchema, type Upstream } from './upstream.ts';

const FileSchema = v.object({
  path: v.pipe(v.string(), v.check(isArtifactPath)),
  size: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  /** What was assessed, in hex. */
  sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  /** By which the Hub names it: the SHA-256 of a file in large-file storage, else git's digest. */
  oid: v.pipe(v.string(), v.regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/)),
  lfs: v.boolean(),
});
const ListingSchema = v.object({
  repo: v.string(),
  commit: v.string(),
  digest: v.string(),
  files: v.array(FileSchema),
  card: CardSchema,
});

/** A file as it is handed out. */
export type ProxyFile = v.InferOutput<typeof FileSchema>;

/** A repository at a commit: the files that were assessed, under the names that the Hub gives them. */
export interface CommitListing {
  readonly repo: string;
  readonly commit: string;
  readonly card: v.InferOutput<typeof CardSchema>;
  readonly files: ReadonlyMap<string, ProxyFile>;
}

/** What is wanted: a commit, and the digest of the version that was approved for it. */
export interface WantedCommit {
  readonly repo: string;
  readonly commit: string;
  readonly digest: string;
  /** The files of that version. Asked for once. */
  readonly assessed: () => Promise<readonly FileAssessment[]>;
}

/** Repositories whose listings are kept in memory. */
const MAX_LISTINGS = 64;

/** The listings of one tenant: in memory, on disk, else from the Hub. */
export class Listings {
  readonly #folder: string;
  readonly #upstream: Upstream;
  readonly #known = new Map<string, Promise<CommitListing>>();

  constructor(folder: string, upstream: Upstream) {
    this.#folder = folder;
    this.#upstream = upstream;
  }

  /** @throws AssayError `mismatch` when the Hub lists other files than were assessed; `network`, ... */
  get(wanted: WantedCommit): Promise<CommitListing> {
    const key = `${wanted.repo}@${wanted.commit} ${wanted.digest}`;
    const known = this.#known.get(key) ?? this.#load(wanted);
    this.#known.delete(key);
    this.#known.set(key, known);
    known.catch(() => this.#known.get(key) === known && this.#known.delete(key));
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MAX_LISTINGS) break;
      this.#known.delete(oldest);
    }
    return known;
  }

  async #load({ repo, commit, digest, assessed }: WantedCommit): Promise<CommitListing> {
    const path = join(this.#folder, repo.replace('/', '--'), `${commit}.json`);
    const stored = await readJson(path, ListingSchema);
    if (stored !== undefined && stored.repo === repo && stored.commit === commit && stored.digest === digest) {
      return { repo, commit, card: stored.card, files: byPath(stored.files) };
    }
    const [entries, card, files] = await Promise.all([
      this.#upstream.list(repo, commit),
      this.#upstream.describe(repo, commit),
      assessed(),
    ]);
    const matched = matchFiles(`hf://${repo}@${commit}`, entries, files);
    await writeJson(path, { repo, commit, digest, card, files: matched });
    return { repo, commit, card, files: byPath(matched) };
  }
}

function byPath(files: readonly ProxyFile[]): ReadonlyMap<string, ProxyFile> {
  return new Map(files.map((file) => [file.path, file]));
}

/** A commit cannot change: a listing that differs from the assessed files is forged. */
function matchFiles(subject: string, entries: readonly HubEntry[], assessed: readonly FileAssessment[]): ProxyFile[] {
  const listed = new Map(entries.map((entry) => [entry.path, entry]));
  if (listed.size !== assessed.length)
    throw other(subject, `${listed.size} files instead of the ${assessed.length} that were assessed`);
  return assessed.map(({ path, size, sha256 }) => {
    const entry = listed.get(path);
    if (entry === undefined) throw other(subject, `no ${path}`);
    const { algorithm, hex } = entry.claimed;
    if (sha256 === null || entry.size !== size || (algorithm === 'sha256' && hex !== sha256)) {
      throw other(subject, `another ${path}`);
    }
    return { path, size, sha256, oid: hex, lfs: entry.lfs };
  });
}

function other(subject: string, what: string): AssayError {
  return new AssayError('mismatch', `the Hub lists ${what}: the files differ from the assessed ones`, {
    subject,
    hint: 'report this to the operator of the Hub',
  });
}
