import { type ByteSource, MemorySource, type SourceRange } from '../../../core/bytes/index.ts';
import { AssayError, DEFAULT_LIMITS, type FileBudget } from '../../../core/index.ts';
import { ProtoCursor, ProtoMessageReader, VarintReader } from '../../protobuf/index.ts';
import type { TfShape } from '../model.ts';
import { readShape, tfElements, typeAt } from '../read/index.ts';
import { type TfType, tfTypeBytes } from '../types.ts';
import { type OnRead, readTable } from './table.ts';

/** Where the elements of a saved variable lie. */
export interface BundleEntry {
  readonly type: TfType;
  readonly dims: readonly number[];
  readonly shard: number;
  readonly offset: number;
  readonly size: number;
  /** Whether it is saved in parts, under other keys. */
  readonly sliced: boolean;
}

/** The index of saved variables (`variables.index`). */
export interface TensorBundle {
  readonly shards: number;
  readonly entries: ReadonlyMap<string, BundleEntry>;
}

/** @throws AssayError `malformed`, `truncated`, `unsupported`, `limit` */
export async function readTensorBundle(source: ByteSource, budget: FileBudget, onRead?: OnRead): Promise<TensorBundle> {
  const entries = new Map<string, BundleEntry>();
  let shards: number | undefined;
  for (const { key, value } of await readTable(source, budget, onRead)) {
    const content = new MemorySource(value, source.name);
    const reader = new ProtoMessageReader(new ProtoCursor(content, budget), DEFAULT_LIMITS);
    if (key === '') shards = await readHeader(reader, value.length);
    else entries.set(key, await readBundleEntry(reader, value.length));
  }
  if (shards === undefined) throw new AssayError('malformed', 'has no header', { subject: source.name });
  return { shards, entries };
}

/** The bytes of a variable in its file. @throws AssayError `malformed`, `truncated`, `unsupported` */
export function bundleRange(key: string, entry: BundleEntry, shards: ReadonlyMap<number, ByteSource>): SourceRange {
  const { type, dims, shard, offset, size, sliced } = entry;
  const named = JSON.stringify(key.slice(0, 80));
  const source = shards.get(shard);
  const bytes = tfTypeBytes(type);
  if (sliced) throw new AssayError('unsupported', `the variable ${named} is saved in parts`);
  if (bytes === undefined) throw new AssayError('unsupported', `the variable ${named} is of ${type}`);
  if (source === undefined) throw missing(shard, named);
  if (size !== bytes * tfElements(dims))
    throw new AssayError('malformed', `the variable ${named} has ${size} bytes for [${dims.join(', ')}] of ${type}`);
  if (offset + size > source.size) throw beyond(named, source);
  return { source, offset, length: size };
}

/**
 * The one text of an entry, as bytes: its length as a varint, four bytes of a checksum, and its content (tensor_bundle.cc).
 * @throws AssayError `malformed`, `truncated`, `unsupported`
 */
export async function bundleText(
  key: string,
  { type, dims, shard, offset, size, sliced }: BundleEntry,
  shards: ReadonlyMap<number, ByteSource>,
  budget: FileBudget,
): Promise<Uint8Array> {
  const named = JSON.stringify(key.slice(0, 80));
  const source = shards.get(shard);
  if (type !== 'string' || dims.length > 0 || sliced)
    throw new AssayError('malformed', `the variable ${named} is not one text`);
  if (source === undefined) throw missing(shard, named);
  if (offset + size > source.size) throw beyond(named, source);
  budget.hold(size);
  const bytes = await source.read(offset, size);
  const varint = new VarintReader();
  varint.read(bytes, 0, bytes.length);
  const start = varint.next + CHECKSUM_BYTES;
  if (varint.integer() !== bytes.length - start)
    throw new AssayError('malformed', `the text ${named} is not as long as its entry`);
  return bytes.subarray(start);
}

const CHECKSUM_BYTES = 4;

function missing(shard: number, named: string): AssayError {
  return new AssayError('unsupported', `the file ${shard} of variables, which holds ${named}, is missing`, {
    hint: 'give the whole folder of the model, with its folder "variables"',
  });
}

function beyond(named: string, source: ByteSource): AssayError {
  return new AssayError('truncated', `the variable ${named} ends beyond its file`, { subject: source.name });
}

/** A BundleHeaderProto. */
async function readHeader(reader: ProtoMessageReader, end: number): Promise<number> {
  const { cursor } = reader;
  let shards = 0;
  while (cursor.next(end) || (await cursor.more(end))) {
    if (cursor.number === 1) shards = cursor.count();
    else if (cursor.number === 2 && cursor.integer() !== 0)
      throw new AssayError('unsupported', 'variables are saved with the highest byte first', {
        subject: cursor.source.name,
      });
    else if (cursor.number !== 3) reader.skip('BundleHeaderProto');
  }
  return shards;
}

/** A BundleEntryProto. */
async function readBundleEntry(reader: ProtoMessageReader, end: number): Promise<BundleEntry> {
  const { cursor } = reader;
  let type: TfType | undefined;
  let shape: TfShape = [];
  let [shard, offset, size] = [0, 0, 0];
  let sliced = false;
  while (cursor.next(end) || (await cursor.more(end))) {
    const { number } = cursor;
    if (number === 1) type = typeAt(reader);
    else if (number === 2) shape = await reader.nested(readShape);
    else if (number === 3) shard = cursor.count();
    else if (number === 4) offset = cursor.count();
    else if (number === 5) size = cursor.count();
    else if (number === 7) sliced = true;
    else if (number !== 6) reader.skip('BundleEntryProto');
  }
  const dims = shape?.map((one) => one ?? -1);
  if (type === undefined || dims === undefined || dims.some((one) => one < 0))
    throw new AssayError('malformed', 'a variable has no type or no shape', { subject: cursor.source.name });
  return { type, dims, shard, offset, size, sliced };
}
