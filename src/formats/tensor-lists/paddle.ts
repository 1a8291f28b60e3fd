import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError, type FileBudget } from '../../core/index.ts';
import { protoFields } from '../protobuf/index.ts';
import type { ListedTensor } from './tensor.ts';

/** Bytes of an element, by VarType.Type of framework.proto. */
const BYTES: Readonly<Record<number, number>> = {
  ...{ 0: 1, 1: 2, 2: 4, 3: 8, 4: 2, 5: 4, 6: 8, 19: 8, 20: 1, 21: 1, 22: 2, 23: 8, 24: 16, 32: 1, 33: 1 },
};
const MAX_LEVELS = 64;
const MAX_DESCRIPTION = 4_096;
const MAX_TENSORS = 1_000_000;
/** Versions, and counts of levels and of the description. */
const HEAD = 16;
const KEPT_BYTES = 100;

/**
 * The tensors of a file of Paddle's parameters, one after another to its end: SerializeToStream of
 * paddle/fluid/framework/lod_tensor.cc. @throws AssayError `malformed`, `truncated`, `unsupported`, `limit`
 */
export async function readPaddleTensors(source: ByteSource, budget: FileBudget): Promise<ListedTensor[]> {
  const tensors: ListedTensor[] = [];
  for (let at = 0; at < source.size; ) {
    if (tensors.length >= MAX_TENSORS) throw new AssayError('limit', `more than ${MAX_TENSORS} tensors`);
    budget.hold(KEPT_BYTES);
    budget.work(KEPT_BYTES);
    const tensor = await tensorAt(source, at);
    tensors.push(tensor);
    at = tensor.end;
  }
  return tensors;
}

async function tensorAt(source: ByteSource, at: number): Promise<ListedTensor> {
  const bytes = async (from: number, length: number) => {
    if (from + length > source.size)
      throw new AssayError('truncated', 'the parameters end within a tensor', { offset: at });
    return Buffer.from(source.readNow(from, length) ?? (await source.read(from, length)));
  };
  const bad = (what: string) => new AssayError('malformed', `a tensor of Paddle ${what}`, { offset: at });
  const head = await bytes(at, HEAD - 4);
  if (head.readUInt32LE(0) !== 0) throw bad(`of version ${head.readUInt32LE(0)}`);
  const levels = head.readBigUInt64LE(4);
  if (levels > MAX_LEVELS) throw bad(`of ${levels} levels`);
  let next = at + HEAD - 4;
  for (let level = 0; level < Number(levels); level++) {
    const length = (await bytes(next, 8)).readBigUInt64LE(0);
    if (length > BigInt(source.size)) throw bad(`has a level of ${length} bytes`);
    next += 8 + Number(length);
  }
  const description = await bytes(next, 8);
  if (description.readUInt32LE(0) !== 0) throw bad(`of version ${description.readUInt32LE(0)}`);
  const length = description.readInt32LE(4);
  if (length < 2 || length > MAX_DESCRIPTION) throw bad(`has a description of ${length} bytes`);
  const { type, dims } = describedBy(await bytes(next + 8, length), bad);
  const each = BYTES[type];
  if (each === undefined)
    throw new AssayError('unsupported', `a tensor of Paddle has elements of type ${type}`, { offset: at });
  const start = next + 8 + length;
  const end = start + dims.reduce((product, dim) => product * dim, each);
  if (!Number.isSafeInteger(end) || end > source.size) throw bad('is larger than the file');
  return { head: at, start, end };
}

function describedBy(bytes: Buffer, bad: (what: string) => AssayError): { type: number; dims: number[] } {
  const fields = protoFields(bytes, bytes.length);
  const types = fields?.filter(({ number, wire }) => number === 1 && wire === 0) ?? [];
  const [type] = types;
  if (fields === undefined || type === undefined || types.length !== 1)
    throw bad('has a description that cannot be read');
  const dims: number[] = [];
  for (const field of fields) {
    if (field.number === 1) continue;
    if (field.number !== 2 || (field.wire !== 0 && field.wire !== 2)) throw bad('has a description of other fields');
    if (field.wire === 0) dims.push(field.value);
    // Packed, as later versions may write them.
    else for (let at = 0; at < field.bytes.length; ) at = packed(field.bytes, at, dims, bad);
  }
  return { type: type.value, dims };
}

function packed(bytes: Uint8Array, from: number, dims: number[], bad: (what: string) => AssayError): number {
  let value = 0;
  for (let at = from, scale = 1; at < bytes.length && at < from + 10; at++, scale *= 128) {
    const byte = bytes[at] ?? 0;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) {
      dims.push(value);
      return at + 1;
    }
  }
  throw bad('has a dimension without an end');
}
