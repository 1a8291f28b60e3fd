import { TestReportSchema } from '../../core/behavior/index.ts';
import { nothing } from '../../core/schema/index.ts';
import {
  JobSchema,
  ModelTestRequestSchema,
  SuiteListSchema,
  type TestAnswer,
  TestAnswerSchema,
} from '../../registry/api/index.ts';
import type { Job } from '../../registry/index.ts';
import type { Routes } from '../context.ts';
import { ID_PARAMS, READERS, SUBMITTERS, UNCHANGED } from '../http/index.ts';
import { checkTest, type FoundTest, findTest, removeTest, submitTest } from '../jobs/index.ts';
import { ServiceError } from '../problems/index.ts';
import { suiteNames } from '../suites/index.ts';
import { isKnown } from './conditional.ts';
import { COSTLY } from './costly.ts';
import { QUEUE_FULL } from './jobs.ts';

export const testRoutes: Routes = (app, context) => {
  app.get(
    '/v1/suites',
    {
      config: { access: READERS },
      schema: {
        tags: ['tests'],
        summary: 'The suites by which models can be tested, from the configuration of the service',
        response: { 200: SuiteListSchema },
      },
    },
    async ({ principal }) => ({
      items: (await suiteNames(context.config.suites, principal.tenant)).map((name) => ({ name })),
    }),
  );

  app.post(
    '/v1/tests',
    {
      config: { access: SUBMITTERS },
      schema: {
        tags: ['tests'],
        summary: 'Request the tests of a model. An equal request returns the same job while it is queued or running',
        description: `The model is an ONNX model; it runs in a child process with bounds. It is compared with the version that is approved for production, else for staging. Follow it at /v1/jobs/{id}/events. ${QUEUE_FULL}`,
        body: ModelTestRequestSchema,
        response: { 202: JobSchema },
      },
    },
    async ({ principal, body }, reply) => {
      const { job } = await submitTest(context, principal, await checkTest(context, principal, body));
      return reply.code(202).header('location', `/v1/tests/${job.id}`).send(job);
    },
  );

  app.get(
    '/v1/tests/:id',
    {
      config: { access: READERS },
      schema: {
        tags: ['tests'],
        summary: 'A test of a model, and what it was compared with',
        params: ID_PARAMS,
        response: { 200: TestAnswerSchema, 304: UNCHANGED },
      },
    },
    async (request, reply) => {
      const answer = answerOf(await findTest(context, request.principal, request.params.id));
      return isKnown(request, reply, answer) ? reply.code(304).send(undefined) : answer;
    },
  );

  app.get(
    '/v1/tests/:id/report',
    {
      config: { access: READERS, rateLimit: COSTLY },
      schema: {
        tags: ['tests'],
        summary: 'What was measured, and what was asked: the report of `assay test --format json`',
        params: ID_PARAMS,
        response: { 200: TestReportSchema, 304: UNCHANGED },
      },
    },
    async (request, reply) => {
      const { job, kept } = await findTest(context, request.principal, request.params.id);
      if (kept === undefined) throw noReport(job);
      if (isKnown(request, reply, kept.report)) return reply.code(304).send(undefined);
      // The bytes of the command line.
      return reply.type('application/json').send(Buffer.from(kept.report) as never);
    },
  );

  app.delete(
    '/v1/tests/:id',
    {
      config: { access: SUBMITTERS },
      schema: {
        tags: ['tests'],
        summary: 'Remove the report of a test; the outcome of its job stays',
        params: ID_PARAMS,
        response: { 204: nothing('Done') },
      },
    },
    async ({ principal, params }, reply) => {
      await removeTest(context, principal, params.id);
      return reply.code(204).send(undefined);
    },
  );
};

function noReport({ state }: Job): ServiceError {
  return state === 'done'
    ? new ServiceError(410, 'test-removed', 'the report of the test was removed: test it again')
    : new ServiceError(404, 'not-found', 'the test has no report');
}

function answerOf({ job, kept }: FoundTest): TestAnswer {
  const { digest = null, baseline = null, noBaseline = null } = kept?.context ?? {};
  return {
    job,
    state: stateOf(job, kept !== undefined),
    keptUntil: kept?.until.toISOString() ?? null,
    digest,
    baseline,
    noBaseline,
  };
}

function stateOf({ state }: Job, isKept: boolean): TestAnswer['state'] {
  if (state === 'queued' || state === 'running') return 'pending';
  if (state !== 'done') return 'failed';
  return isKept ? 'kept' : 'removed';
}
