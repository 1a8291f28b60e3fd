import { crc32 } from 'node:zlib';
import { type ByteSource, SliceSource } from '../../core/bytes/index.ts';
import {
  AssayError,
  type AsyncDisposableStack,
  DEFAULT_LIMITS,
  type FileBudget,
  isContentError,
  type Limits,
} from '../../core/index.ts';
import { decode, expandStream } from '../compressed/index.ts';
import { FLAG_ENCRYPTED, locate, readDirectory, type ZipEntry } from '../zip/index.ts';

/** How a member that is not compressed is stored. */
export const STORED = 0;
const DEFLATED = 8;

/** What expanding a member may cost, and what closes its temporary file. */
export interface ExpandMember {
  readonly limits: Limits;
  readonly budget: FileBudget;
  readonly signal: AbortSignal | undefined;
  readonly resources: AsyncDisposableStack;
}

/** The names of an archive's members; none for what is not an archive. */
export async function memberNames(source: ByteSource): Promise<readonly string[]> {
  try {
    const directory = await readDirectory(source, DEFAULT_LIMITS);
    return directory?.entries.map(({ name }) => name) ?? [];
  } catch (error) {
    if (isContentError(error)) return [];
    throw error;
  }
}

/**
 * The members of an archive by their names.
 * @throws AssayError `malformed` for an archive that loaders read in different ways, `truncated`, `limit`
 */
export async function archiveEntries(
  source: ByteSource,
  { limits, budget }: { readonly limits: Limits; readonly budget: FileBudget },
): Promise<ReadonlyMap<string, ZipEntry>> {
  const refuse = (what: string) => new AssayError('malformed', what, { subject: source.name });
  const directory = await readDirectory(source, limits, budget);
  if (directory === undefined) throw refuse('the archive has no directory');
  if (directory.oddities.length > 0) throw refuse('the archive has a directory that loaders read in different ways');
  const members = new Map<string, ZipEntry>();
  for (const entry of directory.entries) {
    if (members.has(entry.name)) throw refuse(`the archive has two members of the name ${entry.name}`);
    members.set(entry.name, entry);
  }
  return members;
}

/**
 * The bytes of a member as the archive has them, compressed or not.
 * @throws AssayError `malformed` for a member that loaders read in different ways; `unsupported` for an encrypted one
 */
export async function memberBytes(source: ByteSource, entry: ZipEntry): Promise<ByteSource> {
  const name = `${source.name}!${entry.name}`;
  const refuse = (what: string) => new AssayError('malformed', what, { subject: name });
  const member = await locate(source, entry);
  if (member === undefined) throw refuse('the member lies outside of the archive');
  if (member.differences.length > 0)
    throw refuse(`the directory and the header of the member differ (${member.differences.join(', ')})`);
  if ((entry.flags & FLAG_ENCRYPTED) !== 0) throw new AssayError('unsupported', 'is encrypted', { subject: name });
  const bytes = new SliceSource(source, member.dataStart, member.dataEnd - member.dataStart, name);
  if (entry.method === STORED && entry.size !== bytes.size) throw refuse('the member has two sizes');
  return bytes;
}

/**
 * The bytes of a member, decompressed into a temporary file when they are not stored as they are.
 * @throws AssayError as `memberBytes` does; `unsupported` for another compression, `truncated`, `limit`
 */
export async function openMember(source: ByteSource, entry: ZipEntry, options: ExpandMember): Promise<ByteSource> {
  const held = await memberBytes(source, entry);
  if (entry.method === STORED) return held;
  if (entry.method !== DEFLATED)
    throw new AssayError('unsupported', `the member is compressed with method ${entry.method}`, { subject: held.name });
  return await inflated(held, entry, options);
}

async function inflated(held: ByteSource, entry: ZipEntry, options: ExpandMember): Promise<ByteSource> {
  const { limits, signal, budget } = options;
  let crc = 0;
  const expanded = await expandStream(decode('deflate', held, { limits, signal, budget }), {
    name: held.name,
    inputSize: held.size,
    budget,
    limits,
    signal,
    onChunk: (chunk) => {
      crc = crc32(chunk, crc);
    },
  });
  options.resources.defer(() => expanded.source.close());
  if (expanded.stopped !== undefined) throw expanded.stopped;
  if (expanded.end?.consumed !== held.size || expanded.source.size !== entry.size || crc !== entry.crc)
    throw new AssayError('malformed', 'the member does not have the size and checksum that the archive states', {
      subject: held.name,
    });
  return expanded.source;
}
