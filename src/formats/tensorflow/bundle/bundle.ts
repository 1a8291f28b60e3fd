import { type ByteSource, MemorySource, type SourceRange } from '../../../core/bytes/index.ts';
import { AssayError, DEFAULT_LIMITS, type FileBudget } from '../../../core/index.ts';
import { ProtoCursor, ProtoMessageReader } from '../../protobuf/index.ts';
import type { TfShape } from '../model.ts';
import { readShape, tfElements, typeAt } from '../read/index.ts';
import { type TfType, tfTypeBytes } from '../types.ts';
import { readTable } from './table.ts';

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
export async function readTensorBundle(source: ByteSource, budget: FileBudget): Promise<TensorBundle> {
  const entries = new Map<string, BundleEntry>();
  let shards: number | undefined;
  for (const { key, value } of await readTable(source, budget)) {
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
  if (source === undefined)
    throw new AssayError('unsupported', `the file ${shard} of variables, which holds ${named}, is missing`, {
      hint: 'give the whole folder of the model, with its folder "variables"',
    });
  if (size !== bytes * tfElements(dims))
    throw new AssayError('malformed', `the variable ${named} has ${size} bytes for [${dims.join(', ')}] of ${type}`);
  if (offset + size > source.size)
    throw new AssayError('truncated', `the variable ${named} ends beyond its file`, { subject: source.name });
  return { source, offset, length: size };
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
