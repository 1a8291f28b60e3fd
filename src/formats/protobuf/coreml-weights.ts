import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError, type FileBudget } from '../../core/index.ts';

/** Bytes of the header and of what describes a blob, and the alignment of blobs. */
const UNIT = 64;
const SENTINEL = 0xdeadbeef;
/** Types of elements of version 2 of the storage: 1 is half precision, the last are of one to six bits. */
const MAX_TYPE = 32;

export interface WeightBlob {
  readonly start: number;
  readonly end: number;
  readonly type: number;
}

/**
 * The blobs of the weights of a Core ML program: MILBlob/Blob/StorageFormat.hpp of coremltools. Each has a description of 64 bytes, then its
 * bytes. @throws AssayError `malformed`, `truncated`
 */
export async function readCoremlWeights(source: ByteSource, budget: FileBudget): Promise<WeightBlob[]> {
  const head = await source.read(0, Math.min(UNIT, source.size));
  if (head.length < UNIT) throw new AssayError('truncated', 'the weights end within their header');
  const count = Buffer.from(head).readUInt32LE(0);
  if (count > source.size / UNIT) throw new AssayError('malformed', `the weights have ${count} blobs`, { offset: 0 });
  const blobs: WeightBlob[] = [];
  let at = UNIT;
  for (let i = 0; i < count; i++) {
    budget.work(UNIT);
    budget.hold(UNIT);
    const blob = await blobAt(source, at, i);
    blobs.push(blob);
    at = Math.ceil(blob.end / UNIT) * UNIT;
  }
  return blobs;
}

async function blobAt(source: ByteSource, at: number, index: number): Promise<WeightBlob> {
  const bad = (what: string) => new AssayError('malformed', `blob ${index} of the weights ${what}`, { offset: at });
  if (at + UNIT > source.size)
    throw new AssayError('truncated', `the weights end before blob ${index}`, { offset: at });
  const bytes = Buffer.from(source.readNow(at, UNIT) ?? (await source.read(at, UNIT)));
  if (bytes.readUInt32LE(0) !== SENTINEL) throw bad('has no description where one must be');
  const type = bytes.readUInt32LE(4);
  const [length, start] = [Number(bytes.readBigUInt64LE(8)), Number(bytes.readBigUInt64LE(16))];
  if (type === 0 || type > MAX_TYPE) throw bad(`is of the type ${type}`);
  if (start < at + UNIT || start % UNIT !== 0) throw bad(`begins at byte ${start}`);
  if (start + length > source.size) throw bad(`ends at byte ${start + length}, the file at ${source.size}`);
  return { start, end: start + length, type };
}
