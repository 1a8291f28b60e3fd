import { ActionSchema, CHECK_RESULTS } from '../../core/assessment/schema/index.ts';
import {
  countOf,
  flagOf,
  maybe,
  object,
  oneOf,
  optionalOf,
  type Static,
  text,
  wholeNumber,
} from '../../core/schema/index.ts';
import { AN_ID, maybeMoment, maybeText, moment } from './kit.ts';
import { JOB_KINDS, JOB_STATES } from './names.ts';
import { ConversionOptionsSchema, DataCheckOptionsSchema, ModelTestOptionsSchema } from './options/index.ts';

/** What a conversion does, in this order; a test fetches and tests, and a check of data only checks. */
const STEPS = ['fetch', 'scan', 'convert', 'verify', 'scan-result', 'test', 'data'] as const;

const JobProgressSchema = object({
  step: optionalOf(oneOf(STEPS, 'What a conversion, a test or a check of data does now: the numbers are of this step')),
  doing: optionalOf(text('What a test or a check of data does now, in words')),
  filesDone: countOf('Files that were judged'),
  files: countOf('Files in all, as far as known'),
  bytesDone: countOf('Bytes that were judged'),
  bytes: countOf('Bytes in all, as far as known'),
});
export type JobProgress = Static<typeof JobProgressSchema>;

export const JobSchema = object(
  {
    id: text('Id of the job', {}, AN_ID),
    tenant: text('The tenant'),
    kind: oneOf(JOB_KINDS, 'What is done'),
    target: text(
      'What is scanned, converted, tested or checked: a reference, `upload:<id>`, `conversion:<id>` or `dataset:<name>`',
    ),
    model: text('The model that the version will belong to'),
    state: oneOf(JOB_STATES, 'The state'),
    createdBy: text('Who asked'),
    createdAt: moment('When it was asked for'),
    startedAt: maybeMoment('When it began'),
    endedAt: maybeMoment('When it ended'),
    attempts: countOf('How often it was tried'),
    priority: wholeNumber({ description: 'Higher first' }),
    progress: JobProgressSchema,
    conversion: maybe(ConversionOptionsSchema),
    test: maybe(ModelTestOptionsSchema),
    data: maybe(DataCheckOptionsSchema),
    outcome: maybe(oneOf(CHECK_RESULTS, 'What the tests or the checks said, of those that are done')),
    version: maybeText(
      'Id of the version, of a job that is done; of a conversion, that of its result; tests and checks of data have none',
      AN_ID,
    ),
    /** What the policy for candidates says of that version now. */
    decision: maybe(ActionSchema),
    error: maybe(object({ code: text('Stable, for programs'), message: text('For people') })),
  },
  'A scan, a conversion, a test or a check of data that was asked for',
);
/** A requested scan, conversion, test or check of data, from the request to its end. */
export type Job = Static<typeof JobSchema>;

/** A job of a batch: `created` is false for a job that already existed. */
export const CreatedJobSchema = object({
  job: JobSchema,
  created: flagOf({ description: 'Was not asked for already' }),
});
export type CreatedJob = Static<typeof CreatedJobSchema>;

export const BatchSchema = object(
  {
    id: text('Id of the batch'),
    tenant: text('The tenant'),
    state: oneOf(['open', 'ended'], 'Whether its last job has ended'),
    createdBy: text('Who asked'),
    createdAt: moment('When it was asked for'),
    endedAt: maybeMoment('When its last job ended'),
    jobs: object(
      {
        queued: countOf('Jobs that wait'),
        running: countOf('Jobs that run'),
        done: countOf('Jobs that are done'),
        failed: countOf('Jobs that failed'),
        cancelled: countOf('Jobs that were cancelled'),
      },
      'The number of its jobs in each state',
    ),
    progress: JobProgressSchema,
  },
  'Scans that were asked for together',
);
/** Jobs of one request. Equal requests share a job, so a job may be in several batches. */
export type Batch = Static<typeof BatchSchema>;
