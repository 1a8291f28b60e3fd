import { CheckSchema } from '../../core/assessment/schema/index.ts';
import { RequiredSuiteSchema, TestReportSchema } from '../../core/behavior/index.ts';
import { DEVICES } from '../../core/device/index.ts';
import { DIGEST, list, maybe, object, oneOf, type Static, text } from '../../core/schema/index.ts';
import { AN_ID, maybeMoment, maybeText, moment } from './kit.ts';
import { ApprovalMethodSchema } from './transitions.ts';

const { data, model, status, tool } = TestReportSchema.properties;

export const TestRunSchema = object(
  {
    id: text('Id of the run', {}, AN_ID),
    version: text('Id of the version'),
    digest: text('Of the bytes of the version', DIGEST),
    statement: text('Of what was signed', DIGEST),
    state: oneOf(
      ['counts', 'other-suite', 'revoked'],
      '`other-suite`: the registry asks for another suite, so that it counts neither for nor against the version',
    ),
    suite: RequiredSuiteSchema,
    status,
    failed: list(text('Id of a test'), 'The tests that failed'),
    model,
    data,
    baseline: maybeText('SHA-256 of the model of the approved version that it was compared with, in hex'),
    device: maybe(oneOf(DEVICES, 'Where the model ran')),
    tool,
    signer: text('Who signed it: the hint of a key, an identity; `the service` for a job'),
    method: ApprovalMethodSchema,
    ranAt: moment('When the tests were run, as its signer says'),
    at: moment('When it was added'),
    createdBy: text('Who added it'),
    revokedAt: maybeMoment('When it was revoked'),
    why: text('Why it was revoked; empty when it was not'),
  },
  'Tests of a version, as a trusted signer attests them',
);
export type TestRun = Static<typeof TestRunSchema>;

export const VersionTestsSchema = object(
  {
    suite: maybe(RequiredSuiteSchema),
    check: maybe(CheckSchema),
    items: list(TestRunSchema, 'The newest first'),
  },
  'The suite that is asked of a version, whether its runs fulfil that, and the runs',
);
export type VersionTests = Static<typeof VersionTestsSchema>;
