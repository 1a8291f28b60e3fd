import type { Assessment } from '../../core/assessment/index.ts';
import { AssayError } from '../../core/index.ts';
import { plainMediaScanner } from '../../scan/index.ts';
import { plainTextScanner } from '../../scan/text/index.ts';
import { addressOf } from './place.ts';

/** Formats that the text scanner reads, but that are models. */
const TEXT_MODELS: ReadonlySet<string> = new Set(['pmml']);

const NO_MODELS: ReadonlySet<string> = new Set(
  [...plainTextScanner.formats, ...plainMediaScanner.formats].filter((format) => !TEXT_MODELS.has(format)),
);

/**
 * A folder of texts and pictures is most likely a mistake, and `clean` would suggest that a model was scanned. A single file of
 * this kind that the user names is not a mistake.
 * @throws AssayError `not-found`
 */
export function refuseWithoutModel({ artifact, files }: Assessment): void {
  const [first] = files;
  if (first === undefined) return;
  const named = files.length === 1 && [artifact.ref, artifact.pinned].includes(addressOf(artifact, first.path));
  if (named || !files.every(({ format, verdict }) => verdict === 'clean' && NO_MODELS.has(format))) return;
  const pulled = files.some(({ path }) => path.endsWith('.dvc')) ? 'run dvc pull, ' : '';
  throw new AssayError('not-found', `does not hold a model: all ${files.length} files are text or media`, {
    subject: artifact.ref,
    hint: `${pulled}give the folder of a model, or name a file`,
  });
}

/**
 * An artifact that could not be opened at all was not judged: that is an error with a reason, not a verdict.
 * @throws AssayError `unreadable`
 */
export function refuseUnread({ artifact, files, checks, status, stats }: Assessment): void {
  const [first] = files;
  if (first === undefined || status === 'complete' || stats.bytesRead > 0) return;
  // Bytes that do not match the announced digest were read: they are denied.
  if (checks.some((check) => check.id === 'integrity.checksum' && check.status === 'fail')) return;
  if (files.some(({ coverage, verdict }) => coverage.ranges.length > 0 || verdict !== 'unknown')) return;
  const others = files.length === 1 ? '' : ` (and ${files.length - 1} more)`;
  throw new AssayError('unreadable', `${first.reasons[0] ?? 'cannot be read'}${others}`, {
    subject: addressOf(artifact, first.path),
  });
}
