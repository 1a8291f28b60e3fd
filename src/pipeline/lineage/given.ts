import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { AssayError } from '../../core/index.ts';
import { filesBelow } from './below.ts';

/**
 * The files of data sets, as `assay data` names them: `path`, or `split=path`; of a folder, every file below it.
 * @throws AssayError `not-found`, `unreadable`, `limit` for a folder with links or too many files
 */
export function givenFiles(datasets: readonly string[]): readonly string[] {
  return datasets.flatMap((dataset) => {
    const path = placeOf(dataset);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined)
      throw new AssayError('not-found', 'no such file or folder', { subject: path, hint: 'check the path' });
    if (!stat.isDirectory()) return [path];
    const below = filesBelow(resolve(path));
    if (below.kind === 'folder')
      return [...below.files.keys()].map((within) => `${path.replace(/\/+$/, '')}/${within}`);
    throw new AssayError('limit', below.kind === 'refused' ? below.why : 'cannot be read', {
      subject: path,
      hint: 'give its files',
    });
  });
}

/** A file whose own name has the form of `split=path` is that file. */
function placeOf(dataset: string): string {
  const [, , after] = /^([A-Za-z0-9_-]{1,64})=(.+)$/s.exec(dataset) ?? [];
  return after === undefined || statSync(dataset, { throwIfNoEntry: false }) !== undefined ? dataset : after;
}
