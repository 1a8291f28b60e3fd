import { object, oneOf, text } from '../../schema/index.ts';

export const CheckSchema = object(
  {
    id: text('Dotted, `area.question`: `integrity.checksum`, `format.onnx.scan`.'),
    status: oneOf(['pass', 'fail', 'not-assessed', 'error']),
    detail: text('Why, in a sentence; `not-assessed` says what would assess it.'),
  },
  'A question about the artifact, and its answer.',
);
