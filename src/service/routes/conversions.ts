import type { FileHandle } from 'node:fs/promises';
import { ConversionSchema } from '../../core/conversion/index.ts';
import { nothing, object, text, wholeNumber } from '../../core/schema/index.ts';
import {
  type ConversionAnswer,
  ConversionAnswerSchema,
  ConversionRequestSchema,
  JobSchema,
} from '../../registry/api/index.ts';
import type { Job, Principal } from '../../registry/index.ts';
import type { Routes, ServiceContext } from '../context.ts';
import type { KeptConversion } from '../conversions/index.ts';
import { DownloadLog } from '../downloads/index.ts';
import { ID_PARAMS, READERS, SUBMITTERS, UNCHANGED } from '../http/index.ts';
import { checkConversion, findConversion, removeConversion, submitConversion } from '../jobs/index.ts';
import { ServiceError } from '../problems/index.ts';
import { isKnown } from './conditional.ts';
import { COSTLY } from './costly.ts';
import { QUEUE_FULL } from './jobs.ts';

const FileParams = object({
  ...ID_PARAMS.properties,
  index: wholeNumber({ minimum: 0, maximum: 1_000_000, description: 'Number of the file, from 0' }),
});

export const conversionRoutes: Routes = (app, context) => {
  const { conversions } = context;
  const log = new DownloadLog(context.registry);

  app.post(
    '/v1/conversions',
    {
      config: { access: SUBMITTERS },
      schema: {
        tags: ['conversions'],
        summary: 'Request a conversion. An equal request returns the same job while it is queued or running',
        description: `Nothing of the model runs. The result is scanned, and becomes a version. Follow it at /v1/jobs/{id}/events. \`salvage\` and \`acceptSuspicious\` need one of the roles security-approver and admin; what was converted from files that are not clean is quarantined at once. ${QUEUE_FULL}`,
        body: ConversionRequestSchema,
        response: { 202: JobSchema },
      },
    },
    async ({ principal, body }, reply) => {
      const { job } = await submitConversion(context, principal, await checkConversion(context, principal, body));
      return reply.code(202).header('location', `/v1/conversions/${job.id}`).send(job);
    },
  );

  app.get(
    '/v1/conversions/:id',
    {
      config: { access: READERS },
      schema: {
        tags: ['conversions'],
        summary: 'A conversion, and its files',
        params: ID_PARAMS,
        response: { 200: ConversionAnswerSchema, 304: UNCHANGED },
      },
    },
    async (request, reply) => {
      const { job, kept } = await findConversion(context, request.principal, request.params.id);
      const answer = answerOf(job, kept);
      return isKnown(request, reply, answer) ? reply.code(304).send(undefined) : answer;
    },
  );

  app.get(
    '/v1/conversions/:id/report',
    {
      config: { access: READERS, rateLimit: COSTLY },
      schema: {
        tags: ['conversions'],
        summary: 'What was converted, left out, skipped and compared: the report of `assay convert --report`',
        params: ID_PARAMS,
        response: { 200: ConversionSchema, 304: UNCHANGED },
      },
    },
    async (request, reply) => {
      const { kept } = await resultOf(context, request.principal, request.params.id);
      if (isKnown(request, reply, kept.report)) return reply.code(304).send(undefined);
      // The bytes of the command line.
      return reply.type('application/json').send(Buffer.from(kept.report) as never);
    },
  );

  app.get(
    '/v1/conversions/:id/files/:index',
    {
      exposeHeadRoute: false,
      config: { access: READERS },
      schema: {
        tags: ['conversions'],
        summary: 'A file of a conversion. `Repr-Digest` and `ETag` have its SHA-256',
        produces: ['application/octet-stream'],
        params: FileParams,
        response: { 200: text('The bytes'), 304: UNCHANGED },
      },
    },
    async (request, reply) => {
      const { principal, params } = request;
      const { kept, output } = await resultOf(context, principal, params.id);
      const download = kept.downloads[params.index];
      if (download === undefined) throw new ServiceError(404, 'not-found', 'the conversion has no such file');
      const { path, size, sha256 } = download;
      reply.header('x-content-type-options', 'nosniff');
      reply.header('repr-digest', `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`);
      if (isKnown(request, reply, sha256)) return reply.code(304).send(undefined);
      await log.tell(principal, 'conversion.downloaded', params.id);
      const file = await conversions.open(principal.tenant, output, download);
      const name = (path.split('/').at(-1) ?? '').replaceAll(/[^A-Za-z0-9._-]/g, '-');
      reply.header('content-disposition', `attachment; filename="${name}"`).header('content-length', String(size));
      return reply.type('application/octet-stream').send(bytesOf(file, size) as never);
    },
  );

  app.delete(
    '/v1/conversions/:id',
    {
      config: { access: SUBMITTERS },
      schema: {
        tags: ['conversions'],
        summary: 'Remove the files and the report of a conversion; its version stays',
        params: ID_PARAMS,
        response: { 204: nothing('Done') },
      },
    },
    async ({ principal, params }, reply) => {
      await findConversion(context, principal, params.id);
      await removeConversion(context, principal, params.id);
      return reply.code(204).send(undefined);
    },
  );
};

/** No more than was announced, and closed in the end, whoever ends it. */
function bytesOf(file: FileHandle, size: number) {
  return file.createReadStream({ start: 0, end: Math.max(0, size - 1), highWaterMark: 1024 * 1024 });
}

async function resultOf(context: ServiceContext, by: Principal, id: string) {
  const { job, output, kept } = await findConversion(context, by, id);
  if (output !== null && kept !== undefined) return { kept, output };
  if (job.state === 'done')
    throw new ServiceError(410, 'conversion-removed', 'the files of the conversion were removed');
  throw new ServiceError(404, 'not-found', 'the conversion has no result');
}

function answerOf(job: Job, kept: KeptConversion | undefined): ConversionAnswer {
  return {
    job,
    state: stateOf(job, kept),
    keptUntil: kept?.until.toISOString() ?? null,
    report: kept !== undefined,
    downloads: (kept?.downloads ?? []).map((download, index) => ({ index, ...download })),
  };
}

function stateOf({ state }: Job, kept: KeptConversion | undefined): ConversionAnswer['state'] {
  if (state === 'queued' || state === 'running') return 'pending';
  if (state !== 'done') return 'failed';
  return kept === undefined ? 'removed' : 'kept';
}
