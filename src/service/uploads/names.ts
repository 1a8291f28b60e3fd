import { isArtifactPath } from '../../core/reference/index.ts';
import type { UploadFile } from '../../registry/api/index.ts';
import { ServiceError } from '../problems/index.ts';

/** Bytes of a path, and of one of its parts: what every file system can hold (CWE-770). */
const MAX_PATH_BYTES = 1024;
const MAX_PART_BYTES = 255;
const MAX_DEPTH = 32;
/** Bytes of all paths of an upload together. */
const MAX_NAMES_BYTES = 4 * 1024 * 1024;

/** Names that are devices on Windows, with any extension. */
const RESERVED = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)/i;
/** Controls, line and paragraph separators, marks that turn the direction of text, and what Windows reserves. */
const FORBIDDEN = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069<>:"|?*\\]|\p{Surrogate}/u;

/**
 * Refuses names that some machine would read as another place, or as another name.
 * @throws ServiceError `upload-name`
 */
export function checkUploadNames(files: readonly Pick<UploadFile, 'path'>[]): void {
  let bytes = 0;
  const names = new Map<string, string>();
  const folders = new Map<string, string>();
  for (const { path } of files) {
    bytes += Buffer.byteLength(path);
    if (bytes > MAX_NAMES_BYTES) throw refused(path, `all paths together have more than ${MAX_NAMES_BYTES} bytes`);
    checkPath(path);
    const folded = fold(path);
    const same = names.get(folded);
    if (same === path) throw refused(path, 'is named twice');
    if (same !== undefined) throw refused(path, `equals ${JSON.stringify(same)} on some machines`);
    names.set(folded, path);
    for (let end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1)) {
      const folder = path.slice(0, end);
      const other = folders.get(fold(folder));
      if (other !== undefined && other !== folder)
        throw refused(path, `its folder equals ${JSON.stringify(other)} on some machines`);
      folders.set(fold(folder), folder);
    }
  }
  for (const [folded, path] of names) if (folders.has(folded)) throw refused(path, 'is both a file and a folder');
}

function checkPath(path: string): void {
  if (!isArtifactPath(path)) throw refused(path, 'is not a path within a folder');
  if (FORBIDDEN.test(path)) throw refused(path, 'contains a character that is not portable');
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) throw refused(path, `has more than ${MAX_PATH_BYTES} bytes`);
  const parts = path.split('/');
  if (parts.length > MAX_DEPTH) throw refused(path, `is more than ${MAX_DEPTH} folders deep`);
  for (const part of parts) {
    if (Buffer.byteLength(part) > MAX_PART_BYTES) throw refused(path, `a part has more than ${MAX_PART_BYTES} bytes`);
    if (RESERVED.test(part)) throw refused(path, `${JSON.stringify(part)} is a device on Windows`);
    if (/[. ]$/.test(part)) throw refused(path, 'a part ends in a dot or a space, which some systems drop');
    if (part.trimStart() !== part) throw refused(path, 'a part begins with a space');
  }
}

/** The name under which a file system without cases, or one that composes characters, knows a path. */
function fold(path: string): string {
  return path.normalize('NFKC').toLowerCase().normalize('NFKC');
}

function refused(path: string, why: string): ServiceError {
  const shown = JSON.stringify(path.length > 200 ? `${path.slice(0, 200)}…` : path);
  return new ServiceError(422, 'upload-name', `${shown} ${why}; rename the file`);
}
