import type { ByteSource } from '../../core/bytes/index.ts';
import { AssayError } from '../../core/index.ts';
import { startsWith } from '../format.ts';
import { PLACES, SIGNATURE } from './format.ts';

export interface Superblock {
  /** Where it stands: bytes before it are a user block that HDF5 ignores. */
  readonly at: number;
  readonly version: number;
  /** The end of the HDF5 data, in the file. */
  readonly end: number;
  /** What is added to each address of the file. */
  readonly base: number;
  /** Bytes of an address, and of a length. */
  readonly offsetSize: number;
  readonly lengthSize: number;
  /** The address of the object header of the root group. */
  readonly root: number;
}

/**
 * Reads and checks a superblock, versions 0 to 3 (HDF5 File Format Specification 3.0, II.A).
 * @throws AssayError `malformed`, `truncated`, `unsupported`.
 */
export async function readSuperblock(source: ByteSource): Promise<Superblock> {
  const at = await findSuperblock(source);
  const length = Math.min(128, source.size - at);
  const block = source.readNow(at, length) ?? (await source.read(at, length));
  const version = block[8] ?? 0xff;
  if (version > 3)
    throw new AssayError('unsupported', `HDF5 superblock version ${version}`, { subject: source.name, offset: at });
  const sizesAt = version < 2 ? 13 : 9;
  const offsetSize = block[sizesAt] ?? 0;
  const lengthSize = block[sizesAt + 1] ?? 0;
  if (![2, 4, 8].includes(offsetSize) || ![2, 4, 8].includes(lengthSize)) {
    throw new AssayError('malformed', `HDF5 offsets of ${offsetSize} and lengths of ${lengthSize} bytes`, {
      subject: source.name,
      offset: at + sizesAt,
    });
  }
  const addressesAt = version === 0 ? 24 : version === 1 ? 28 : 12;
  const base = uint(block, addressesAt, offsetSize);
  const end = uint(block, addressesAt + 2 * offsetSize, offsetSize);
  // Addresses count from the base, which is the superblock's own place where there is a user block.
  const total = base === at ? end : base + end;
  if (base !== 0 && base !== at)
    throw new AssayError('malformed', `an HDF5 base address of ${base}`, {
      subject: source.name,
      offset: at + addressesAt,
    });
  if (!Number.isSafeInteger(total) || total > source.size) {
    throw new AssayError('truncated', `HDF5 data ends at byte ${total}, but the file at byte ${source.size}`, {
      subject: source.name,
      offset: at,
    });
  }
  if (total < at + addressesAt + 3 * offsetSize)
    throw new AssayError('malformed', `HDF5 data ends at byte ${total}`, { subject: source.name, offset: at });
  // Versions 0 and 1 have the driver's address, then the entry of the root group, which begins with its name.
  const rootAt = addressesAt + (version < 2 ? 5 : 3) * offsetSize;
  const root = uint(block, rootAt, offsetSize);
  return { at, version, end: total, base, offsetSize, lengthSize, root };
}

async function findSuperblock(source: ByteSource): Promise<number> {
  for (const at of PLACES) {
    if (at + 48 > source.size) break;
    const signature = source.readNow(at, 8) ?? (await source.read(at, 8));
    if (startsWith(signature, SIGNATURE)) return at;
  }
  throw new AssayError('truncated', 'the HDF5 superblock is incomplete', { subject: source.name });
}

function uint(bytes: Uint8Array, at: number, size: number): number {
  let value = 0;
  for (let i = size - 1; i >= 0; i--) value = value * 256 + (bytes[at + i] ?? 0xff);
  return value;
}
