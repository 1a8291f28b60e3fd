import { array, countOf, nullable, object, oneOf, text } from '../../schema/index.ts';
import { VERDICTS } from '../verdict.ts';
import { SHA256, texts } from './kit.ts';
import { ReadingSchema } from './reading.ts';

export const FileSchema = object({
  path: text('Relative to the scanned folder; for a single file, its name.'),
  size: countOf('Bytes.'),
  format: text('Identifier of the format, by content; `unknown` when none fits.'),
  sha256: nullable(text('64 hex digits; null when digestBasis is none.', SHA256)),
  digestBasis: oneOf(['computed', 'claimed', 'none'], '`computed` from all bytes, or `claimed` by the source.'),
  verdict: oneOf(VERDICTS),
  imports: texts(
    'Every global that a pickle in the file can resolve, "module.name" as the loader passes them, before the Python 2 map; sorted, unique.',
  ),
  readings: array(ReadingSchema, {
    description:
      'What each loader would do with the file; empty when it holds no pickle. The verdict of the file is the worst of theirs.',
  }),
  reasons: texts(
    'Why the verdict is what it is where findings do not say it: what stopped the parse, what nothing judges.',
  ),
});
