import { object, oneOf, text } from '../../schema/index.ts';

/** What became of a question. */
export const CHECK_RESULTS = ['pass', 'fail', 'not-assessed', 'error'] as const;

export const CheckSchema = object(
  {
    id: text('The id, as `area.question`: `integrity.checksum`, `format.onnx.scan`.'),
    status: oneOf(CHECK_RESULTS),
    detail: text('The reason, as a sentence; for `not-assessed`, what would assess it.'),
  },
  'A question about the artifact, and its result.',
);
