import { copiesOf } from '../../core/behavior/index.ts';
import { writtenBy } from '../../core/lineage/index.ts';
import { SignatureError } from '../envelope/index.ts';
import type { Subject } from '../statements/index.ts';

/** A file of an artifact, with the SHA-256 of its bytes as 64 hex digits. */
export interface CoveredFile {
  readonly path: string;
  readonly sha256: string;
}

/** The name of the attestation in the folder that a conversion wrote. */
export const CONVERSION_NAME = 'conversion.intoto.json';

/** Files that say something of the others, and that no loader reads. */
const BESIDES: ReadonlySet<string> = new Set([CONVERSION_NAME, 'model.sig', '.gitattributes', '.gitignore']);

/** Files that one message names. */
const MAX_NAMED = 3;

/**
 * Compares the files of an artifact with those that a statement is about, by path and digest.
 * @throws SignatureError `subject` naming files that were changed, that are missing, and that the statement does not name: a loader
 *   reads those, too
 */
export function checkFiles(subjects: readonly Subject[], files: readonly CoveredFile[]): void {
  const wanted = new Map(subjects.map(({ name, digest }) => [name ?? '', digest.sha256]));
  const found = new Map(files.map(({ path, sha256 }) => [path, sha256]));
  const known = (path: string) => wanted.has(path);
  const changed = [...found]
    .filter(([path, sha256]) => known(path) && wanted.get(path) !== sha256)
    .map(([path]) => path);
  const missing = [...wanted.keys()].filter((path) => !found.has(path));
  const added = [...found.keys()].filter((path) => !known(path) && !BESIDES.has(path) && !path.startsWith('.git/'));
  const faults = [
    ...fault(changed, 'changed since the conversion'),
    ...fault(missing, 'missing'),
    ...fault(added, 'not written by the conversion'),
  ];
  if (faults.length > 0) throw new SignatureError('subject', faults.join('; '));
}

/**
 * Looks for a tested model among the files of an artifact. Other files may lie beside it: the tests say nothing of them.
 * @param subjects the file of the model, and those of its tensors
 * @throws SignatureError `subject` when it is not there, or not with its tensors
 */
export function checkTested([model, ...data]: readonly Subject[], files: readonly CoveredFile[]): void {
  const tested = { ...coveredFile(model), data: data.map(coveredFile) };
  if (copiesOf(tested, files).length > 0) return;
  const what = `the tests are of ${tested.path} sha256:${tested.sha256}`;
  throw new SignatureError('subject', `${what}, which is not among the files with the files of its tensors`);
}

/**
 * Looks for a file that a training run wrote among the files of an artifact: which of them it wrote is told elsewhere.
 * @throws SignatureError `subject` when none is there
 */
export function checkTrained(subjects: readonly Subject[], files: readonly CoveredFile[]): void {
  if (writtenBy(subjects.map(coveredFile), files).length > 0) return;
  const { path, sha256 } = coveredFile(subjects[0]);
  throw new SignatureError('subject', `the run wrote ${path} sha256:${sha256}, which is not among the files`);
}

function coveredFile(subject: Subject | undefined): CoveredFile {
  return { path: subject?.name ?? '', sha256: subject?.digest.sha256 ?? '' };
}

function fault(paths: readonly string[], what: string): string[] {
  if (paths.length === 0) return [];
  const more = paths.length - MAX_NAMED;
  return [`${paths.slice(0, MAX_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}: ${what}`];
}
