import { randomUUID } from 'node:crypto';
import { lstat, mkdir, open, realpath, rename, rm } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { AssayError } from '../../../src/core/index.ts';

/**
 * Writes a report into the workspace, whole or not at all. The checkout is somebody else's: a folder of it that is a link to
 * elsewhere is not followed.
 * @throws AssayError `refused`, `unreadable`
 */
export async function writeReport(workspace: string, path: string, text: string): Promise<void> {
  const root = await realpath(workspace);
  const target = join(root, path);
  const folder = dirname(target);
  try {
    await mkdir(folder, { recursive: true });
    const real = await realpath(folder);
    const known = await lstat(target).catch(() => undefined);
    const isOurs = real === root || real.startsWith(root + sep);
    if (!isOurs || (known !== undefined && !known.isFile())) {
      throw new AssayError('refused', 'leads out of the workspace, or is not a file', {
        subject: path,
        hint: 'name another file',
      });
    }
    const beside = join(real, `.assay-${randomUUID()}.tmp`);
    try {
      const file = await open(beside, 'wx');
      try {
        await file.writeFile(text);
      } finally {
        await file.close();
      }
      await rename(beside, target);
    } catch (error) {
      await rm(beside, { force: true });
      throw error;
    }
  } catch (cause) {
    if (cause instanceof AssayError) throw cause;
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new AssayError('unreadable', `cannot be written (${code})`, {
      subject: path,
      hint: 'name another file',
      cause,
    });
  }
}
