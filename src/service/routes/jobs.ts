import { object, oneOf, optionalOf, text } from '../../core/schema/index.ts';
import {
  CostsSchema,
  ID,
  JOB_KINDS,
  JOB_STATES,
  JobRequestSchema,
  JobSchema,
  pageSchema,
} from '../../registry/api/index.ts';
import type { Routes } from '../context.ts';
import { eventStreams, ID_PARAMS, PAGE_QUERY, pageRequestOf, READERS, SUBMITTERS, UNCHANGED } from '../http/index.ts';
import { checkJobRequest, jobWatch, submit } from '../jobs/index.ts';
import { isKnown } from './conditional.ts';

export const QUEUE_FULL = '`queue-full` (429, with `Retry-After`) when as many jobs of the tenant wait as may.';

export const jobRoutes: Routes = (app, context) => {
  const { registry, queue, events } = context;
  const streams = eventStreams(app);
  const watch = jobWatch(registry, events);
  app.addHook('onClose', async () => watch.close());

  app.post(
    '/v1/jobs',
    {
      config: { access: SUBMITTERS },
      schema: {
        tags: ['jobs'],
        summary: 'Request a scan. An equal request returns the same job while it is queued or running',
        description: QUEUE_FULL,
        body: JobRequestSchema,
        response: { 202: JobSchema },
      },
    },
    async ({ principal, body }, reply) => {
      const { job } = await submit(context, principal, await checkJobRequest(context, principal, body));
      return reply.code(202).header('location', `/v1/jobs/${job.id}`).send(job);
    },
  );

  app.get(
    '/v1/jobs',
    {
      config: { access: READERS },
      schema: {
        tags: ['jobs'],
        summary: 'Jobs',
        querystring: object({
          ...PAGE_QUERY,
          state: optionalOf(oneOf(JOB_STATES, 'Only in this state')),
          kind: optionalOf(oneOf(JOB_KINDS, 'Only of this kind')),
          batch: optionalOf(text('Only of this batch', ID)),
        }),
        response: { 200: pageSchema(JobSchema, 'Jobs') },
      },
    },
    ({ principal, query }) => {
      const { state, kind, batch } = query;
      return registry.jobs.list(principal, {
        ...pageRequestOf(query),
        ...(state === undefined ? {} : { state }),
        ...(kind === undefined ? {} : { kind }),
        ...(batch === undefined ? {} : { batch }),
      });
    },
  );

  app.get(
    '/v1/jobs/:id',
    {
      config: { access: READERS },
      schema: { tags: ['jobs'], summary: 'A job', params: ID_PARAMS, response: { 200: JobSchema, 304: UNCHANGED } },
    },
    async (request, reply) => {
      const job = await registry.jobs.get(request.principal, request.params.id);
      return isKnown(request, reply, job) ? reply.code(304).send(undefined) : job;
    },
  );

  app.get(
    '/v1/jobs/:id/costs',
    {
      config: { access: READERS },
      schema: {
        tags: ['usage'],
        summary: 'What the attempts of a job cost so far',
        params: ID_PARAMS,
        response: { 200: CostsSchema },
      },
    },
    ({ principal, params }) => registry.jobs.costs(principal, params.id),
  );

  app.post(
    '/v1/jobs/:id/cancel',
    {
      config: { access: SUBMITTERS },
      schema: { tags: ['jobs'], summary: 'Cancel a job', params: ID_PARAMS, response: { 200: JobSchema } },
    },
    async ({ principal, params }) => {
      const job = await registry.jobs.cancel(principal, params.id);
      await queue.cancel(job.id);
      return job;
    },
  );

  app.get(
    '/v1/jobs/:id/events',
    {
      exposeHeadRoute: false,
      config: { access: READERS },
      schema: {
        tags: ['jobs'],
        summary:
          'A job as it goes on (Server-Sent Events): `progress` with the job, and `end` with it, which is the last',
        produces: ['text/event-stream'],
        params: ID_PARAMS,
        response: { 200: text('Events; each one’s data is the job') },
      },
    },
    async (request, reply) => {
      const job = await registry.jobs.get(request.principal, request.params.id);
      watch.tell(streams.open(request, reply), request, job);
    },
  );
};
