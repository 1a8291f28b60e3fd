import { lstat, mkdir, realpath } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { writeWhole } from '../../../src/core/bytes/index.ts';
import { AssayError, codeOrText, systemCode } from '../../../src/core/index.ts';

/** The real path of the innermost folder that exists. */
async function nearestFolder(folder: string): Promise<string> {
  const real = await realpath(folder).catch(absent);
  return real ?? nearestFolder(dirname(folder));
}

function absent(error: unknown): undefined {
  if (systemCode(error) === 'ENOENT') return undefined;
  throw error;
}

function mustBeWithin(root: string, folder: string, path: string): void {
  if (folder !== root && !folder.startsWith(root + sep)) throw refused(path);
}

function refused(path: string): AssayError {
  return new AssayError('refused', 'is outside the workspace, or is not a file', {
    subject: path,
    hint: 'name another file',
  });
}

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
    // Before a folder is made, too: it would be made where a link leads.
    mustBeWithin(root, await nearestFolder(folder), path);
    await mkdir(folder, { recursive: true });
    const real = await realpath(folder);
    mustBeWithin(root, real, path);
    const known = await lstat(target).catch(absent);
    if (known !== undefined && !known.isFile()) throw refused(path);
    await writeWhole(join(real, basename(target)), text, 0o644);
  } catch (cause) {
    if (cause instanceof AssayError) throw cause;
    const code = codeOrText(cause);
    throw new AssayError('unreadable', `cannot be written (${code})`, {
      subject: path,
      hint: 'name another file',
      cause,
    });
  }
}
