import { object, oneOf } from '../../schema/index.ts';
import { LOADERS } from '../loader.ts';
import { VERDICTS } from '../verdict.ts';
import { texts } from './kit.ts';

export const ReadingSchema = object({
  loader: oneOf(
    LOADERS,
    '`pickle.py` is the unpickler written in Python, which its subclasses use; the other names are libraries or functions that load the file.',
  ),
  verdict: oneOf(VERDICTS),
  imports: texts('Every global that this loader can resolve, "module.name"; sorted, unique.'),
});
