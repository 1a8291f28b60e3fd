import type { ByteSource } from '../../../core/bytes/index.ts';
import { AssayError, type FileBudget } from '../../../core/index.ts';
import { maskedCrc } from '../../crc32c.ts';
import { VarintReader } from '../../protobuf/index.ts';

/** A footer: two handles of a block, filled up, and a number that marks the format. */
const FOOTER = 48;
const MAGIC_LOW = 0x8b80fb57;
const MAGIC_HIGH = 0xdb477524;
/** Behind each block: how it is compressed, and a checksum. */
const TRAILER = 5;
const MAX_BLOCK = 64 * 1024 * 1024;
const MAX_ENTRIES = 1_000_000;
const ENTRY_BYTES = 128;
const SNAPPY = 1;

interface BlockHandle {
  readonly offset: number;
  readonly size: number;
}

export interface TableEntry {
  readonly key: string;
  readonly value: Uint8Array;
}

/** Is told which bytes were read. */
export type OnRead = (start: number, end: number) => void;

/**
 * The entries of a table of LevelDB, in their order.
 * @throws AssayError `malformed`, `truncated`; `unsupported` for blocks that Snappy compressed; `limit`
 */
export async function readTable(
  source: ByteSource,
  budget: FileBudget,
  onRead: OnRead = () => undefined,
): Promise<TableEntry[]> {
  if (source.size < FOOTER) throw wrong(source, 'is too short for a table of LevelDB', 0);
  const at = source.size - FOOTER;
  const footer = await source.read(at, FOOTER);
  const view = new DataView(footer.buffer, footer.byteOffset, FOOTER);
  if (view.getUint32(FOOTER - 8, true) !== MAGIC_LOW || view.getUint32(FOOTER - 4, true) !== MAGIC_HIGH)
    throw wrong(source, 'does not end as a table of LevelDB', at);
  const varint = new VarintReader();
  const meta = handleAt(footer, 0, varint);
  const index = handleAt(footer, meta.next, varint);
  onRead(at, source.size);
  const block = async (handle: BlockHandle) => {
    const bytes = await readBlock(source, handle, budget);
    onRead(handle.offset, handle.offset + handle.size + TRAILER);
    return entriesOf(bytes, source, budget);
  };
  // Names of filters, of which tables of checkpoints have none.
  if ((await block(meta.handle)).length > 0)
    throw new AssayError('unsupported', 'has filters, which checkpoints do not have', { subject: source.name });
  const entries: TableEntry[] = [];
  const blocks = await block(index.handle);
  for (const { value } of blocks) {
    const { handle } = handleAt(value, 0, varint);
    for (const entry of await block(handle)) {
      const last = entries.at(-1);
      if (last !== undefined && last.key >= entry.key)
        throw wrong(source, 'has keys that are not in order', handle.offset);
      if (entries.length >= MAX_ENTRIES)
        throw new AssayError('limit', `more than ${MAX_ENTRIES} keys`, { subject: source.name });
      entries.push(entry);
    }
  }
  return entries;
}

function handleAt(bytes: Uint8Array, at: number, varint: VarintReader): { handle: BlockHandle; next: number } {
  varint.read(bytes, at, bytes.length);
  const offset = varint.integer() ?? -1;
  varint.read(bytes, varint.next, bytes.length);
  return { handle: { offset, size: varint.integer() ?? -1 }, next: varint.next };
}

async function readBlock(source: ByteSource, { offset, size }: BlockHandle, budget: FileBudget): Promise<Uint8Array> {
  if (offset < 0 || size < 4 || size > MAX_BLOCK || offset + size + TRAILER > source.size)
    throw wrong(source, `has a block of ${size} bytes at ${offset}, which is not in the file`, 0);
  budget.hold(size);
  budget.work(size);
  const bytes = await source.read(offset, size + TRAILER);
  const type = bytes[size] ?? 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(size + 1, true) !== maskedCrc(bytes.subarray(0, size + 1)))
    throw wrong(source, 'has a block whose checksum is not its own', offset);
  if (type === SNAPPY)
    throw new AssayError('unsupported', 'its index is compressed with Snappy', {
      subject: source.name,
      hint: 'save the variables again with a version of TensorFlow that does not compress them, which is each since 1.0',
    });
  if (type !== 0) throw wrong(source, `has a block with the compression ${type}`, offset);
  return bytes.subarray(0, size);
}

/** A block: entries, each with what its key shares with the one before, and where some of them start. */
function entriesOf(block: Uint8Array, source: ByteSource, budget: FileBudget): TableEntry[] {
  const view = new DataView(block.buffer, block.byteOffset, block.length);
  const restarts = view.getUint32(block.length - 4, true);
  const end = block.length - 4 - 4 * restarts;
  if (end < 0) throw wrong(source, 'has a block with more restarts than bytes', 0);
  const entries: TableEntry[] = [];
  const varint = new VarintReader();
  let key = new Uint8Array(0);
  for (let at = 0; at < end; ) {
    const [shared, own, length] = [0, 0, 0].map(() => {
      varint.read(block, at, end);
      at = varint.next;
      return varint.integer() ?? -1;
    });
    if (shared === undefined || own === undefined || length === undefined || shared < 0 || own < 0 || length < 0)
      throw wrong(source, 'has an entry without sizes', 0);
    if (shared > key.length || at + own + length > end) throw wrong(source, 'has an entry beyond its block', 0);
    budget.hold(ENTRY_BYTES + 3 * (shared + own));
    const next = new Uint8Array(shared + own);
    next.set(key.subarray(0, shared));
    next.set(block.subarray(at, at + own), shared);
    key = next;
    const value = block.subarray(at + own, at + own + length);
    entries.push({ key: Buffer.from(key).toString('latin1'), value });
    at += own + length;
  }
  return entries;
}

function wrong({ name }: ByteSource, what: string, offset: number): AssayError {
  return new AssayError('malformed', what, { subject: name, offset });
}
