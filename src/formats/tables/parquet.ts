import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError, type FileBudget } from '../../core/index.ts';
import { THRIFT, ThriftReader } from './thrift.ts';

/** Pages of a column in a group of rows. */
export interface ParquetChunk {
  /** The other file that holds it; empty for this one. */
  readonly file: string;
  readonly start: number;
  readonly end: number;
}

export interface TableMetadata {
  readonly key: string;
  readonly value: Uint8Array;
}

export interface ParquetTable {
  readonly columns: number;
  readonly rows: number;
  readonly groups: number;
  readonly chunks: readonly ParquetChunk[];
  readonly metadata: readonly TableMetadata[];
  readonly footerStart: number;
}

const MAGIC = 4;
/** The length of the footer, and the magic. */
const TAIL = 8;
const MAX_PARTS = 2_000_000;
const KEPT_BYTES = 100;

/**
 * The footer of a Parquet file: FileMetaData of parquet.thrift (https://github.com/apache/parquet-format). Pages are not read.
 * @throws AssayError `malformed`, `truncated`, `limit`; `unsupported` for an encrypted footer
 */
export async function readParquet(source: ByteSource, budget: FileBudget, maxBytes: number): Promise<ParquetTable> {
  const { size } = source;
  if (size < MAGIC + TAIL) throw new AssayError('truncated', 'a Parquet file without a footer');
  const tail = Buffer.from(await source.read(size - TAIL, TAIL));
  if (tail.toString('latin1', 4) !== 'PAR1')
    throw new AssayError('unsupported', 'a Parquet file with an encrypted footer');
  const length = tail.readUInt32LE(0);
  if (length > size - MAGIC - TAIL)
    throw new AssayError('malformed', `the footer has ${length} bytes, more than the file holds`, {
      offset: size - TAIL,
    });
  if (length > maxBytes) throw new AssayError('limit', `a Parquet footer of ${length} bytes`);
  budget.hold(length);
  const footerStart = size - TAIL - length;
  const footer = new FooterReader(await source.read(footerStart, length), budget);
  return { ...footer.read(), footerStart };
}

class FooterReader {
  readonly #thrift: ThriftReader;
  readonly #budget: FileBudget;
  readonly #length: number;
  readonly #chunks: ParquetChunk[] = [];
  readonly #metadata: TableMetadata[] = [];
  #columns = 0;
  #rows = 0;
  #groups = 0;

  constructor(bytes: Uint8Array, budget: FileBudget) {
    this.#thrift = new ThriftReader(bytes, budget);
    this.#budget = budget;
    this.#length = bytes.length;
  }

  read(): Omit<ParquetTable, 'footerStart'> {
    const thrift = this.#thrift;
    thrift.struct((id, type) => {
      if (id === 2 && type === THRIFT.list) this.#columns = this.#each(() => thrift.struct(() => false));
      else if (id === 3 && type === THRIFT.i64) this.#rows = thrift.integer();
      else if (id === 4 && type === THRIFT.list) this.#groups += this.#each(() => this.#group());
      else if (id === 5 && type === THRIFT.list) this.#each(() => this.#pair());
      else return false;
      return true;
    });
    if (thrift.at !== this.#length) throw thrift.bad(`${this.#length - thrift.at} bytes behind the footer`);
    const [chunks, metadata] = [this.#chunks, this.#metadata];
    return { columns: this.#columns, rows: this.#rows, groups: this.#groups, chunks, metadata };
  }

  #each(one: () => void): number {
    const { type, count } = this.#thrift.list();
    if (count > 0 && type !== THRIFT.struct) throw this.#thrift.bad(`a list of the type ${type}`);
    if (count > MAX_PARTS) throw new AssayError('limit', `a Parquet footer with a list of ${count} parts`);
    for (let i = 0; i < count; i++) one();
    return count;
  }

  #group(): void {
    this.#thrift.struct((id, type) => {
      if (id !== 1 || type !== THRIFT.list) return false;
      this.#each(() => this.#chunk());
      return true;
    });
  }

  #chunk(): void {
    const thrift = this.#thrift;
    let file = '';
    let [data, dictionary, bytes] = [Number.NaN, Number.NaN, 0];
    thrift.struct((id, type) => {
      if (id === 1 && type === THRIFT.binary) file = textOf(thrift.binary());
      else if (id === 3 && type === THRIFT.struct)
        thrift.struct((inner, kind) => {
          if (kind !== THRIFT.i64) return false;
          if (inner === 7) bytes = thrift.integer();
          else if (inner === 9) data = thrift.integer();
          else if (inner === 11) dictionary = thrift.integer();
          else return false;
          return true;
        });
      else return false;
      return true;
    });
    // Writers give 0 for a dictionary that is not there.
    const start = dictionary > 0 && dictionary < data ? dictionary : data;
    this.#keep(this.#chunks, { file, start, end: start + bytes });
  }

  #pair(): void {
    const thrift = this.#thrift;
    let key = '';
    let value: Uint8Array = new Uint8Array(0);
    thrift.struct((id, type) => {
      if (type !== THRIFT.binary || id > 2) return false;
      if (id === 1) key = textOf(thrift.binary());
      else value = thrift.binary();
      return true;
    });
    this.#keep(this.#metadata, { key, value });
  }

  #keep<T>(list: T[], one: T): void {
    if (list.length >= MAX_PARTS) throw new AssayError('limit', `a Parquet footer with more than ${MAX_PARTS} parts`);
    this.#budget.hold(KEPT_BYTES);
    list.push(one);
  }
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
}
