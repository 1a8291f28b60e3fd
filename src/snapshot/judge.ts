import type { SnapshotEntry } from './document.ts';
import type { Asked, SnapshotAnswer, SnapshotQuery } from './query.ts';
import { canonicalEndpoint, pinnedReference } from './reference-key.ts';

/** The decisions under one key: mostly one entry, in the order of the document when there are more. */
export type Entries = SnapshotEntry | readonly SnapshotEntry[] | undefined;

/** Where a snapshot's entries are looked up, however they are held. */
export interface EntryTables {
  byDigest(digest: string): Entries;
  /** @param ref pinned, in its canonical spelling; @param endpoint canonical */
  byReference(ref: string, endpoint: string | null): Entries;
}

/** The answer of a snapshot. */
export function answerTo(query: SnapshotQuery, asked: Asked, tables: EntryTables): SnapshotAnswer {
  if ('digest' in query) return answerOf(tables.byDigest(query.digest), asked);
  // Most questions are already in canonical form.
  const direct = query.endpoint ? undefined : tables.byReference(query.ref, null);
  if (direct !== undefined) return answerOf(direct, asked);
  const pinned = pinnedReference(query.ref);
  if (pinned.kind !== 'pinned') return pinned;
  const endpoint = canonicalEndpoint(query.endpoint);
  if (endpoint === undefined) return { kind: 'unresolved', reason: 'the address of the server cannot be read' };
  const own = tables.byReference(pinned.ref, endpoint);
  if (own !== undefined) return answerOf(own, asked);
  // The decision on a repository covers each of its files.
  return answerOf(pinned.whole === undefined ? undefined : tables.byReference(pinned.whole, endpoint), asked);
}

/** No address holds an end of line, so that no reference reads as another at another server. */
export function referenceKeyOf(ref: string, endpoint: string | null): string {
  return `${endpoint ?? ''}\n${ref}`;
}

/** Approved when every version that is meant is: one of the names under which its bytes are known has to be. */
function answerOf(entries: Entries, asked: Asked): SnapshotAnswer {
  if (entries === undefined) return { kind: 'unlisted' };
  if (!isList(entries)) return answerFor(entries, asked);
  const byDigest = new Map<string, SnapshotAnswer>();
  for (const entry of entries) {
    const known = byDigest.get(entry.digest);
    if (known?.kind !== 'approved') byDigest.set(entry.digest, answerFor(entry, asked));
  }
  const answers = [...byDigest.values()];
  return answers.find(({ kind }) => kind === 'denied') ?? answers[0] ?? { kind: 'unlisted' };
}

function answerFor(entry: SnapshotEntry, { stage, now }: Asked): SnapshotAnswer {
  if (entry.status === 'denied') return { kind: 'denied', entry, reason: entry.reason };
  const meant = stage === undefined ? entry.stages : entry.stages.filter((one) => one.stage === stage);
  const valid = meant.find(({ notAfter }) => holds(notAfter, now));
  if (valid !== undefined) return { kind: 'approved', entry, notAfter: valid.notAfter };
  const [first] = meant;
  const approved = entry.stages.map((one) => one.stage).join(', ');
  const reason =
    first === undefined
      ? `it is approved for ${approved}, not for ${stage}`
      : `its approval ended at ${first.notAfter}`;
  return { kind: 'denied', entry, reason };
}

/** `Array.isArray` does not tell a read-only list. */
function isList(entries: SnapshotEntry | readonly SnapshotEntry[]): entries is readonly SnapshotEntry[] {
  return Array.isArray(entries);
}

/** Both are written alike, to the second: an end that is now has come. */
export function holds(notAfter: string | null, now: Date): boolean {
  return notAfter === null || now.toISOString().slice(0, 19) < notAfter.slice(0, 19);
}
