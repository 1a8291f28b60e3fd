import { countOf, list, nullable, object, oneOf, text } from '../../schema/index.ts';
import { VERDICTS } from '../verdict.ts';
import { SHA256, texts } from './kit.ts';
import { ReadingSchema } from './reading.ts';

/** What the readings of a file are, here and in a report. */
export const READINGS =
  'The readings of the file, one for each loader; empty when it holds no pickle. The verdict of the file is the worst of their verdicts.';

export const FileSchema = object({
  path: text('The path relative to the scanned folder; for a single file, its name.'),
  size: countOf('The size in bytes.'),
  format: text('Identifier of the format, by content; `unknown` when the format is not recognised.'),
  sha256: nullable(text('64 hex digits; null when digestBasis is none.', SHA256)),
  digestBasis: oneOf(
    ['computed', 'claimed', 'none'],
    'Whether the digest was `computed` from all bytes, or is `claimed` by the source.',
  ),
  verdict: oneOf(VERDICTS),
  imports: texts(
    'Every global that a pickle in the file can resolve, "module.name" as the loader passes them, before the Python 2 map; sorted, unique.',
  ),
  readings: list(ReadingSchema, READINGS),
  reasons: texts(
    'The reasons for the verdict that are not findings: why the parse stopped, which content no scanner judges.',
  ),
});
