import type { SnapshotDocument, SnapshotEntry } from './document.ts';
import { canonicalEndpoint, pinnedReference, schemeOf } from './reference-key.ts';

/** What a gate asks about: the bytes, or where they come from and from which server. */
export type SnapshotQuery =
  | { readonly digest: string }
  | {
      readonly ref: string;
      /** `null` and absent: the well-known server of the scheme. */
      readonly endpoint?: string | null;
    };

export interface Asked {
  /** Where it is to run; any stage when absent. */
  readonly stage?: string;
  readonly now: Date;
}

export type SnapshotAnswer =
  /** Until `notAfter`; `null`: until the snapshot itself ends. */
  | { readonly kind: 'approved'; readonly entry: SnapshotEntry; readonly notAfter: string | null }
  | { readonly kind: 'denied'; readonly entry: SnapshotEntry; readonly reason: string }
  /** Nothing is decided of it. */
  | { readonly kind: 'unlisted' }
  /** A branch, a tag or an alias: it cannot be told which bytes will run. */
  | { readonly kind: 'unpinned' }
  /** No reference that can be read. */
  | { readonly kind: 'unresolved'; readonly reason: string };

export type SnapshotMeta = Omit<SnapshotDocument, 'entries' | 'images'> & { readonly entries: number };

type Entries = SnapshotEntry | SnapshotEntry[];

/** A snapshot that was verified, ready to answer: each answer is a look into a map. */
export class Snapshot {
  readonly meta: SnapshotMeta;
  readonly #byKey = new Map<string, Entries>();
  readonly #byDigest = new Map<string, Entries>();
  readonly #images: ReadonlyMap<string, string | null>;
  /** Milliseconds since 1970, ascending. */
  readonly #ends: readonly number[];

  constructor(document: SnapshotDocument) {
    const { entries, images, ...meta } = document;
    this.meta = { ...meta, entries: entries.length };
    const ends = new Set<string>([document.expires]);
    for (const entry of entries) {
      add(this.#byDigest, entry.digest, entry);
      for (const ref of entry.refs) add(this.#byKey, keyOf(ref, entry.endpoint), entry);
      for (const { notAfter } of entry.stages) if (notAfter !== null) ends.add(notAfter);
    }
    for (const { notAfter } of images) if (notAfter !== null) ends.add(notAfter);
    this.#images = new Map(images.map(({ digest, notAfter }) => [digest, notAfter]));
    this.#ends = [...ends].map((end) => Date.parse(end)).sort((a, b) => a - b);
  }

  lookup(query: SnapshotQuery, asked: Asked): SnapshotAnswer {
    if ('digest' in query) return answerOf(this.#byDigest.get(query.digest), asked);
    // Most ask in the one spelling already.
    const direct = query.endpoint ? undefined : this.#byKey.get(keyOf(query.ref, null));
    if (direct !== undefined) return answerOf(direct, asked);
    const pinned = pinnedReference(query.ref);
    if (pinned.kind !== 'pinned') return pinned;
    const endpoint = canonicalEndpoint(query.endpoint);
    if (endpoint === undefined) return { kind: 'unresolved', reason: 'the address of the server cannot be read' };
    const own = this.#byKey.get(keyOf(pinned.ref, endpoint));
    // A file of a repository is part of what was decided of the whole.
    const whole = pinned.whole === undefined ? undefined : this.#byKey.get(keyOf(pinned.whole, endpoint));
    return answerOf(own ?? whole, asked);
  }

  /** Whether a container image may run that names no model. `digest` is that of its manifest, `sha256:<hex>`. */
  allowsImage(digest: string, now: Date): boolean {
    const notAfter = this.#images.get(digest);
    return notAfter !== undefined && holds(notAfter, now);
  }

  isExpired(now: Date): boolean {
    return !holds(this.meta.expires, now);
  }

  /** When the next answer changes by itself; `undefined` once the snapshot has ended. */
  nextExpiry(now: Date): Date | undefined {
    if (this.isExpired(now)) return undefined;
    const next = this.#ends.find((end) => end > now.getTime());
    return next === undefined ? undefined : new Date(next);
  }
}

/** The scheme is part of the reference, so that servers of two kinds never share a key. */
function keyOf(ref: string, endpoint: string | null): string {
  return endpoint === null ? ref : `${schemeOf(ref)}\n${endpoint}\n${ref}`;
}

function add(map: Map<string, Entries>, key: string, entry: SnapshotEntry): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, entry);
  else if (Array.isArray(known)) known.push(entry);
  else map.set(key, [known, entry]);
}

/** Approved when every version that is meant is: one of the names under which its bytes are known has to be. */
function answerOf(entries: Entries | undefined, asked: Asked): SnapshotAnswer {
  if (entries === undefined) return { kind: 'unlisted' };
  if (!Array.isArray(entries)) return answerFor(entries, asked);
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

/** Both are written alike, to the second: an end that is now has come. */
function holds(notAfter: string | null, now: Date): boolean {
  return notAfter === null || now.toISOString().slice(0, 19) < notAfter.slice(0, 19);
}
