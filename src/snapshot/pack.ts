import type { SnapshotEntry } from './document.ts';
import { referenceKeyOf } from './judge.ts';
import { repositoriesOf } from './latest.ts';
import {
  DIGEST_BYTES,
  DIGEST_PREFIX,
  END_BYTES,
  hashOf,
  IMAGE_BYTES,
  type ImageJson,
  type PackedSnapshot,
  PLACE_BYTES,
  RECORD_HEAD,
  type RecordJson,
  SPAN,
} from './packed.ts';
import type { SnapshotHead, SnapshotParts } from './read-payload.ts';
import { ShrinkableMemory } from './shrinkable-memory.ts';

/** Policies that are written once; there are as many as an organisation has, and a document may name more. */
const MAX_POLICIES = 256;

/**
 * Packs a snapshot while it is judged. @throws SnapshotError of the entries
 * @param seed any 32 bits that nobody knows beforehand
 */
export function packSnapshot({ head, size, entries, spent }: SnapshotParts, seed: number): PackedSnapshot {
  const records = new Records(spent ?? { room: ShrinkableMemory.of(size), upTo: () => size });
  const starts = new Numbers();
  const [keys, repositories, digests] = [new Numbers(), new Numbers(), new Numbers()];
  const policies = new Policies();
  let count = 0;
  for (const entry of entries()) {
    starts.push(records.add(entry, policies));
    digests.push(hashOf(entry.digest, seed) * SPAN + count);
    for (const ref of entry.refs) keys.push(hashOf(referenceKeyOf(ref, entry.endpoint), seed) * SPAN + count);
    for (const name of repositoriesOf(entry)) {
      repositories.push(hashOf(referenceKeyOf(name, entry.endpoint), seed) * SPAN + count);
    }
    count++;
  }
  const { images, ...meta } = head;
  return {
    meta: { ...meta, entries: count },
    seed,
    policies: policies.list,
    records: records.end(),
    starts: Uint32Array.from(starts.all()).buffer,
    keys: sorted(keys),
    repositories: sorted(repositories),
    digests: sorted(digests),
    ...packImages(images, seed),
  };
}

/** What `postMessage` hands over without a copy. */
export function buffersOf(packed: PackedSnapshot): ArrayBuffer[] {
  const { records, starts, keys, repositories, digests, images, imageTexts, imageNames } = packed;
  return [records, starts, keys, repositories, digests, images, imageTexts, imageNames];
}

function sorted(numbers: Numbers): ArrayBuffer {
  return numbers.all().sort().slice().buffer;
}

/** A record names no field, and takes less than what it is made of: it is written over what was read. */
class Records {
  readonly #spent: NonNullable<SnapshotParts['spent']>;
  readonly #bytes: Buffer;
  #used = 0;

  constructor(spent: NonNullable<SnapshotParts['spent']>) {
    this.#spent = spent;
    this.#bytes = spent.room.bytes();
  }

  /** @returns where it is */
  add(entry: SnapshotEntry, policies: Policies): number {
    const at = this.#used;
    // Half a pair is written as an escape by JSON, so that UTF-8 keeps every text.
    const json = JSON.stringify(recordOf(entry, policies));
    const length = Buffer.byteLength(json);
    this.#used = at + RECORD_HEAD + length;
    if (this.#used > this.#spent.upTo()) throw new Error('a record is larger than its entry');
    this.#bytes.write(json, at + RECORD_HEAD);
    this.#bytes.writeUInt32LE(length, at);
    this.#bytes.write(entry.digest.slice(DIGEST_PREFIX.length), at + 4, 'hex');
    return at;
  }

  end(): ArrayBuffer {
    this.#spent.room.cut(this.#used);
    return this.#spent.room.buffer;
  }
}

function recordOf(entry: SnapshotEntry, policies: Policies): RecordJson {
  const { model, number, refs, endpoint, stages, remoteCode, policy, reason, report } = entry;
  const ends = stages.map(({ stage, notAfter }) => [stage, notAfter] as const);
  return [model, number, refs, endpoint, ends, remoteCode ? 1 : 0, policies.add(policy), reason, report];
}

class Policies {
  readonly list: SnapshotEntry['policy'][] = [];
  readonly #known = new Map<string, number>();

  add(policy: SnapshotEntry['policy']): RecordJson[6] {
    const key = `${policy.digest}${policy.name}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.list.length >= MAX_POLICIES) return [policy.name, policy.digest];
    this.#known.set(key, this.list.length);
    return this.list.push(policy) - 1;
  }
}

/** Numbers outside of the heap, of which a thread has little. */
class Numbers {
  #numbers = new Float64Array(1024);
  #used = 0;

  push(value: number): void {
    if (this.#used === this.#numbers.length) {
      const more = new Float64Array(this.#used * 2);
      more.set(this.#numbers);
      this.#numbers = more;
    }
    this.#numbers[this.#used++] = value;
  }

  all(): Float64Array {
    return this.#numbers.subarray(0, this.#used);
  }
}

/** For a duplicate digest, the last image counts, as in a map. */
function packImages(
  images: SnapshotHead['images'],
  seed: number,
): Pick<PackedSnapshot, 'images' | 'imageTexts' | 'imageNames'> {
  const byDigest = new Map(images.map((image) => [image.digest, image]));
  const rows = Buffer.from(new ArrayBuffer(byDigest.size * IMAGE_BYTES));
  const texts: Buffer[] = [];
  const names = new Numbers();
  let [row, place] = [0, 0];
  for (const digest of [...byDigest.keys()].sort()) {
    const { notAfter = null, as, name = null, facts = null } = byDigest.get(digest) ?? {};
    const at = row * IMAGE_BYTES;
    rows.write(digest.slice(DIGEST_PREFIX.length), at, 'hex');
    rows.write(`${(notAfter ?? '').padEnd(END_BYTES)}${as === 'sealed' ? 's' : ' '}`, at + DIGEST_BYTES, 'latin1');
    rows.writeUInt32LE(place, at + IMAGE_BYTES - PLACE_BYTES);
    const text = Buffer.from(JSON.stringify([name, facts] satisfies ImageJson));
    const head = Buffer.alloc(PLACE_BYTES);
    head.writeUInt32LE(text.length);
    texts.push(head, text);
    place += head.length + text.length;
    if (name !== null) names.push(hashOf(name, seed) * SPAN + row);
    row++;
  }
  const packed = Buffer.from(new ArrayBuffer(place));
  let to = 0;
  for (const text of texts) to += text.copy(packed, to);
  return {
    images: rows.buffer as ArrayBuffer,
    imageTexts: packed.buffer as ArrayBuffer,
    imageNames: sorted(names),
  };
}
