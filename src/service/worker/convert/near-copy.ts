import { createHash } from 'node:crypto';
import { mkdir, open, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { chunks, FileSource } from '../../../core/bytes/index.ts';
import {
  type Artifact,
  type ArtifactFile,
  AssayError,
  codeOrText,
  type OnEvent,
  throwIfAborted,
} from '../../../core/index.ts';

export interface CopyOptions {
  /** A folder that does not exist yet. */
  readonly folder: string;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  readonly onEvent: OnEvent;
}

/**
 * The same artifact with all its files on this machine: a conversion reads them several times, and they must be the same each time.
 * A small file of a server is copied as well: that reading it is cheap does not make it a file.
 * No name of the artifact is a name on the disk.
 * @throws AssayError `limit` when they are too large, or the disk is too small; `mismatch` for other bytes than were announced;
 *   `changed`; what reading throws
 */
export async function nearCopy(artifact: Artifact, options: CopyOptions): Promise<Artifact> {
  const { folder, maxBytes, onEvent } = options;
  const bytes = artifact.files.reduce((sum, { size }) => sum + size, 0);
  await mkdir(folder, { mode: 0o700 });
  const { bavail, bsize } = await statfs(folder);
  const most = Math.min(maxBytes, bavail * bsize);
  if (bytes > most)
    throw new AssayError('limit', `the files to download have ${bytes} bytes, and ${most} may be downloaded`);
  onEvent({ kind: 'artifact', ref: artifact.ref, files: artifact.files.length, bytes });
  const files: ArtifactFile[] = [];
  for (const [index, file] of artifact.files.entries())
    files.push(await copied(file, join(folder, String(index)), options));
  return { ...artifact, files };
}

async function copied(file: ArtifactFile, place: string, { signal, onEvent }: CopyOptions): Promise<ArtifactFile> {
  const { path, size, claimed } = file;
  onEvent({ kind: 'file-start', path, size });
  const source = await file.open(signal);
  const hash = createHash('sha256');
  const output = await open(place, 'wx', 0o600);
  let at = 0;
  try {
    for await (const chunk of chunks(source)) {
      throwIfAborted(signal);
      at += chunk.length;
      // A server may send more than it announced.
      if (at > size) break;
      hash.update(chunk);
      await output.writeFile(chunk).catch((cause: unknown) => {
        throw new AssayError('unreadable', `cannot be stored (${codeOrText(cause)})`, { subject: path, cause });
      });
      onEvent({ kind: 'bytes', path, bytes: chunk.length });
    }
    if (at !== size || !(await source.unchanged()))
      throw new AssayError('changed', 'changed while it was fetched', { subject: path, hint: 'try again' });
  } finally {
    await output.close();
    await source.close();
  }
  if (claimed?.algorithm === 'sha256' && claimed.hex !== hash.digest('hex'))
    throw new AssayError('mismatch', 'does not have the announced SHA-256', { subject: path });
  onEvent({ kind: 'file-end', path });
  return { ...file, distance: 'near', open: async () => FileSource.open(place) };
}
