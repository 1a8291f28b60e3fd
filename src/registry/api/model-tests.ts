import {
  DIGEST,
  list,
  maybe,
  object,
  oneOf,
  optionalOf,
  type Static,
  text,
  wholeNumber,
} from '../../core/schema/index.ts';
import { JobSchema } from './jobs.ts';
import { maybeMoment, maybeText, StageSchema } from './kit.ts';
import { deviceChoice, suiteName } from './options/index.ts';
import { ID, JobRequestSchema } from './requests.ts';

const { ref, upload, model, priority } = JobRequestSchema.properties;

export const ModelTestRequestSchema = object(
  {
    ref,
    upload,
    version: optionalOf(text('Id of a version, instead of `ref`: exactly its bytes are tested', ID)),
    model,
    priority,
    suite: suiteName('Name of a suite of the service'),
    device: optionalOf(deviceChoice('Where the model runs; `cpu` when absent')),
  },
  'A reference, an upload or a version, and a suite',
);
/** A request for the tests of `ref`, of `upload` or of `version`. */
export type ModelTestRequest = Static<typeof ModelTestRequestSchema>;

export const ComparedSchema = object(
  {
    version: text('Id of the version'),
    number: wholeNumber({ minimum: 1, description: 'Its number' }),
    stage: StageSchema,
    digest: text('Of its bytes', DIGEST),
  },
  'The approved version that was compared with',
);
export type ComparedVersion = Static<typeof ComparedSchema>;

export const TestAnswerSchema = object(
  {
    job: JobSchema,
    state: oneOf(
      ['pending', 'failed', 'kept', 'removed'],
      'Whether there is a result: `kept` is one whose report can be read; `removed` one whose report is gone',
    ),
    keptUntil: maybeMoment('When its report is removed'),
    digest: maybe(text('Of the bytes that were tested', DIGEST)),
    baseline: maybe(ComparedSchema),
    noBaseline: maybeText('Why the model was not compared with an approved version'),
  },
  'A test of a model',
);
export type TestAnswer = Static<typeof TestAnswerSchema>;

export const SuiteListSchema = object({
  items: list(object({ name: suiteName('Its name, by which a test names it') }), 'The suites of the service'),
});
export type SuiteList = Static<typeof SuiteListSchema>;
