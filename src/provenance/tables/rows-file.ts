import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { AssayError, codeOrText, throwIfAborted } from '../../core/index.ts';
import type { DataInput, DataInputs } from './input.ts';

/** Bytes of one file of a folder; a longer text is cut, a larger file refused. */
const MAX_TEXT = 4 * 1024 * 1024;
const MAX_FILE = 256 * 1024 * 1024;
const LATIN1 = new TextDecoder('latin1');

/** What a folder was made of. */
export interface FolderRows {
  readonly notes: readonly string[];
  /** SHA-256 of each file, in the order of the rows. */
  readonly digests: readonly string[];
}

/**
 * Writes the files of a folder as rows (`path`, `label`, `text`, `bytes`, `sha256`), one JSON object a line. The label is the name of the
 * folder that a file lies in.
 * @throws AssayError `unreadable`, `limit`, `aborted`
 */
export async function writeRows(
  kind: Exclude<DataInputs['kind'], 'tables'>,
  files: readonly DataInput[],
  place: string,
  signal: AbortSignal | undefined,
): Promise<FolderRows> {
  const out = createWriteStream(place, { flags: 'wx', mode: 0o600 });
  const failed = once(out, 'error').then(([error]) => Promise.reject(error));
  failed.catch(() => {});
  const digests: string[] = [];
  let [foreign, long] = [0, 0];
  try {
    for (const file of files) {
      throwIfAborted(signal);
      const bytes = await read(file, MAX_FILE);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      digests.push(sha256);
      const { text, isForeign, isLong } = kind === 'texts' ? decoded(bytes) : NO_TEXT;
      if (isForeign) foreign++;
      if (isLong) long++;
      const row = {
        path: file.path,
        label: basename(dirname(file.path)),
        split: file.split,
        text,
        bytes: bytes.length,
        sha256,
      };
      if (!out.write(`${JSON.stringify(row)}\n`)) await Promise.race([once(out, 'drain'), failed]);
    }
  } finally {
    out.end();
    await Promise.race([once(out, 'close'), failed]);
  }
  const notes = [
    ...(foreign === 0 ? [] : [`${foreign} texts are not UTF-8, and were read as Latin-1`]),
    ...(long === 0 ? [] : [`${long} texts were cut at ${MAX_TEXT} bytes`]),
  ];
  return { notes, digests };
}

const NO_TEXT = { text: null, isForeign: false, isLong: false };

async function read({ place, path, bytes }: DataInput, most: number): Promise<Buffer> {
  if (bytes > most) throw new AssayError('limit', `has ${bytes} bytes, more than ${most}`, { subject: path });
  try {
    return await readFile(place);
  } catch (error) {
    throw new AssayError('unreadable', `cannot be read (${codeOrText(error)})`, { subject: path, cause: error });
  }
}

/** A cut text may end within a character, which is left out. */
function decoded(bytes: Buffer) {
  const isLong = bytes.length > MAX_TEXT;
  const head = isLong ? bytes.subarray(0, MAX_TEXT) : bytes;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: isLong });
    return { text, isForeign: false, isLong };
  } catch {
    return { text: LATIN1.decode(head), isForeign: true, isLong };
  }
}
