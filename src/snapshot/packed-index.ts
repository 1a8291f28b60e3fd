import type { ImageFacts } from '../core/image/index.ts';
import type { SnapshotEntry } from './document.ts';
import { answerTo, type Entries, type EntryTables, holds, referenceKeyOf } from './judge.ts';
import { type LatestAnswer, latestApproved, type RepositoryQuery, repositoriesOf } from './latest.ts';
import {
  DIGEST_BYTES,
  DIGEST_PREFIX,
  END_BYTES,
  hashOf,
  IMAGE_BYTES,
  type ImageJson,
  lowerBound,
  type PackedSnapshot,
  PLACE_BYTES,
  RECORD_HEAD,
  type RecordJson,
  SPAN,
} from './packed.ts';
import type { Asked, SnapshotAnswer, SnapshotQuery } from './query.ts';
import { ShrinkableMemory } from './shrinkable-memory.ts';
import type { SnapshotMeta } from './snapshot.ts';

/** Memory released between two events: released memory is overwritten, and tens of megabytes at once would delay answers. */
const RELEASED_BYTES = 1 << 20;

interface PackedImage {
  readonly digest: string;
  readonly notAfter: string | null;
  readonly sealed: boolean;
  /** Where its text is. */
  readonly place: number;
}

/** Answers as `Snapshot` does, from buffers: only the entries that an answer needs become objects. */
export class PackedIndex {
  readonly meta: SnapshotMeta;
  readonly #seed: number;
  readonly #policies: PackedSnapshot['policies'];
  readonly #room: ShrinkableMemory;
  readonly #records: Buffer;
  readonly #starts: Uint32Array;
  readonly #keys: Float64Array;
  readonly #repositories: Float64Array;
  readonly #digests: Float64Array;
  readonly #images: Buffer;
  readonly #imageTexts: Buffer;
  readonly #imageNames: Float64Array;
  #released = false;
  readonly #tables: EntryTables = {
    byDigest: (digest) => this.#find(this.#digests, digest, (entry) => entry.digest === digest),
    byReference: (ref, endpoint) =>
      this.#find(
        this.#keys,
        referenceKeyOf(ref, endpoint),
        (entry) => entry.endpoint === endpoint && entry.refs.includes(ref),
      ),
  };

  constructor(packed: PackedSnapshot) {
    this.meta = packed.meta;
    this.#seed = packed.seed;
    this.#policies = packed.policies;
    this.#room = ShrinkableMemory.around(packed.records);
    this.#records = this.#room.bytes();
    this.#starts = new Uint32Array(packed.starts);
    this.#keys = new Float64Array(packed.keys);
    this.#repositories = new Float64Array(packed.repositories);
    this.#digests = new Float64Array(packed.digests);
    this.#images = Buffer.from(packed.images);
    this.#imageTexts = Buffer.from(packed.imageTexts);
    this.#imageNames = new Float64Array(packed.imageNames);
  }

  lookup(query: SnapshotQuery, asked: Asked): SnapshotAnswer {
    return answerTo(query, asked, this.#tables);
  }

  /** The newest approved version of the repository that a reference which is not pinned names. */
  latestApproved(query: RepositoryQuery, asked: Asked): LatestAnswer {
    return latestApproved(query, asked, {
      byRepository: (repository, endpoint) =>
        this.#find(this.#repositories, referenceKeyOf(repository, endpoint), (entry) => {
          return entry.endpoint === endpoint && repositoriesOf(entry).has(repository);
        }),
      lookup: (ref, more) => this.lookup(ref, more),
    });
  }

  /** Whether a container image may run that names no model. `digest` is that of its manifest, `sha256:<hex>`. */
  allowsImage(digest: string, now: Date): boolean {
    const image = this.#image(digest);
    return image !== undefined && holds(image.notAfter, now);
  }

  /** Whether such an image also loads only what it holds. */
  sealsImage(digest: string, now: Date): boolean {
    return this.allowsImage(digest, now) && this.#image(digest)?.sealed === true;
  }

  imageFacts(digest: string): ImageFacts | undefined {
    const image = this.#image(digest);
    return image === undefined ? undefined : (this.#imageText(image)[1] ?? undefined);
  }

  imageNamed(name: string, now: Date): string | undefined {
    this.#checkHeld();
    const hash = hashOf(name, this.#seed);
    const digests: string[] = [];
    for (let at = lowerBound(this.#imageNames, hash * SPAN); at < this.#imageNames.length; at++) {
      const value = this.#imageNames[at] ?? 0;
      if (value >= (hash + 1) * SPAN) break;
      const image = this.#imageRow(value % SPAN);
      if (this.#imageText(image)[0] === name && holds(image.notAfter, now)) digests.push(image.digest);
    }
    return digests.length === 1 ? digests[0] : undefined;
  }

  isExpired(now: Date): boolean {
    return !holds(this.meta.expires, now);
  }

  /** Releases most of its memory within moments; later questions throw an error. */
  release(): void {
    this.#released = true;
    const cut = () => {
      const rest = this.#room.buffer.byteLength - RELEASED_BYTES;
      this.#room.cut(Math.max(rest, 0));
      if (rest > 0) setImmediate(cut);
    };
    cut();
  }

  #find(table: Float64Array, key: string, is: (entry: SnapshotEntry) => boolean): Entries {
    this.#checkHeld();
    const hash = hashOf(key, this.#seed);
    const found: SnapshotEntry[] = [];
    for (let at = lowerBound(table, hash * SPAN); at < table.length; at++) {
      const value = table[at] ?? 0;
      if (value >= (hash + 1) * SPAN) break;
      const entry = this.#entry(value % SPAN);
      if (is(entry)) found.push(entry);
    }
    return found.length > 1 ? found : found[0];
  }

  #entry(number: number): SnapshotEntry {
    const records = this.#records;
    const at = this.#starts[number] ?? 0;
    const from = at + RECORD_HEAD;
    const json: RecordJson = JSON.parse(records.toString('utf8', from, from + records.readUInt32LE(at)));
    const [model, no, refs, endpoint, stages, remoteCode, policy, reason, report] = json;
    return {
      model,
      number: no,
      digest: `${DIGEST_PREFIX}${records.toString('hex', at + 4, at + 4 + DIGEST_BYTES)}`,
      refs,
      endpoint,
      status: stages.length === 0 ? 'denied' : 'approved',
      stages: stages.map(([stage, notAfter]) => ({ stage, notAfter })),
      remoteCode: remoteCode === 1,
      policy: this.#policy(policy),
      reason,
      report,
    };
  }

  #policy(policy: RecordJson[6]): SnapshotEntry['policy'] {
    if (typeof policy !== 'number') return { name: policy[0], digest: policy[1] };
    const known = this.#policies[policy];
    if (known === undefined) throw new Error(`policy ${policy} is in no list`);
    return known;
  }

  /** The row of an image; `notAfter` is `null` where it has no end. */
  #image(digest: string): PackedImage | undefined {
    this.#checkHeld();
    if (!/^sha256:[0-9a-f]{64}$/.test(digest)) return undefined;
    const wanted = Buffer.from(digest.slice(DIGEST_PREFIX.length), 'hex');
    const rows = this.#images;
    let [low, high] = [0, rows.length / IMAGE_BYTES];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const at = middle * IMAGE_BYTES;
      const order = rows.compare(wanted, 0, DIGEST_BYTES, at, at + DIGEST_BYTES);
      if (order === 0) return this.#imageRow(middle);
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return undefined;
  }

  #imageRow(row: number): PackedImage {
    const at = row * IMAGE_BYTES;
    const [digest, rest] = [at + DIGEST_BYTES, at + IMAGE_BYTES - PLACE_BYTES];
    const text = this.#images.toString('latin1', digest, rest);
    return {
      digest: `${DIGEST_PREFIX}${this.#images.toString('hex', at, digest)}`,
      notAfter: text.slice(0, END_BYTES).trimEnd() || null,
      sealed: text.endsWith('s'),
      place: this.#images.readUInt32LE(rest),
    };
  }

  #imageText({ place }: PackedImage): ImageJson {
    const from = place + PLACE_BYTES;
    const json: ImageJson = JSON.parse(
      this.#imageTexts.toString('utf8', from, from + this.#imageTexts.readUInt32LE(place)),
    );
    return json;
  }

  #checkHeld(): void {
    if (this.#released) throw new Error('a snapshot was asked that another one has replaced');
  }
}
