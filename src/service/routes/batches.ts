import { array, list, object, text } from '../../core/schema/index.ts';
import { BatchSchema, CreatedJobSchema, JobRequestSchema } from '../../registry/api/index.ts';
import type { Routes } from '../context.ts';
import { eventStreams, ID_PARAMS, READERS, SUBMITTERS, UNCHANGED } from '../http/index.ts';
import { batchWatch, type CheckedJobRequest, checkJobRequest, submitBatch } from '../jobs/index.ts';
import { problemOf, ServiceError } from '../problems/index.ts';
import { isKnown } from './conditional.ts';
import { QUEUE_FULL } from './jobs.ts';

const MAX_BATCH = 200;

export const batchRoutes: Routes = (app, context) => {
  const { registry, queue, events } = context;
  const streams = eventStreams(app);
  const watch = batchWatch(registry, events);
  app.addHook('onClose', async () => watch.close());

  app.post(
    '/v1/jobs/batch',
    {
      config: { access: SUBMITTERS },
      schema: {
        tags: ['jobs'],
        summary: 'Request several scans: all of them, or none if one is refused',
        description: QUEUE_FULL,
        body: object({
          jobs: array(JobRequestSchema, { minItems: 1, maxItems: MAX_BATCH, description: 'What to scan' }),
        }),
        response: {
          202: object({
            batch: BatchSchema,
            items: list(CreatedJobSchema, 'In the order of the requests'),
          }),
        },
      },
    },
    async ({ principal, body }, reply) => {
      const checked: CheckedJobRequest[] = [];
      for (const [index, jobRequest] of body.jobs.entries()) {
        checked.push(
          await checkJobRequest(context, principal, jobRequest).catch((error) => Promise.reject(atIndex(error, index))),
        );
      }
      const { batch, jobs } = await submitBatch(context, principal, checked);
      return reply.code(202).header('location', `/v1/batches/${batch.id}`).send({ batch, items: jobs });
    },
  );

  app.get(
    '/v1/batches/:id',
    {
      config: { access: READERS },
      schema: {
        tags: ['jobs'],
        summary: 'A batch, and how its jobs stand; `GET /v1/jobs?batch=` lists them',
        params: ID_PARAMS,
        response: { 200: BatchSchema, 304: UNCHANGED },
      },
    },
    async (request, reply) => {
      const batch = await registry.batches.get(request.principal, request.params.id);
      return isKnown(request, reply, batch) ? reply.code(304).send(undefined) : batch;
    },
  );

  app.post(
    '/v1/batches/:id/cancel',
    {
      config: { access: SUBMITTERS },
      schema: {
        tags: ['jobs'],
        summary: 'Cancel every job of a batch that has not ended, even if others asked for it',
        params: ID_PARAMS,
        response: { 200: BatchSchema },
      },
    },
    async ({ principal, params }) => {
      const { batch, cancelled } = await registry.batches.cancel(principal, params.id);
      await queue.cancel(...cancelled);
      return batch;
    },
  );

  app.get(
    '/v1/batches/:id/events',
    {
      exposeHeadRoute: false,
      config: { access: READERS },
      schema: {
        tags: ['jobs'],
        summary:
          'A batch as it goes on (Server-Sent Events): `progress` with the batch, and `end` with it, which is the last',
        produces: ['text/event-stream'],
        params: ID_PARAMS,
        response: { 200: text('Events; each one’s data is the batch') },
      },
    },
    async (request, reply) => {
      const batch = await registry.batches.get(request.principal, request.params.id);
      watch.tell(streams.open(request, reply), request, batch);
    },
  );
};

/** The same problem, told of the request that has it. */
function atIndex(error: unknown, index: number): unknown {
  const { status, code, detail } = problemOf(error, '');
  return status >= 500 ? error : new ServiceError(status, code, `body/jobs/${index}: ${detail}`, { cause: error });
}
