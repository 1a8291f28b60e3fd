import { flagOf, list, maybe, object, oneOf, optionalOf, type Static, text } from '../../core/schema/index.ts';
import { JobSchema } from './jobs.ts';
import { maybeMoment, maybeText } from './kit.ts';
import { ComparedSchema } from './model-tests.ts';
import { DATASET_NAME, DataColumnsSchema, datasetName } from './options/index.ts';
import { JobRequestSchema } from './requests.ts';

const { upload, priority } = JobRequestSchema.properties;

export const DataCheckRequestSchema = object(
  {
    upload,
    dataset: optionalOf(text('Name of a data set of the service, instead of `upload`', DATASET_NAME)),
    model: JobRequestSchema.properties.model,
    priority,
    columns: optionalOf(DataColumnsSchema),
    snapshot: optionalOf(text('When the data was taken from its sources: `2026-01-31`', { maxLength: 40 })),
  },
  'An upload, or a data set of the service, and its columns',
);
/** A request for the checks of the training data of a model: of `upload`, or of `dataset`. */
export type DataCheckRequest = Static<typeof DataCheckRequestSchema>;

export const DataCheckAnswerSchema = object(
  {
    job: JobSchema,
    state: oneOf(
      ['pending', 'failed', 'kept', 'removed'],
      'Whether there is a result: `kept` is one whose report can be read; `removed` one whose report is gone',
    ),
    keptUntil: maybeMoment('When its report is removed'),
    baseline: maybe(ComparedSchema),
    noBaseline: maybeText('Why the data was not compared with that of an approved version'),
    attested: flagOf({ description: 'Whether the service has signed what the checks said' }),
  },
  'Checks of training data',
);
export type DataCheckAnswer = Static<typeof DataCheckAnswerSchema>;

export const DatasetListSchema = object({
  items: list(object({ name: datasetName('Its name, by which a check names it') }), 'The data sets of the tenant'),
});
export type DatasetList = Static<typeof DatasetListSchema>;
