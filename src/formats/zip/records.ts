import { AssayError } from '../../core/index.ts';

/** One file as the central directory lists it (APPNOTE.TXT 6.3.10, 4.3.12). */
export interface ZipEntry {
  readonly name: string;
  /** The name's bytes as Latin-1, for comparing. */
  readonly rawName: string;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly compressedSize: number;
  readonly size: number;
  /** Of the local header, in the source. */
  readonly localOffset: number;
  /** Unix file mode; 0 where the archive was made elsewhere. */
  readonly mode: number;
}

/** The local header of the same file, before its data (4.3.7). */
export interface LocalHeader {
  readonly name: string;
  readonly rawName: string;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly compressedSize: number;
  readonly size: number;
  /** Bytes of the header: the data comes next. */
  readonly length: number;
}

export const LOCAL_SIGNATURE = 0x04034b50;
export const CENTRAL_SIGNATURE = 0x02014b50;
export const DESCRIPTOR_SIGNATURE = 0x08074b50;
export const LOCAL_LENGTH = 30;
export const CENTRAL_LENGTH = 46;

export const FLAG_ENCRYPTED = 1;
export const FLAG_DESCRIPTOR = 8;

const UNIX = 3;
const ZIP64 = 1;
const ABSENT = 0xffffffff;

/** The entry at `at`, and where the next one is; `undefined` where no entry begins. @throws AssayError `truncated`, `malformed`. */
export function centralEntry(
  bytes: Uint8Array,
  at: number,
  base: number,
): { entry: ZipEntry; next: number } | undefined {
  if (at + CENTRAL_LENGTH > bytes.length) return undefined;
  const view = viewOf(bytes);
  if (view.getUint32(at, true) !== CENTRAL_SIGNATURE) return undefined;
  const nameAt = at + CENTRAL_LENGTH;
  const extraAt = nameAt + view.getUint16(at + 28, true);
  const commentAt = extraAt + view.getUint16(at + 30, true);
  const next = commentAt + view.getUint16(at + 32, true);
  if (next > bytes.length)
    throw new AssayError('truncated', 'the zip directory ends in the middle of an entry', { offset: at });
  const compressed = view.getUint32(at + 20, true);
  const plain = view.getUint32(at + 24, true);
  const offset = view.getUint32(at + 42, true);
  const wide = zip64(bytes, extraAt, commentAt, [plain, compressed, offset]);
  const flags = view.getUint16(at + 8, true);
  const name = bytes.subarray(nameAt, extraAt);
  const entry = {
    name: decodeName(name),
    rawName: Buffer.from(name).toString('latin1'),
    flags,
    method: view.getUint16(at + 10, true),
    crc: view.getUint32(at + 16, true),
    size: wide[0] ?? plain,
    compressedSize: wide[1] ?? compressed,
    localOffset: (wide[2] ?? offset) + base,
    mode: view.getUint8(at + 5) === UNIX ? view.getUint16(at + 40, true) : 0,
  };
  return { entry, next };
}

/** Bytes that the header's name and extra field take; `undefined` when it is not a local header. */
export function localTail(head: Uint8Array): number | undefined {
  const view = viewOf(head);
  if (view.getUint32(0, true) !== LOCAL_SIGNATURE) return undefined;
  return view.getUint16(26, true) + view.getUint16(28, true);
}

/** @param bytes the whole header, as long as `localTail` says @throws AssayError `malformed` */
export function localHeader(bytes: Uint8Array): LocalHeader {
  const view = viewOf(bytes);
  const extraAt = LOCAL_LENGTH + view.getUint16(26, true);
  const compressed = view.getUint32(18, true);
  const plain = view.getUint32(22, true);
  const wide = zip64(bytes, extraAt, bytes.length, [plain, compressed]);
  const name = bytes.subarray(LOCAL_LENGTH, extraAt);
  return {
    name: decodeName(name),
    rawName: Buffer.from(name).toString('latin1'),
    flags: view.getUint16(6, true),
    method: view.getUint16(8, true),
    crc: view.getUint32(14, true),
    size: wide[0] ?? plain,
    compressedSize: wide[1] ?? compressed,
    length: bytes.length,
  };
}

/** The 64-bit values of the extra field, one for each 32-bit value that says it does not fit, in order. */
function zip64(bytes: Uint8Array, start: number, end: number, short: readonly number[]): (number | undefined)[] {
  const view = viewOf(bytes);
  for (let at = start; at + 4 <= end; ) {
    const length = view.getUint16(at + 2, true);
    if (view.getUint16(at, true) === ZIP64) {
      let from = at + 4;
      return short.map((value) => {
        if (value !== ABSENT || from + 8 > Math.min(at + 4 + length, end)) return undefined;
        from += 8;
        return u64(view, from - 8);
      });
    }
    at += 4 + length;
  }
  return short.map(() => undefined);
}

/** @throws AssayError `malformed` above 2^53: no size or offset is. */
export function u64(view: DataView, at: number): number {
  const value = view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
  if (!Number.isSafeInteger(value))
    throw new AssayError('malformed', 'a zip64 number is larger than any file', { offset: at });
  return value;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** UTF-8 where it is, whatever the flag says, as writers leave it out; else a character a byte. */
function decodeName(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    return Buffer.from(bytes).toString('latin1');
  }
}
