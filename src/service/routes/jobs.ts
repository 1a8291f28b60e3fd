import Type from 'typebox';
import { READERS } from '../access.ts';
import type { Routes } from '../context.ts';
import { problemOf } from '../errors.ts';
import { eventStreams } from '../event-stream.ts';
import { hasEnded, jobWatch } from '../job-watch.ts';
import { ServiceError } from '../service-error.ts';
import { type CheckedWish, checkWish, submit, submitAll } from '../submit.ts';
import { isKnown } from './conditional.ts';
import { SUBMITTERS } from './roles.ts';
import {
  ID_PARAMS,
  list,
  MODEL_NAME,
  object,
  oneOf,
  PAGE_QUERY,
  page,
  pageOf,
  REFERENCE,
  text,
  UNCHANGED,
} from './schema-kit.ts';
import { JOB_STATES, JobSchema, LineageSchema } from './schemas.ts';

export const WishProperties = {
  ref: Type.Optional(
    text('Where the model is: hf://, https://, s3://, oci://, models:/. Paths are not read', REFERENCE),
  ),
  upload: Type.Optional(text('Id of a complete upload, instead of `ref`', { minLength: 1, maxLength: 64 })),
  model: Type.Optional(text('The model that the version will belong to; the repository, when absent', MODEL_NAME)),
  priority: Type.Optional(Type.Integer({ minimum: 0, maximum: 100, description: 'Higher first; 0 when absent' })),
  lineage: Type.Optional(LineageSchema),
};
const WishSchema = object(WishProperties, 'A reference or an upload');

const MAX_BATCH = 200;
const QUEUE_FULL = '`queue-full` (429, with `Retry-After`) when as many jobs of the tenant wait as may.';

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
        summary: 'Ask for a scan. The same wish again is the same job, while it is queued or running',
        description: QUEUE_FULL,
        body: WishSchema,
        response: { 202: JobSchema },
      },
    },
    async ({ principal, body }, reply) => {
      const { job } = await submit(context, principal, await checkWish(context, principal, body));
      return reply.code(202).header('location', `/v1/jobs/${job.id}`).send(job);
    },
  );

  app.post(
    '/v1/jobs/batch',
    {
      config: { access: SUBMITTERS },
      schema: {
        tags: ['jobs'],
        summary: 'Ask for several scans: all of them, or none when one cannot be',
        description: QUEUE_FULL,
        body: object({
          jobs: Type.Array(WishSchema, { minItems: 1, maxItems: MAX_BATCH, description: 'What to scan' }),
        }),
        response: {
          202: object({
            items: list(
              object({ job: JobSchema, created: Type.Boolean({ description: 'Was not asked for already' }) }),
              'In the order of the wishes',
            ),
          }),
        },
      },
    },
    async ({ principal, body }, reply) => {
      const wishes: CheckedWish[] = [];
      for (const [index, wish] of body.jobs.entries()) {
        wishes.push(await checkWish(context, principal, wish).catch((error) => Promise.reject(atIndex(error, index))));
      }
      return reply.code(202).send({ items: await submitAll(context, principal, wishes) });
    },
  );

  app.get(
    '/v1/jobs',
    {
      config: { access: READERS },
      schema: {
        tags: ['jobs'],
        summary: 'Jobs',
        querystring: object({ ...PAGE_QUERY, state: Type.Optional(oneOf(JOB_STATES, 'Only in this state')) }),
        response: { 200: page(JobSchema, 'Jobs') },
      },
    },
    ({ principal, query }) => {
      const { state } = query;
      return registry.jobs.list(principal, { ...pageOf(query), ...(state === undefined ? {} : { state }) });
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
      const stream = streams.open(request, reply);
      const tell = (now: typeof job) => {
        stream.send({ event: hasEnded(now) ? 'end' : 'progress', data: now });
        if (hasEnded(now)) stream.end();
      };
      tell(job);
      if (hasEnded(job)) return;
      const stop = watch.watch(request.principal, job, (change) => {
        if ('job' in change) return tell(change.job);
        // The client comes again, and learns what there is.
        request.log.warn({ err: change.error }, 'a job could not be read');
        stream.end();
      });
      stream.ended.addEventListener('abort', stop);
    },
  );
};

/** The same problem, told of the wish that has it. */
function atIndex(error: unknown, index: number): unknown {
  const { status, code, detail } = problemOf(error, '');
  return status >= 500 ? error : new ServiceError(status, code, `body/jobs/${index}: ${detail}`, { cause: error });
}
