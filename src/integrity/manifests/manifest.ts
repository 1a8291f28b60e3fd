import { AssayError } from '../../core/index.ts';
import type { DigestAlgorithm } from '../hash/index.ts';

/** Also MD5 as DVC took it before version 3, of a text after its line ends were changed: it is not computed here. */
export type AnnouncedAlgorithm = DigestAlgorithm | 'md5-dos2unix';

/** A digest that a manifest announces. */
export interface ManifestEntry {
  /** Relative to the manifest's folder, `/` between parts, never leaving it. */
  readonly path: string;
  readonly algorithm: AnnouncedAlgorithm;
  /** Hex, lower case. */
  readonly hex: string;
  /** Bytes, of a file. */
  readonly size?: number;
  /** It is a folder, and the digest is of a listing of its files (DVC). */
  readonly folder?: true;
}

/** Entries of one manifest. */
export const MAX_ENTRIES = 100_000;
const MAX_PATH = 4096;

const WEAK: ReadonlySet<AnnouncedAlgorithm> = new Set(['md5', 'sha1', 'git-sha1', 'md5-dos2unix']);

/** Whether an attacker can make two contents with the same digest: a matching file may be another file. */
export function isWeak(algorithm: AnnouncedAlgorithm): boolean {
  return WEAK.has(algorithm);
}

/** Digests as people write them. */
export const ALGORITHM_TITLES: Readonly<Record<AnnouncedAlgorithm, string>> = {
  sha224: 'SHA-224',
  sha256: 'SHA-256',
  sha384: 'SHA-384',
  sha512: 'SHA-512',
  blake2b: 'BLAKE2b',
  blake3: 'BLAKE3',
  sha1: 'SHA-1',
  md5: 'MD5',
  'git-sha1': "git's SHA-1",
  'md5-dos2unix': 'the MD5 of DVC before version 3',
};

/**
 * A path of a manifest in canonical form: without `.` parts. @throws AssayError `malformed` for an absolute path, one that
 * leads out of the folder, and an invalid one.
 */
export function entryPath(text: string, name: string, line?: number): string {
  const refuse = (why: string) => {
    const at = line === undefined ? '' : `line ${line} `;
    return new AssayError('malformed', `${at}names ${why}`, { subject: name, hint: 'name files below the manifest' });
  };
  if (text === '' || text.length > MAX_PATH || text.includes('\0'))
    throw refuse('a path that is empty, too long or holds a NUL character');
  if (text.startsWith('/') || /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(text))
    throw refuse('a file that is not below the manifest');
  const parts = text.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw refuse('a file outside its folder');
  if (parts.length === 0) throw refuse('a folder instead of a file');
  return parts.join('/');
}

/**
 * Entries without repetitions.
 * @throws AssayError `malformed` when two contradict each other, `limit`.
 */
export function distinctEntries(entries: Iterable<ManifestEntry>, name: string): ManifestEntry[] {
  const known = new Map<string, ManifestEntry>();
  for (const entry of entries) {
    const key = `${entry.algorithm} ${entry.path}`;
    const first = known.get(key);
    if (first !== undefined && first.hex !== entry.hex) {
      throw new AssayError('malformed', `states two digests for ${entry.path}`, { subject: name });
    }
    if (first === undefined) known.set(key, entry);
    if (known.size > MAX_ENTRIES) {
      throw new AssayError('limit', `names more than ${MAX_ENTRIES} files`, { subject: name });
    }
  }
  return [...known.values()];
}
