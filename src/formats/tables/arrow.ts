import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError, type FileBudget } from '../../core/index.ts';
import { type FbTable, FlatBuffer } from '../flatbuffer/index.ts';
import type { Format } from '../format.ts';
import { u32le } from '../magic.ts';
import type { TableMetadata } from './parquet.ts';

/** Fields of the tables of Schema.fbs, Message.fbs and File.fbs of Arrow. */
const SCHEMA = { fields: 1, metadata: 2 } as const;
const FIELD = { name: 0, children: 5, metadata: 6 } as const;
const FOOTER = { schema: 1, dictionaries: 2, batches: 3, metadata: 4 } as const;
const MESSAGE = { kind: 1, header: 2, bodyLength: 3, metadata: 4 } as const;
const PAIR = { key: 0, value: 1 } as const;
/** The kind of a message that is a schema, and the greatest kind. */
const SCHEMA_KIND = 1;
const LAST_KIND = 5;
/** A block of the footer: offset, length of its message, length of its body. */
const BLOCK = 24;
/** Eight bytes of a continuation and a length before a message of a stream. */
const PREFIX = 8;
const CONTINUATION = 0xffff_ffff;
const MAX_DEPTH = 64;
const MAX_PARTS = 1_000_000;
const KEPT_BYTES = 100;

export interface ArrowSchema {
  readonly fields: number;
  /** Of the schema, of its fields and of the file. */
  readonly metadata: readonly TableMetadata[];
}

export interface ArrowTable extends ArrowSchema {
  readonly footerStart: number;
  /** Batches of rows and dictionaries, each with its message. */
  readonly blocks: readonly { readonly start: number; readonly end: number }[];
}

/** Messages one after another, as data sets of Hugging Face are kept: a schema comes first. */
export const ARROW_STREAM: Format = {
  id: 'arrow-stream',
  title: 'Arrow stream',
  extensions: ['.arrows'],
  identify({ head, size }) {
    const length = u32le(head, 4);
    if (u32le(head, 0) !== CONTINUATION || length < 32 || length % 8 !== 0 || PREFIX + length > size) return false;
    const root = PREFIX + u32le(head, PREFIX);
    const table = root + 4 <= head.length ? root - (u32le(head, root) | 0) : -1;
    // The table of a message has four or five fields, of which the kind is that of a schema.
    const fields = table >= PREFIX && table + 12 <= head.length ? (head[table] ?? 0) + 256 * (head[table + 1] ?? 0) : 0;
    const kind = root + (head[table + 6] ?? 0);
    return fields >= 8 && fields <= 32 && kind < head.length && head[kind] === SCHEMA_KIND;
  },
};

/** The footer of an Arrow or Feather file. @throws AssayError `malformed`, `truncated`, `limit`; `unsupported` for Feather 1 */
export async function readArrow(source: ByteSource, budget: FileBudget, maxBytes: number): Promise<ArrowTable> {
  const { size } = source;
  if (size < 20) throw new AssayError('truncated', 'an Arrow file without a footer');
  const head = Buffer.from(await source.read(0, 8));
  if (head.toString('latin1', 0, 4) === 'FEA1') throw new AssayError('unsupported', 'a file of Feather 1');
  const tail = Buffer.from(await source.read(size - 10, 10));
  const length = tail.readInt32LE(0);
  if (tail.toString('latin1', 4) !== 'ARROW1')
    throw new AssayError('malformed', 'an Arrow file that does not end with its mark');
  if (length <= 0 || length > size - 18)
    throw new AssayError('malformed', `the footer has ${length} bytes, and the file ${size}`, { offset: size - 10 });
  if (length > maxBytes) throw new AssayError('limit', `an Arrow footer of ${length} bytes`);
  budget.hold(length);
  const footerStart = size - 10 - length;
  const bytes = await source.read(footerStart, length);
  const buffer = new FlatBuffer(bytes, budget);
  const root = buffer.root();
  const schema = root.table(FOOTER.schema);
  if (schema === undefined)
    throw new AssayError('malformed', 'an Arrow file without a schema', { offset: footerStart });
  const read = new SchemaReader(buffer, budget);
  read.schema(schema);
  read.pairs(root, FOOTER.metadata);
  const blocks = [FOOTER.dictionaries, FOOTER.batches].flatMap((field) => {
    const { at, length: count } = root.vector(field, BLOCK);
    if (count > MAX_PARTS) throw new AssayError('limit', `an Arrow file of ${count} batches`);
    return Array.from({ length: count }, (_, index) => blockAt(buffer, at + BLOCK * index, footerStart));
  });
  return { fields: read.fields, metadata: read.metadata, footerStart, blocks };
}

function blockAt(buffer: FlatBuffer, at: number, footerStart: number): { start: number; end: number } {
  const [offset, head, body] = [buffer.u64(at), buffer.i32(at + 8), buffer.u64(at + 16)];
  const end = offset + BigInt(head) + body;
  if (offset < 8n || head < 0 || end > BigInt(footerStart))
    throw new AssayError(
      'malformed',
      `a batch of rows at byte ${offset} of ${head} and ${body} bytes is not in the file`,
    );
  return { start: Number(offset), end: Number(end) };
}

/** The schema of a message that stands alone, as Parquet keeps it. */
export function readArrowSchema(bytes: Uint8Array, budget: FileBudget): ArrowSchema {
  const start = u32le(bytes, 0) === CONTINUATION ? PREFIX : 4;
  if (bytes.length < start + 8) throw new AssayError('truncated', 'a schema of Arrow that does not end');
  const buffer = new FlatBuffer(bytes.subarray(start), budget);
  const read = new SchemaReader(buffer, budget);
  read.message(buffer.root());
  return { fields: read.fields, metadata: read.metadata };
}

/** The schema of a stream, and where its messages end. Later messages are stepped over, body and all. */
export async function readArrowStream(
  source: ByteSource,
  budget: FileBudget,
  maxBytes: number,
): Promise<ArrowSchema & { readonly end: number }> {
  const metadata: TableMetadata[] = [];
  let fields = 0;
  let at = 0;
  for (let count = 0; at + PREFIX <= source.size; count++) {
    if (count >= MAX_PARTS) throw new AssayError('limit', `an Arrow stream of more than ${MAX_PARTS} messages`);
    const prefix = source.readNow(at, PREFIX) ?? (await source.read(at, PREFIX));
    const length = u32le(prefix, 4);
    if (u32le(prefix, 0) !== CONTINUATION) break;
    at += PREFIX;
    // The end of the stream.
    if (length === 0) break;
    if (length > source.size - at)
      throw new AssayError('truncated', `a message of ${length} bytes does not end`, { offset: at });
    if (length > maxBytes) throw new AssayError('limit', `a message of Arrow of ${length} bytes`);
    budget.hold(length);
    const buffer = new FlatBuffer(await source.read(at, length), budget);
    const root = buffer.root();
    const read = new SchemaReader(buffer, budget);
    if (root.u8(MESSAGE.kind, 0) === SCHEMA_KIND || count === 0) read.message(root);
    else read.pairs(root, MESSAGE.metadata);
    fields += read.fields;
    metadata.push(...read.metadata);
    const body = root.u64(MESSAGE.bodyLength);
    budget.release(length);
    if (root.u8(MESSAGE.kind, 0) > LAST_KIND || body > BigInt(source.size - at - length))
      throw new AssayError('malformed', `a body of ${body} bytes does not end`, { offset: at });
    at += length + Number(body);
  }
  return { fields, metadata, end: at };
}

class SchemaReader {
  readonly metadata: TableMetadata[] = [];
  fields = 0;
  readonly #buffer: FlatBuffer;
  readonly #budget: FileBudget;

  constructor(buffer: FlatBuffer, budget: FileBudget) {
    this.#buffer = buffer;
    this.#budget = budget;
  }

  message(root: FbTable): void {
    const schema = root.u8(MESSAGE.kind, 0) === SCHEMA_KIND ? root.table(MESSAGE.header) : undefined;
    if (schema === undefined) throw new AssayError('malformed', 'a message of Arrow that is not a schema');
    this.schema(schema);
    this.pairs(root, MESSAGE.metadata);
  }

  schema(schema: FbTable): void {
    for (const field of schema.tables(SCHEMA.fields)) this.#field(field, 0);
    this.pairs(schema, SCHEMA.metadata);
  }

  pairs(table: FbTable, field: number): void {
    for (const pair of table.tables(field)) {
      if (this.metadata.length >= MAX_PARTS)
        throw new AssayError('limit', `a schema of Arrow with more than ${MAX_PARTS} notes`);
      this.#budget.hold(KEPT_BYTES);
      const value = this.#buffer.bytes(pair.vector(PAIR.value, 1));
      this.metadata.push({ key: pair.text(PAIR.key) ?? '', value });
    }
  }

  #field(field: FbTable, depth: number): void {
    if (depth > MAX_DEPTH) throw new AssayError('limit', `fields of Arrow are nested deeper than ${MAX_DEPTH}`);
    this.fields++;
    this.#budget.hold(KEPT_BYTES);
    this.pairs(field, FIELD.metadata);
    for (const child of field.tables(FIELD.children)) this.#field(child, depth + 1);
  }
}
