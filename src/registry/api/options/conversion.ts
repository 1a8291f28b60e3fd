import { TARGETS } from '../../../core/conversion/index.ts';
import {
  array,
  DIGEST,
  flagOf,
  maybe,
  object,
  oneOf,
  type Static,
  text,
  wholeNumber,
} from '../../../core/schema/index.ts';

const MAX_RANK = 6;
/** The sizes of an input without the batch. */
export const inputShape = (description: string) =>
  array(wholeNumber({ minimum: 1, maximum: 999_999_999 }), { minItems: 1, maxItems: MAX_RANK, description });

const AN_UPLOAD = { minLength: 1, maxLength: 64 };
const A_VERSION = { minLength: 1, maxLength: 100, pattern: '^[A-Za-z0-9_-]+$' };

/** How an artifact is converted: what one conversion has in common with an equal one. */
export const ConversionOptionsSchema = object(
  {
    to: oneOf(TARGETS, 'The format to write'),
    salvage: flagOf({ description: 'Take the tensors out of suspicious and malicious files, too' }),
    acceptSuspicious: flagOf({ description: 'Convert suspicious files, too' }),
    verify: flagOf({ description: 'Verify the result before it is published' }),
    rows: maybe(text('Id of the upload with `inputs.npz`, and `outputs.npz` if there is one', AN_UPLOAD)),
    inputShape: maybe(inputShape('The shape of the input without the batch')),
    version: maybe(text('Id of the version whose bytes are converted', A_VERSION)),
    digest: maybe(text('The digest that these bytes must have', DIGEST)),
  },
  'Of a conversion',
);
export type ConversionOptions = Static<typeof ConversionOptionsSchema>;
