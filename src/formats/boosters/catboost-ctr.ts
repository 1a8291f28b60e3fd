import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError, type FileBudget } from '../../core/index.ts';
import { ByteReader } from '../byte-reader.ts';
import { type FbVector, FlatBuffer } from '../flatbuffer/index.ts';
import type { Features } from './catboost-trees.ts';

/** ECtrType. */
const [BORDERS, BUCKETS, BINARIZED_MEAN, FLOAT_MEAN, COUNTER, FREQUENCY] = [0, 1, 2, 3, 4, 5];

/** Fields of TCtrValueTable. */
const TABLE = { base: 0, hashes: 1, counts: 2, classes: 4 } as const;

/** A hash and the index of its entry, packed. */
const BUCKET_BYTES = 12;
const NO_HASH = 0xffffffff;

/** Statistics of categories, one table after another, each after its length. */
export class CtrTables {
  readonly #source: ByteSource;
  readonly #features: Features;
  readonly #budget: FileBudget;

  constructor(source: ByteSource, features: Features, budget: FileBudget) {
    this.#source = source;
    this.#features = features;
    this.#budget = budget;
  }

  /** @returns where the last one ends */
  async read(start: number): Promise<number> {
    const reader = new ByteReader(this.#source, start, 64);
    const count = await this.#length(reader);
    for (let i = 0; i < count; i++) {
      const size = await this.#length(reader);
      this.#budget.hold(size);
      try {
        this.#table(new FlatBuffer(await this.#source.read(reader.offset, size), this.#budget));
      } finally {
        this.#budget.release(size);
      }
      reader.skip(size);
    }
    return reader.offset;
  }

  async #length(reader: ByteReader): Promise<number> {
    await reader.fill(4);
    const length = reader.u32();
    if (length > reader.left) throw bad(`a length of ${length}, but ${reader.left} bytes are left`);
    return length;
  }

  #table(buffer: FlatBuffer): void {
    const table = buffer.root();
    const base = table.table(TABLE.base);
    const combination = base?.table(0);
    if (base === undefined || combination === undefined) throw bad('a table without features');
    combination.vector(0, 4);
    combination.vector(1, 8);
    combination.vector(2, 8);
    const kind = base.u8(1, 0);
    const counts = table.vector(TABLE.counts, 1);
    const width = this.#width(kind, table.i32(TABLE.classes, 0));
    if (counts.length % width !== 0) throw bad(`${counts.length} bytes of counts, with ${width} bytes an entry`);
    this.#hashes(buffer, table.vector(TABLE.hashes, 1), counts.length / width);
  }

  /** The size of an entry in bytes, which must cover the requested classes. */
  #width(kind: number, classes: number): number {
    const asked = this.#features.targets.get(kind) ?? 0;
    switch (kind) {
      case BORDERS:
        // With two classes or fewer, CatBoost reads the first two for every request.
        if (classes < 0 || (classes > 2 && asked + 1 > classes))
          throw bad(`class index ${asked}, but there are ${classes} classes`);
        return 4 * Math.max(2, classes);
      case BUCKETS:
        if (classes < 1 || asked >= classes) throw bad(`class index ${asked}, but there are ${classes} classes`);
        return 4 * classes;
      case BINARIZED_MEAN:
      case FLOAT_MEAN:
        return 8;
      case COUNTER:
      case FREQUENCY:
        return 4;
      default:
        throw new AssayError('unsupported', `statistics of kind ${kind}`);
    }
  }

  /** A hash table with open addressing: searches end at an empty bucket, and continue after the last bucket at the first. */
  #hashes(buffer: FlatBuffer, hashes: FbVector, entries: number): void {
    const buckets = hashes.length / BUCKET_BYTES;
    if (!Number.isInteger(Math.log2(buckets))) throw bad(`a hash table of ${buckets} buckets`);
    let empty = 0;
    for (let i = 0; i < buckets; i++) {
      const at = hashes.at + BUCKET_BYTES * i;
      if (buffer.u32(at) === NO_HASH && buffer.u32(at + 4) === NO_HASH) {
        empty++;
        continue;
      }
      const index = buffer.u32(at + 8);
      if (index >= entries) throw bad(`entry index ${index}, but there are ${entries} entries`);
    }
    if (empty === 0) throw bad('a hash table without an empty bucket');
  }
}

function bad(what: string): AssayError {
  return new AssayError('malformed', `not a CatBoost model: ${what}`);
}
