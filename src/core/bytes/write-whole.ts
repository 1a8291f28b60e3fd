import { randomUUID } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * Writes a file atomically and durably: readers see the old or the new content, never a part.
 * @param path in a folder that exists
 * @param mode permissions of the file, less the umask of the process
 * @throws the error of the file system, after which no part of the file is left
 * @example await writeWhole('/var/lib/assay/state.json', '{"format":1}\n', 0o600);
 */
export async function writeWhole(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  const temporary = join(dirname(path), `.${randomUUID()}.tmp`);
  try {
    await writeFile(temporary, content, { flag: 'wx', mode, flush: true });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
