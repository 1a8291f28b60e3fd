import { object, oneOf, text } from '../../schema/index.ts';

export const CheckSchema = object(
  {
    id: text('The id, as `area.question`: `integrity.checksum`, `format.onnx.scan`.'),
    status: oneOf(['pass', 'fail', 'not-assessed', 'error']),
    detail: text('The reason, as a sentence; for `not-assessed`, what would assess it.'),
  },
  'A question about the artifact, and its result.',
);
