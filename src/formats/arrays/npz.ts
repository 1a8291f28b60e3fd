import type { ByteSource } from '../../core/bytes/index.ts';
import { archiveEntries, type ExpandMember, memberNames, openMember } from '../archive/index.ts';
import { NPY } from '../npy/index.ts';

const SUFFIX = '.npy';
const HEAD_BYTES = 16;

/** A member of a `.npz` file. */
export interface NpzMember {
  /** Of the array; `undefined` for a member that is not one. */
  readonly name: string | undefined;
  /** As the archive names it. */
  readonly entry: string;
  /** Its bytes, decompressed. */
  readonly member: ByteSource;
}

/**
 * The members of a `.npz` file, one after the other.
 * @throws AssayError `malformed` for archives that loaders read in different ways, `unsupported`, `truncated`, `limit`
 */
export async function* npzMembers(source: ByteSource, options: ExpandMember): AsyncGenerator<NpzMember> {
  for (const entry of (await archiveEntries(source, options)).values()) {
    const member = await openMember(source, entry, options);
    const head = await member.read(0, Math.min(HEAD_BYTES, member.size));
    const isArray = NPY.identify({ head, tail: head, size: member.size });
    const name = entry.name.endsWith(SUFFIX) ? entry.name.slice(0, -SUFFIX.length) : entry.name;
    yield { name: isArray ? name : undefined, entry: entry.name, member };
  }
}

/** Whether an archive is one that NumPy writes: a member is an array by its name. */
export async function isNpz(source: ByteSource): Promise<boolean> {
  return (await memberNames(source)).some((name) => name.endsWith(SUFFIX));
}
