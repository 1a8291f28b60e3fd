import { isDeepStrictEqual } from 'node:util';
import { type ByteSource, MemorySource } from '../../core/bytes/index.ts';
import { AssayError, DEFAULT_LIMITS, FileBudget, quotedName, throwIfAborted } from '../../core/index.ts';
import { decode } from '../compressed/index.ts';
import type { FbTable, FlatBuffer } from '../flatbuffer/index.ts';
import { type ArrowLayout, type ArrowMessage, arrowLayout, messagesOf } from './messages.ts';
import { type ArrowColumn, columnsOf } from './schema.ts';
import { type ArrowValue, bufferCount, type ColumnValues, columnValues } from './values.ts';

export interface ArrowBounds {
  /** Bytes of one batch of rows, decompressed, and of all dictionaries. */
  readonly batchBytes: number;
  readonly signal: AbortSignal | undefined;
}

/** Some rows of all columns. */
export interface ArrowBatch {
  readonly rows: number;
  value(column: number, row: number): ArrowValue;
}

/** A table of Arrow: a file (Feather 2) or a stream. */
export interface ArrowRows {
  readonly columns: readonly ArrowColumn[];
  /** Once. */
  batches(): AsyncGenerator<ArrowBatch>;
}

/** Fields of the tables of Message.fbs of Arrow. */
const BATCH = { length: 0, nodes: 1, buffers: 2, compression: 3 } as const;
const DICTIONARY = { id: 0, data: 1, isDelta: 2 } as const;
const CODECS = ['lz4', 'zstd'] as const;
const CODEC = 0;
const STRUCT = 16;
/** CWE-770: each is a value in memory. */
const MAX_ENTRIES = 10_000_000;
/** Before the bytes of a compressed buffer: how many there will be; -1 for bytes as they are. */
const LENGTH_BYTES = 8;

/**
 * Opens a table of Arrow. Nothing that the file says is used before it is checked: lengths, offsets, counts, entries of dictionaries.
 * Source: https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc
 * @throws AssayError `malformed`, `truncated`, `limit`; `unsupported` naming what is not read
 */
export async function openArrowRows(source: ByteSource, bounds: ArrowBounds): Promise<ArrowRows> {
  const budget = new FileBudget(DEFAULT_LIMITS, source.size);
  const layout = await arrowLayout(source, budget);
  const messages = messagesOf(source, layout, budget);
  const first = await messages.next();
  if (first.done === true) throw new AssayError('malformed', 'does not begin with a schema');
  const columns = columnsOf(first.value.header);
  if (columns.every(({ type }) => type.kind === 'null'))
    throw new AssayError('unsupported', 'has no column with values');
  if (layout.footer !== undefined && !isDeepStrictEqual(columnsOf(layout.footer.schema), columns))
    throw new AssayError('malformed', 'has a footer with other columns than its first message');
  const reader = new BatchReader(source, columns, layout, bounds, budget);
  return { columns, batches: () => reader.batches(messages) };
}

class BatchReader {
  readonly #source: ByteSource;
  readonly #columns: readonly ArrowColumn[];
  readonly #layout: ArrowLayout;
  readonly #bounds: ArrowBounds;
  readonly #budget: FileBudget;
  readonly #dictionaries = new Map<bigint, ArrowValue[]>();
  #dictionaryBytes = 0;

  constructor(
    source: ByteSource,
    columns: readonly ArrowColumn[],
    layout: ArrowLayout,
    bounds: ArrowBounds,
    budget: FileBudget,
  ) {
    this.#source = source;
    this.#columns = columns;
    this.#layout = layout;
    this.#bounds = bounds;
    this.#budget = budget;
  }

  async *batches(messages: AsyncGenerator<ArrowMessage>): AsyncGenerator<ArrowBatch> {
    for await (const message of messages) {
      throwIfAborted(this.#bounds.signal);
      if (message.kind === 'dictionary') await this.#dictionary(message);
      else yield await this.#rows(message);
    }
  }

  async #rows({ header, buffer, body, bodyBytes }: ArrowMessage): Promise<ArrowBatch> {
    const { length, values } = await this.#read(header, buffer, { body, bodyBytes }, this.#columns);
    const columns = values.map((one, i) => this.#named(this.#columns[i], one));
    return { rows: length, value: (column, row) => columns[column]?.(row) ?? null };
  }

  /** The values themselves, or those of a dictionary that they name. */
  #named(column: ArrowColumn | undefined, values: ColumnValues): (row: number) => ArrowValue {
    if (column?.dictionary === undefined) return values.at;
    const name = quotedName(column.name);
    const entries = this.#dictionaries.get(column.dictionary.id);
    if (entries === undefined)
      throw new AssayError('malformed', `the column ${name} names a dictionary that does not come before it`);
    return (row) => {
      const index = values.at(row);
      if (index === null) return null;
      const at = Number(index);
      if (at < 0 || at >= entries.length)
        throw new AssayError(
          'malformed',
          `the column ${name} names the entry ${at} of a dictionary of ${entries.length}`,
        );
      return entries[at] ?? null;
    };
  }

  async #dictionary({ header, buffer, body, bodyBytes }: ArrowMessage): Promise<void> {
    const id = header.u64(DICTIONARY.id);
    const data = header.table(DICTIONARY.data);
    const column = this.#columns.find(({ dictionary }) => dictionary?.id === id);
    if (data === undefined || column === undefined)
      throw new AssayError('malformed', `has a dictionary ${id} that no column names`);
    const { type } = column;
    const other = this.#columns.find((one) => one.dictionary?.id === id && !isDeepStrictEqual(one.type, type));
    if (other !== undefined)
      throw new AssayError('malformed', `the column ${quotedName(other.name)} has another type than its dictionary`);
    const before = header.u8(DICTIONARY.isDelta, 0) === 0 ? undefined : this.#dictionaries.get(id);
    // Readers of files load all dictionaries first: which of two counts, they do not agree on.
    if (before === undefined && this.#dictionaries.has(id) && this.#layout.footer !== undefined)
      throw new AssayError('malformed', `has two dictionaries for the column ${quotedName(column.name)}`);
    const plain = { name: column.name, type, dictionary: undefined };
    const { length, values, bytes } = await this.#read(data, buffer, { body, bodyBytes }, [plain]);
    this.#dictionaryBytes += bytes;
    if (this.#dictionaryBytes > this.#bounds.batchBytes) throw tooLarge('dictionaries', this.#bounds.batchBytes);
    if (length + (before?.length ?? 0) > MAX_ENTRIES)
      throw new AssayError('limit', `has a dictionary of more than ${MAX_ENTRIES} entries`);
    const [entries] = values;
    const added = Array.from({ length }, (_, row) => entries?.at(row) ?? null);
    this.#dictionaries.set(id, [...(before ?? []), ...added]);
  }

  /** One value of each column for each row, and how many bytes they take. */
  async #read(
    batch: FbTable,
    buffer: FlatBuffer,
    place: { readonly body: number; readonly bodyBytes: number },
    columns: readonly ArrowColumn[],
  ): Promise<{ readonly length: number; readonly values: readonly ColumnValues[]; readonly bytes: number }> {
    const length = Number(batch.u64(BATCH.length));
    const nodes = batch.vector(BATCH.nodes, STRUCT);
    const buffers = batch.vector(BATCH.buffers, STRUCT);
    const types = columns.map(({ type, dictionary }) => dictionary?.index ?? type);
    const wanted = types.reduce((sum, type) => sum + bufferCount(type), 0);
    if (nodes.length !== columns.length || buffers.length !== wanted)
      throw new AssayError(
        'malformed',
        `has a batch of ${nodes.length} columns and ${buffers.length} buffers, not ${columns.length} and ${wanted}`,
      );
    const codec = codecOf(batch);
    const room = { left: this.#bounds.batchBytes };
    const values: ColumnValues[] = [];
    let next = buffers.at;
    for (const [i, column] of columns.entries()) {
      const type = types[i] ?? column.type;
      const node = nodes.at + i * STRUCT;
      const [own, nullCount] = [buffer.u64(node), buffer.u64(node + 8)];
      if (own !== BigInt(length))
        throw new AssayError(
          'malformed',
          `the column ${quotedName(column.name)} has ${own} rows in a batch of ${length}`,
        );
      const parts: Uint8Array[] = [];
      for (let count = bufferCount(type); count > 0; count--, next += STRUCT) {
        const [offset, size] = [Number(buffer.u64(next)), Number(buffer.u64(next + 8))];
        parts.push(await this.#buffer(place, { offset, size }, codec, room));
      }
      // Before anything is made for so many rows: no value takes less than a bit.
      if (type.kind !== 'null' && length > 8 * parts.reduce((sum, part) => sum + part.length, 0))
        throw new AssayError(
          'malformed',
          `the column ${quotedName(column.name)} has fewer values than its ${length} rows`,
        );
      values.push(
        columnValues(column, type, { length, nullCount: type.kind === 'null' ? 0 : Number(nullCount), buffers: parts }),
      );
    }
    return { length, values, bytes: this.#bounds.batchBytes - room.left };
  }

  /** A buffer of a batch, decompressed. Not a byte more than is announced is kept. */
  async #buffer(
    { body, bodyBytes }: { readonly body: number; readonly bodyBytes: number },
    { offset, size }: { readonly offset: number; readonly size: number },
    codec: (typeof CODECS)[number] | undefined,
    room: { left: number },
  ): Promise<Uint8Array> {
    if (offset + size > bodyBytes)
      throw new AssayError(
        'malformed',
        `has a buffer from byte ${offset} to ${offset + size} of a body of ${bodyBytes}`,
      );
    const take = (bytes: number) => {
      room.left -= bytes;
      if (room.left < 0) throw tooLarge('a batch of rows', this.#bounds.batchBytes);
    };
    if (codec === undefined || size === 0) {
      take(size);
      return await this.#source.read(body + offset, size);
    }
    if (size < LENGTH_BYTES) throw new AssayError('malformed', `has a compressed buffer of ${size} bytes`);
    const head = Buffer.from(await this.#source.read(body + offset, LENGTH_BYTES));
    const announced = Number(head.readBigInt64LE(0));
    const rest = size - LENGTH_BYTES;
    take(announced === -1 ? rest : Math.max(0, announced));
    const bytes = await this.#source.read(body + offset + LENGTH_BYTES, rest);
    return announced === -1 ? bytes : await this.#decompressed(bytes, codec, announced);
  }

  async #decompressed(bytes: Uint8Array, codec: (typeof CODECS)[number], announced: number): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    const options = { limits: DEFAULT_LIMITS, signal: this.#bounds.signal, budget: this.#budget };
    for await (const chunk of decode(codec, new MemorySource(bytes, 'a buffer of Arrow'), options)) {
      size += chunk.length;
      if (size > announced) break;
      // What a decoder gives may be its own, which it writes on.
      chunks.push(Uint8Array.from(chunk));
    }
    if (size === announced) return Buffer.concat(chunks, size);
    throw new AssayError(
      'malformed',
      `has a buffer that decompresses to other than the ${announced} bytes that it announces`,
    );
  }
}

function codecOf(batch: FbTable): (typeof CODECS)[number] | undefined {
  const compression = batch.table(BATCH.compression);
  if (compression === undefined) return undefined;
  const codec = CODECS[compression.u8(CODEC, 0)];
  if (codec === undefined) throw new AssayError('unsupported', 'is compressed by a method that Arrow does not define');
  return codec;
}

function tooLarge(what: string, most: number): AssayError {
  return new AssayError('limit', `has ${what} of more than ${most} bytes`, {
    hint: 'write it in smaller batches, or as Parquet',
  });
}
