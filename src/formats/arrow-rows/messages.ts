import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError, type FileBudget } from '../../core/index.ts';
import { type FbTable, FlatBuffer } from '../flatbuffer/index.ts';
import { u32le } from '../magic.ts';

export type MessageKind = 'schema' | 'dictionary' | 'rows';

/** One message of a stream: its header, and where its body is. */
export interface ArrowMessage {
  readonly kind: MessageKind;
  readonly header: FbTable;
  readonly buffer: FlatBuffer;
  /** Of the message, its prefix included. */
  readonly start: number;
  readonly body: number;
  readonly bodyBytes: number;
}

/** Where messages are. */
export interface ArrowLayout {
  readonly start: number;
  readonly end: number;
  /** What the footer of a file lists; `undefined` for a stream, which has none. */
  readonly footer: ArrowFooter | undefined;
}

interface ArrowFooter {
  readonly schema: FbTable;
  readonly dictionaries: readonly Block[];
  readonly rows: readonly Block[];
}

interface Block {
  readonly offset: number;
  /** Of the message, its prefix included. */
  readonly message: number;
  readonly body: number;
}

/** https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format */
const MAGIC = 'ARROW1';
const FIRST = 8;
const PREFIX = 8;
const CONTINUATION = 0xffff_ffff;
const FOOTER = { schema: 1, dictionaries: 2, rows: 3 } as const;
const BLOCK_BYTES = 24;
const MESSAGE = { kind: 1, header: 2, bodyLength: 3 } as const;
const KINDS: Readonly<Record<number, MessageKind>> = { 1: 'schema', 2: 'dictionary', 3: 'rows' };
/** CWE-770: of one message, and of a footer; messages hold no rows. */
const MAX_MESSAGE = 64 * 1024 * 1024;
const MAX_MESSAGES = 1_000_000;

/** Finds out where the messages of a file or of a stream are. @throws AssayError `malformed`, `truncated`, `limit`, `unsupported` */
export async function arrowLayout(source: ByteSource, budget: FileBudget): Promise<ArrowLayout> {
  const { size } = source;
  if (size < PREFIX) throw new AssayError('truncated', 'is too short for an Arrow file');
  const head = Buffer.from(await source.read(0, PREFIX)).toString('latin1');
  if (head.startsWith('FEA1'))
    throw new AssayError('unsupported', 'is a file of Feather 1', {
      hint: 'write it with a current pandas or pyarrow',
    });
  if (!head.startsWith(MAGIC)) return { start: 0, end: size, footer: undefined };
  if (size < FIRST + 10) throw new AssayError('truncated', 'is an Arrow file without a footer');
  const tail = Buffer.from(await source.read(size - 10, 10));
  const length = tail.readInt32LE(0);
  if (tail.toString('latin1', 4) !== MAGIC) throw new AssayError('truncated', 'does not end as an Arrow file does');
  if (length <= 0 || length > size - FIRST - 10)
    throw new AssayError('malformed', `has a footer of ${length} bytes, and ${size} bytes in all`);
  if (length > MAX_MESSAGE) throw new AssayError('limit', `has a footer of more than ${MAX_MESSAGE} bytes`);
  const end = size - 10 - length;
  const buffer = new FlatBuffer(await source.read(end, length), budget);
  const root = buffer.root();
  const schema = root.table(FOOTER.schema);
  if (schema === undefined) throw new AssayError('malformed', 'has a footer without a schema');
  const blocks = (field: number) => blocksOf(buffer, root, field);
  return {
    start: FIRST,
    end,
    footer: { schema, dictionaries: blocks(FOOTER.dictionaries), rows: blocks(FOOTER.rows) },
  };
}

function blocksOf(buffer: FlatBuffer, root: FbTable, field: number): readonly Block[] {
  const { at, length } = root.vector(field, BLOCK_BYTES);
  if (length > MAX_MESSAGES) throw new AssayError('limit', `has more than ${MAX_MESSAGES} batches`);
  return Array.from({ length }, (_, i) => {
    const place = at + i * BLOCK_BYTES;
    return {
      offset: Number(buffer.u64(place)),
      message: buffer.i32(place + 8),
      body: Number(buffer.u64(place + 16)),
    };
  });
}

/**
 * The messages, one after another: all bytes are theirs. What a footer lists has to be exactly these, in this order: readers of files go
 * by the footer, readers of streams by the messages, and both have to see the same rows.
 * @throws AssayError `malformed`, `truncated`, `limit`, `unsupported`
 */
export async function* messagesOf(
  source: ByteSource,
  { start, end, footer }: ArrowLayout,
  budget: FileBudget,
): AsyncGenerator<ArrowMessage> {
  const listed = { dictionary: footer?.dictionaries ?? [], rows: footer?.rows ?? [] };
  const seen = { dictionary: 0, rows: 0 };
  let at = start;
  let ended = false;
  for (let count = 0; at + PREFIX <= end; count++) {
    if (count > MAX_MESSAGES) throw new AssayError('limit', `has more than ${MAX_MESSAGES} messages`);
    const message = await messageAt(source, at, end, budget);
    if (message === undefined) {
      ended = true;
      at += PREFIX;
      break;
    }
    const { kind, body, bodyBytes } = message;
    if ((count === 0) !== (kind === 'schema'))
      throw new AssayError('malformed', count === 0 ? 'does not begin with a schema' : 'has a second schema');
    if (kind !== 'schema' && footer !== undefined) {
      const block = listed[kind][seen[kind]++];
      const same = block?.offset === at && block.message === body - at && block.body === bodyBytes;
      if (!same) throw unlisted();
    }
    yield message;
    at = body + bodyBytes;
  }
  if (seen.dictionary < listed.dictionary.length || seen.rows < listed.rows.length) throw unlisted();
  if (at < end && (ended || footer !== undefined))
    throw new AssayError('malformed', `has ${end - at} bytes that belong to none of its messages`);
  if (at !== end) throw new AssayError('truncated', 'ends within a message');
}

function unlisted(): AssayError {
  return new AssayError('malformed', 'has a footer that lists other batches than the file holds', {
    hint: 'write it again: programs would see different rows',
  });
}

/** `undefined` at the end of a stream. */
async function messageAt(
  source: ByteSource,
  start: number,
  end: number,
  budget: FileBudget,
): Promise<ArrowMessage | undefined> {
  const prefix = await source.read(start, PREFIX);
  if (u32le(prefix, 0) !== CONTINUATION)
    throw new AssayError('malformed', `does not have a message of Arrow at byte ${start}`);
  const length = u32le(prefix, 4);
  if (length === 0) return undefined;
  if (length > MAX_MESSAGE) throw new AssayError('limit', `has a message of more than ${MAX_MESSAGE} bytes`);
  if (length > end - start - PREFIX) throw new AssayError('truncated', 'ends within a message');
  const buffer = new FlatBuffer(await source.read(start + PREFIX, length), budget);
  const root = buffer.root();
  const kind = KINDS[root.u8(MESSAGE.kind, 0)];
  const header = root.table(MESSAGE.header);
  if (kind === undefined || header === undefined)
    throw new AssayError('malformed', `has a message at byte ${start} that is not one of a table`);
  const body = start + PREFIX + length;
  const bodyBytes = root.u64(MESSAGE.bodyLength);
  if (bodyBytes > BigInt(end - body)) throw new AssayError('truncated', 'ends within a batch of rows');
  return { kind, header, buffer, start, body, bodyBytes: Number(bodyBytes) };
}
