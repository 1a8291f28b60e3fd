import { DataReportSchema } from '../../../core/data/index.ts';
import { nothing, text } from '../../../core/schema/index.ts';
import {
  type DataCheckAnswer,
  DataCheckAnswerSchema,
  DataCheckRequestSchema,
  DatasetListSchema,
  JobSchema,
} from '../../../registry/api/index.ts';
import type { Job } from '../../../registry/index.ts';
import type { Routes } from '../../context.ts';
import { datasetNames } from '../../datasets/index.ts';
import { ID_PARAMS, READERS, SUBMITTERS, UNCHANGED } from '../../http/index.ts';
import {
  checkDataRequest,
  type FoundDataCheck,
  findDataCheck,
  keptDataCheck,
  removeDataCheck,
  submitDataChecks,
} from '../../jobs/index.ts';
import { ServiceError } from '../../problems/index.ts';
import { isKnown } from '../conditional.ts';
import { COSTLY } from '../costly.ts';
import { QUEUE_FULL } from '../jobs.ts';

export const dataCheckRoutes: Routes = (app, context) => {
  app.get(
    '/v1/datasets',
    {
      config: { access: READERS },
      schema: {
        tags: ['data'],
        summary: 'The data sets that the operator of the service placed for the tenant',
        response: { 200: DatasetListSchema },
      },
    },
    async ({ principal }) => ({
      items: (await datasetNames(context.config.datasets, principal.tenant)).map((name) => ({ name })),
    }),
  );

  app.post(
    '/v1/data-checks',
    {
      config: { access: SUBMITTERS },
      schema: {
        tags: ['data'],
        summary: 'Request checks of training data. An equal request returns the same job while it is queued or running',
        description: `The data is an upload, or a data set that the operator placed for the tenant. It is read in a child process with bounds. Follow it at /v1/jobs/{id}/events. ${QUEUE_FULL}`,
        body: DataCheckRequestSchema,
        response: { 202: JobSchema },
      },
    },
    async ({ principal, body }, reply) => {
      const checked = await checkDataRequest(context, principal, body);
      const { job } = await submitDataChecks(context, principal, checked);
      return reply.code(202).header('location', `/v1/data-checks/${job.id}`).send(job);
    },
  );

  app.get(
    '/v1/data-checks/:id',
    {
      config: { access: READERS },
      schema: {
        tags: ['data'],
        summary: 'Checks of training data, and whether their report is kept',
        params: ID_PARAMS,
        response: { 200: DataCheckAnswerSchema, 304: UNCHANGED },
      },
    },
    async (request, reply) => {
      const answer = answerOf(await findDataCheck(context, request.principal, request.params.id));
      return isKnown(request, reply, answer) ? reply.code(304).send(undefined) : answer;
    },
  );

  app.get(
    '/v1/data-checks/:id/report',
    {
      config: { access: READERS, rateLimit: COSTLY },
      schema: {
        tags: ['data'],
        summary: 'What each check said: the report of `assay data --format json`',
        params: ID_PARAMS,
        response: { 200: DataReportSchema, 304: UNCHANGED },
      },
    },
    async (request, reply) => {
      const { report } = await keptDataCheck(context, request.principal, request.params.id);
      if (isKnown(request, reply, report)) return reply.code(304).send(undefined);
      // The bytes of the command line.
      return reply.type('application/json').send(Buffer.from(report) as never);
    },
  );

  app.get(
    '/v1/data-checks/:id/rows',
    {
      config: { access: READERS, rateLimit: COSTLY },
      schema: {
        tags: ['data'],
        summary: 'The rows to look at, as CSV in which no text can act as a formula',
        produces: ['text/csv'],
        params: ID_PARAMS,
        response: { 200: text('The list') },
      },
    },
    async ({ principal, params }, reply) => {
      const { rows } = await keptDataCheck(context, principal, params.id);
      reply.header('x-content-type-options', 'nosniff');
      reply.header('content-disposition', 'attachment; filename="rows.csv"');
      return reply.type('text/csv; charset=utf-8').send(Buffer.from(rows) as never);
    },
  );

  app.get(
    '/v1/data-checks/:id/profile',
    {
      config: { access: READERS, rateLimit: COSTLY },
      schema: {
        tags: ['data'],
        summary: 'The profile of the data, which other data can be compared with: a `--baseline` of `assay data`',
        produces: ['application/octet-stream'],
        params: ID_PARAMS,
        response: { 200: text('The profile, JSON') },
      },
    },
    async ({ principal, params }, reply) => {
      const { profile } = await keptDataCheck(context, principal, params.id);
      return download(reply, 'profile.json').send(Buffer.from(profile) as never);
    },
  );

  app.get(
    '/v1/data-checks/:id/attestation',
    {
      config: { access: READERS },
      schema: {
        tags: ['data'],
        summary: 'What the service attests of the checks and of the profile: a Sigstore bundle',
        produces: ['application/octet-stream'],
        params: ID_PARAMS,
        response: { 200: text('The bundle, JSON') },
      },
    },
    async ({ principal, params }, reply) => {
      const { run } = await findDataCheck(context, principal, params.id);
      if (run === undefined) throw new ServiceError(404, 'not-found', 'the checks are not attested');
      return download(reply, 'data.intoto.json').send(Buffer.from(`${run.attestation}\n`) as never);
    },
  );

  app.delete(
    '/v1/data-checks/:id',
    {
      config: { access: SUBMITTERS },
      schema: {
        tags: ['data'],
        summary: 'Remove the report on training data; the outcome of its job and its attestation stay',
        params: ID_PARAMS,
        response: { 204: nothing('Done') },
      },
    },
    async ({ principal, params }, reply) => {
      await removeDataCheck(context, principal, params.id);
      return reply.code(204).send(undefined);
    },
  );
};

/** Bytes of a file whose digest is signed: they are not read as JSON on the way. */
function download<R extends { header(name: string, value: string): R; type(type: string): R }>(reply: R, name: string) {
  return reply
    .header('x-content-type-options', 'nosniff')
    .header('content-disposition', `attachment; filename="${name}"`)
    .type('application/octet-stream');
}

function answerOf({ job, kept, run }: FoundDataCheck): DataCheckAnswer {
  return {
    job,
    state: stateOf(job, kept !== undefined),
    keptUntil: kept?.until.toISOString() ?? null,
    baseline: kept?.context.baseline ?? null,
    noBaseline: kept?.context.noBaseline ?? null,
    attested: run !== undefined,
  };
}

function stateOf({ state }: Job, isKept: boolean): DataCheckAnswer['state'] {
  if (state === 'queued' || state === 'running') return 'pending';
  if (state !== 'done') return 'failed';
  return isKept ? 'kept' : 'removed';
}
