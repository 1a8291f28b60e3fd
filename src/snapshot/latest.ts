import { isAssayError } from '../core/index.ts';
import { formatReference, parseReference } from '../core/reference/index.ts';
import type { SnapshotEntry } from './document.ts';
import type { Entries } from './judge.ts';
import type { Asked, SnapshotAnswer } from './query.ts';
import { canonicalEndpoint } from './reference-key.ts';

/** A name that somebody may move, as people and manifests write it. */
export interface RepositoryQuery {
  readonly ref: string;
  /** `null` and absent: the well-known server of the scheme. */
  readonly endpoint?: string | null;
}

/** The version of a repository for a reference without a version. */
export type LatestAnswer =
  | {
      readonly kind: 'approved';
      /** Pinned, canonical, of the whole repository. */
      readonly ref: string;
      readonly entry: SnapshotEntry;
      /** How many versions of the repository are approved there; this one has the highest number. */
      readonly of: number;
    }
  /** None is approved. */
  | { readonly kind: 'none' }
  /** Approved versions belong to more than one model, and their numbers cannot be compared. */
  | { readonly kind: 'ambiguous'; readonly models: readonly string[] };

export interface RepositoryTables {
  /** Entries with a reference of the repository. @param repository as `repositoryOf` says; @param endpoint canonical */
  byRepository(repository: string, endpoint: string | null): Entries;
  lookup(query: { readonly ref: string; readonly endpoint: string | null }, asked: Asked): SnapshotAnswer;
}

/**
 * `hf://owner/name` or `oci://registry/name`: a reference without its revision, tag or digest. The same for a pinned one and for
 * one that is not.
 * @returns `undefined` for what is not a repository, and for a file of one
 */
export function repositoryOf(ref: string): string | undefined {
  try {
    const read = parseReference(ref);
    if (read.kind === 'hf')
      return read.path === undefined ? formatReference({ kind: 'hf', repo: read.repo }) : undefined;
    if (read.kind !== 'oci') return undefined;
    return formatReference({ kind: 'oci', registry: read.registry.toLowerCase(), repository: read.repository });
  } catch (error) {
    if (!isAssayError(error)) throw error;
    return undefined;
  }
}

/** The same of a pinned reference in its canonical spelling, in less time: what a table is made with. */
export function repositoryOfPinned(ref: string): string | undefined {
  if (!ref.startsWith('hf://') && !ref.startsWith('oci://')) return undefined;
  const at = ref.indexOf('@');
  const isWhole = at > 0 && ref.indexOf('/', at) < 0;
  return isWhole ? ref.slice(0, at) : undefined;
}

/** The repositories that an entry is looked up by, each once; none when it is denied. */
export function repositoriesOf({ status, refs }: SnapshotEntry): ReadonlySet<string> {
  const names = status === 'approved' ? refs.map(repositoryOfPinned) : [];
  return new Set(names.filter((name) => name !== undefined));
}

/** The newest version of a repository that is approved: the highest number of the one model that has approved versions there. */
export function latestApproved(query: RepositoryQuery, asked: Asked, tables: RepositoryTables): LatestAnswer {
  const repository = repositoryOf(query.ref);
  const endpoint = canonicalEndpoint(query.endpoint);
  const found =
    repository === undefined || endpoint === undefined ? [] : listOf(tables.byRepository(repository, endpoint));
  const approved = new Map<string, { readonly ref: string; readonly entry: SnapshotEntry }>();
  for (const entry of found) {
    if (entry.status !== 'approved') continue;
    for (const ref of entry.refs) {
      if (repositoryOfPinned(ref) !== repository) continue;
      // Its bytes may be denied under another name.
      const answer = tables.lookup({ ref, endpoint: entry.endpoint }, asked);
      if (answer.kind === 'approved') approved.set(ref, { ref, entry: answer.entry });
    }
  }
  const all = [...approved.values()];
  const models = [...new Set(all.map(({ entry }) => entry.model))];
  if (models.length > 1) return { kind: 'ambiguous', models };
  const [newest] = all.sort((a, b) => b.entry.number - a.entry.number);
  if (newest === undefined) return { kind: 'none' };
  // Two references of one version are two places of the same bytes: either will do.
  return { kind: 'approved', ...newest, of: new Set(all.map(({ entry }) => entry.number)).size };
}

function listOf(entries: Entries): readonly SnapshotEntry[] {
  if (entries === undefined) return [];
  return 'refs' in entries ? [entries] : entries;
}
