import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError, type FileBudget } from '../../core/index.ts';

/** RDKit allocates memory for all bits before it reads those that are set. Real fingerprints have fewer bits than this. */
const MAX_BITS = 2 ** 24;
const MAX_BYTES = 256 * 1024 * 1024;
/** Versions 16 and 32 are written as numbers below zero; version 0, without one, is refused by newer releases. */
const [SHORT_PLACES, PACKED_PLACES] = [-16, -32];
const FEW_BITS = 0xffff;
const COUNTS_VERSION = 1;

/**
 * Reads the bits of a fingerprint (DataStructs/BitVect.cpp): how many, how many are set, and the place of each: as numbers, or packed
 * with the distance to the last.
 * @throws AssayError `malformed`, `truncated`, `limit`; `unsupported`: another version
 */
export async function readRdkitBits(source: ByteSource, budget: FileBudget): Promise<void> {
  const view = await viewOf(source, budget);
  const version = signed(view, 0);
  if (version !== SHORT_PLACES && version !== PACKED_PLACES)
    throw new AssayError('unsupported', `a fingerprint of version ${-version}`);
  const [bits, set] = [signed(view, 4), signed(view, 8)];
  if (bits < 0 || bits > MAX_BITS || set < 0 || set > bits) throw bad(`${set} of ${bits} bits are set`, 4);
  budget.work(set);
  const end = version === PACKED_PLACES ? packedPlaces(view, bits, set) : places(view, bits, set);
  if (end !== view.byteLength) throw bad('bytes follow the fingerprint', end);
}

function places(view: DataView, bits: number, set: number): number {
  const size = bits >= FEW_BITS ? 4 : 2;
  need(view, 12, set * size);
  for (let at = 12; at < 12 + set * size; at += size) {
    const place = size === 4 ? view.getUint32(at, true) : view.getUint16(at, true);
    if (place >= bits) throw bad(`bit index ${place} is set, but there are ${bits} bits`, at);
  }
  return 12 + set * size;
}

function packedPlaces(view: DataView, bits: number, set: number): number {
  let [at, place] = [12, 0];
  for (let i = 0; i < set; i++) {
    const { value, length } = packed(view, at);
    place += value;
    if (place >= bits) throw bad(`bit index ${place} is set, but there are ${bits} bits`, at);
    at += length;
    place++;
  }
  // The distance after the last set bit is stored as well, and not read.
  return at < view.byteLength ? at + packed(view, at).length : at;
}

/** A number of one to four bytes, whose lowest bits say how many (RDGeneral/StreamOps.h). */
function packed(view: DataView, at: number): { value: number; length: number } {
  need(view, at, 1);
  const first = view.getUint8(at);
  const length = (first & 1) === 0 ? 1 : (first & 3) === 1 ? 2 : (first & 7) === 3 ? 3 : 4;
  need(view, at, length);
  let value = 0;
  for (let i = length - 1; i >= 0; i--) value = value * 256 + view.getUint8(at + i);
  const base = [0, 1 << 7, (1 << 7) + (1 << 14), (1 << 7) + (1 << 14) + (1 << 21)][length - 1] ?? 0;
  return { value: Math.floor(value / 2 ** Math.min(length, 3)) + base, length };
}

/**
 * Reads the counts of a fingerprint (DataStructs/SparseIntVect.h): version, bytes of a place, length, and pairs of a place and a count.
 * @throws AssayError `malformed`, `truncated`, `limit`; `unsupported`: another version
 */
export async function readRdkitCounts(source: ByteSource, budget: FileBudget): Promise<void> {
  const view = await viewOf(source, budget);
  const [version, size] = [signed(view, 0), signed(view, 4)];
  if (version !== COUNTS_VERSION || (size !== 4 && size !== 8))
    throw new AssayError('unsupported', `a fingerprint of version ${version} with indexes of ${size} bytes`);
  need(view, 8, 2 * size);
  const number = (at: number) => (size === 4 ? BigInt(view.getUint32(at, true)) : view.getBigUint64(at, true));
  const [length, entries] = [number(8), number(8 + size)];
  const start = 8 + 2 * size;
  if (entries * BigInt(size + 4) !== BigInt(view.byteLength - start)) throw bad(`${entries} counts`, start);
  budget.work(Number(entries));
  for (let at = start; at < view.byteLength; at += size + 4)
    if (number(at) >= length) throw bad(`a count for index ${number(at)}, but the length is ${length}`, at);
}

async function viewOf(source: ByteSource, budget: FileBudget): Promise<DataView> {
  if (source.size > MAX_BYTES) throw new AssayError('limit', `a fingerprint of ${source.size} bytes`);
  budget.hold(source.size);
  const bytes = await source.read(0, source.size);
  budget.release(source.size);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function signed(view: DataView, at: number): number {
  need(view, at, 4);
  return view.getInt32(at, true);
}

function need(view: DataView, at: number, length: number): void {
  if (at + length > view.byteLength)
    throw new AssayError('truncated', 'the fingerprint ends too early', { offset: at });
}

function bad(why: string, offset: number): AssayError {
  return new AssayError('malformed', why, { offset });
}
