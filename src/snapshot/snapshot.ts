import type { ImageFacts } from '../core/image/index.ts';
import type { SnapshotDocument, SnapshotEntry, SnapshotImage } from './document.ts';
import { answerTo, type EntryTables, holds, referenceKeyOf } from './judge.ts';
import { type LatestAnswer, latestApproved, type RepositoryQuery, repositoriesOf } from './latest.ts';
import type { Asked, SnapshotAnswer, SnapshotQuery } from './query.ts';

export type SnapshotMeta = Omit<SnapshotDocument, 'entries' | 'images'> & { readonly entries: number };

/** A snapshot that was verified, ready to answer: each answer is a look into a map. */
export class Snapshot {
  readonly meta: SnapshotMeta;
  readonly #byKey = new Map<string, SnapshotEntry | SnapshotEntry[]>();
  readonly #byDigest = new Map<string, SnapshotEntry | SnapshotEntry[]>();
  readonly #byRepository = new Map<string, SnapshotEntry | SnapshotEntry[]>();
  readonly #tables: EntryTables = {
    byDigest: (digest) => this.#byDigest.get(digest),
    byReference: (ref, endpoint) => this.#byKey.get(referenceKeyOf(ref, endpoint)),
  };
  readonly #images: ReadonlyMap<string, SnapshotImage>;
  readonly #byName = new Map<string, SnapshotImage[]>();
  /** Milliseconds since 1970, ascending. */
  readonly #ends: readonly number[];

  constructor(document: SnapshotDocument) {
    const { entries, images, ...meta } = document;
    this.meta = { ...meta, entries: entries.length };
    const ends = new Set<string>([document.expires]);
    for (const entry of entries) {
      add(this.#byDigest, entry.digest, entry);
      for (const ref of entry.refs) add(this.#byKey, referenceKeyOf(ref, entry.endpoint), entry);
      for (const name of repositoriesOf(entry)) add(this.#byRepository, referenceKeyOf(name, entry.endpoint), entry);
      for (const { notAfter } of entry.stages) if (notAfter !== null) ends.add(notAfter);
    }
    for (const { notAfter } of images) if (notAfter !== null) ends.add(notAfter);
    this.#images = new Map(images.map((image) => [image.digest, image]));
    for (const image of this.#images.values())
      if (image.name != null) this.#byName.set(image.name, [...(this.#byName.get(image.name) ?? []), image]);
    this.#ends = [...ends].map((end) => Date.parse(end)).sort((a, b) => a - b);
  }

  lookup(query: SnapshotQuery, asked: Asked): SnapshotAnswer {
    return answerTo(query, asked, this.#tables);
  }

  /** The newest approved version of the repository that a reference which is not pinned names. */
  latestApproved(query: RepositoryQuery, asked: Asked): LatestAnswer {
    return latestApproved(query, asked, {
      byRepository: (repository, endpoint) => this.#byRepository.get(referenceKeyOf(repository, endpoint)),
      lookup: (pinned, what) => this.lookup(pinned, what),
    });
  }

  /** Whether a container image may run that names no model. `digest` is that of its manifest, `sha256:<hex>`. */
  allowsImage(digest: string, now: Date): boolean {
    const image = this.#images.get(digest);
    return image !== undefined && holds(image.notAfter, now);
  }

  /** Whether such an image also loads only what it holds. */
  sealsImage(digest: string, now: Date): boolean {
    return this.allowsImage(digest, now) && this.#images.get(digest)?.as === 'sealed';
  }

  /** What an image starts by itself; `undefined` where that was not recorded. */
  imageFacts(digest: string): ImageFacts | undefined {
    return this.#images.get(digest)?.facts ?? undefined;
  }

  /**
   * The digest of the image that a tag named when it was approved; `undefined` where none did, or more than one.
   * @param name `oci://registry/repository:tag`
   */
  imageNamed(name: string, now: Date): string | undefined {
    const named = (this.#byName.get(name) ?? []).filter(({ notAfter }) => holds(notAfter, now));
    return named.length === 1 ? named[0]?.digest : undefined;
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

function add(map: Map<string, SnapshotEntry | SnapshotEntry[]>, key: string, entry: SnapshotEntry): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, entry);
  else if (Array.isArray(known)) known.push(entry);
  else map.set(key, [known, entry]);
}
