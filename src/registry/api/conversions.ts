import { TARGETS } from '../../core/conversion/index.ts';
import { flagOf, list, object, oneOf, optionalOf, type Static, text, wholeNumber } from '../../core/schema/index.ts';
import { JobSchema } from './jobs.ts';
import { maybeMoment } from './kit.ts';
import { inputShape } from './options/index.ts';
import { ID, JobRequestSchema } from './requests.ts';

const { ref, upload, model, priority } = JobRequestSchema.properties;

export const ConversionRequestSchema = object(
  {
    ref,
    upload,
    version: optionalOf(text('Id of a version, instead of `ref`: exactly its bytes are converted', ID)),
    model,
    priority,
    to: oneOf(TARGETS, 'The format to write'),
    inputShape: optionalOf(inputShape('The shape of the input without the batch, where the file does not contain it')),
    verify: optionalOf(
      flagOf({ description: 'Run the result on drawn rows, or compare every tensor; false when absent' }),
    ),
    rows: optionalOf(
      text('Id of a complete upload with `inputs.npz`, and `outputs.npz` if there is one: what to verify with', {
        minLength: 1,
        maxLength: 64,
      }),
    ),
    salvage: optionalOf(
      flagOf({ description: 'Take the tensors out of suspicious and malicious files; for roles that waive' }),
    ),
    acceptSuspicious: optionalOf(flagOf({ description: 'Convert suspicious files; for roles that waive' })),
  },
  'A reference, an upload or a version, and the format to write',
);
/** A request for a conversion of `ref`, of `upload` or of `version`. */
export type ConversionRequest = Static<typeof ConversionRequestSchema>;

const DownloadSchema = object({
  index: wholeNumber({ minimum: 0, description: 'Number of the file, by which it is downloaded' }),
  path: text('Path in the folder of the conversion'),
  size: wholeNumber({ minimum: 0, description: 'Bytes' }),
  sha256: text('64 hex digits'),
});

export const ConversionAnswerSchema = object(
  {
    job: JobSchema,
    state: oneOf(
      ['pending', 'failed', 'kept', 'removed'],
      'Whether there is a result: `kept` is one whose files can be downloaded; `removed` one whose files are gone',
    ),
    keptUntil: maybeMoment('When its files are removed'),
    report: flagOf({
      description: 'Whether there is a report: of a result that is kept, or of a verification that failed',
    }),
    downloads: list(DownloadSchema, 'Its files'),
  },
  'A conversion and its files',
);
export type ConversionAnswer = Static<typeof ConversionAnswerSchema>;
