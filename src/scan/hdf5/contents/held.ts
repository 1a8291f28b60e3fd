import { MemorySource } from '../../../core/bytes/index.ts';
import { activeFormat } from '../../scanner/index.ts';
import type { Hdf5Scan } from './state.ts';

const PICKLE_STOP = 0x2e;
const PICKLE_PROTO = 0x80;
/** First bytes of formats that can carry code: zip, gzip, ELF, HDF5 and npy, 7z, xz, bzip2. */
const MAGIC: ReadonlySet<number> = new Set([0x50, 0x1f, 0x7f, 0x89, 0x93, 0x37, 0xfd, 0x42]);
const LEAST = 4;

/**
 * Scans a value that may be a file of its own. PyTables and pandas keep objects as pickles in attributes and in arrays of bytes, and
 * unpickle them when they are read.
 */
export async function judgeHeld(scan: Hdf5Scan, raw: Uint8Array, name: string): Promise<void> {
  const bytes = withoutPadding(raw);
  if (!mayAct(bytes)) return;
  const { context, target } = scan;
  context.budget.work(bytes.length);
  const source = new MemorySource(bytes, `${target.source.name} ${name}`);
  if ((await activeFormat(source, context)) === undefined) return;
  await context.member(source, name);
}

/** Whether bytes may be a pickle, of any protocol, or begin like another file that can carry code. */
export function mayAct(bytes: Uint8Array): boolean {
  const first = bytes[0] ?? 0;
  return (
    bytes.length >= LEAST && (first === PICKLE_PROTO || MAGIC.has(first) || bytes[bytes.length - 1] === PICKLE_STOP)
  );
}

/** A text of a fixed length is filled with zeros, which readers take away. */
function withoutPadding(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return bytes.subarray(0, end);
}
