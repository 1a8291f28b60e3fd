import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** The folder in which the Hub client stores metadata of the files that it downloaded or uploads. */
export const CLIENT_FOLDER = '.cache/huggingface';

/** More than the client ever writes into one of its files. */
const MAX_BYTES = 4096;
const IGNORE = /^\*?\n?$/;
const TAG = /^Signature: 8a477f597d28d172789f06886806bc55(?:\n[\t -~]{0,300}){0,20}$/;
/** Of a download: commit, ETag, time. */
const DOWNLOADED = /^[0-9a-f]{40}\n["\w./:-]{1,200}\n\d{1,20}(?:\.\d{1,20})?\n?$/;
/** Of an upload: time, then size, digest and what was done, each on its line. */
const UPLOADED = /^\d{1,20}(?:\.\d{1,20})?\n(?:[\w.]{0,80}\n){1,10}$/;

/**
 * Whether a file is a metadata file of the client, by its place and its content (`huggingface_hub`, `_local_folder.py`). The
 * place alone is not enough: an index may name any file there, and a loader opens it.
 * @param path within the folder of the model
 */
export function isClientsOwn(absolute: string, path: string): boolean {
  if (!path.startsWith(`${CLIENT_FOLDER}/`)) return false;
  const text = textOf(absolute);
  if (text === undefined) return false;
  const within = path.slice(CLIENT_FOLDER.length + 1);
  if (text === '') return within.endsWith('.lock') || within === '.gitignore';
  if (within === '.gitignore') return IGNORE.test(text);
  if (within === 'CACHEDIR.TAG') return TAG.test(text);
  if (!within.endsWith('.metadata')) return false;
  return within.startsWith('upload/') ? UPLOADED.test(text) : DOWNLOADED.test(text);
}

/** The whole of a small file; `undefined` for a larger one, and for one that cannot be read. */
function textOf(absolute: string): string | undefined {
  let fd: number;
  try {
    fd = openSync(absolute, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch {
    return undefined;
  }
  try {
    const { size } = fstatSync(fd);
    if (size > MAX_BYTES) return undefined;
    const bytes = Buffer.alloc(size);
    return readSync(fd, bytes, 0, size, 0) === size ? bytes.toString('latin1') : undefined;
  } catch {
    return undefined;
  } finally {
    closeSync(fd);
  }
}
