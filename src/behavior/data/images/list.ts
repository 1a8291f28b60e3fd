import { type Dirent, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { inByteOrder } from '../../../core/bytes/index.ts';
import { AssayError, throwIfAborted } from '../../../core/index.ts';
import type { DataFiles } from '../files.ts';
import type { DataContext } from '../options.ts';

const MAX_IMAGES = 100_000;
const MAX_DEPTH = 16;
const EXTENSIONS = /\.(?:png|jpe?g)$/i;

/**
 * The images below a folder of the suite, as paths of the suite in the order of their bytes in UTF-8. Names that start with a dot are passed
 * over.
 * @throws AssayError `usage` for another file, or none; `limit`; `unreadable`
 */
export function listImages(folder: string, files: DataFiles, { signal }: DataContext): readonly string[] {
  const found: string[] = [];
  const visit = (path: string, depth: number): void => {
    throwIfAborted(signal);
    if (depth > MAX_DEPTH)
      throw new AssayError('limit', `has folders more than ${MAX_DEPTH} deep`, { subject: folder });
    for (const entry of entriesOf(files.resolve(path), path)) {
      if (entry.name.startsWith('.')) continue;
      const own = `${path}/${entry.name}`;
      if (entry.isDirectory()) visit(own, depth + 1);
      else if (EXTENSIONS.test(entry.name)) found.push(own);
      // A file that is passed over would be a row that is missing.
      else
        throw new AssayError('usage', 'is among images, and is neither PNG nor JPEG', {
          subject: own,
          hint: 'convert it to PNG, or move it elsewhere',
        });
      if (found.length > MAX_IMAGES)
        throw new AssayError('limit', `has more than ${MAX_IMAGES} images`, { subject: folder });
    }
  };
  visit(folder, 0);
  if (found.length === 0)
    throw new AssayError('usage', 'has no images', { subject: folder, hint: 'give a folder with PNG or JPEG files' });
  return inByteOrder(found, (path) => path);
}

function entriesOf(place: string, subject: string): Dirent[] {
  try {
    return readdirSync(join(place), { withFileTypes: true });
  } catch (cause) {
    throw new AssayError('unreadable', 'is not a folder that can be read', { subject, hint: 'name a folder', cause });
  }
}
