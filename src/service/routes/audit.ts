import { Readable } from 'node:stream';
import { object, optionalOf, text, wholeNumber } from '../../core/schema/index.ts';
import { AuditEntrySchema, AuditVerdictSchema, pageSchema } from '../../registry/api/index.ts';
import type { Principal, Registry } from '../../registry/index.ts';
import type { Routes } from '../context.ts';
import { PAGE_QUERY, pageRequestOf, READERS, REVIEWERS } from '../http/index.ts';
import { COSTLY } from './costly.ts';

const SINCE = optionalOf(wholeNumber({ minimum: 0, maximum: 2 ** 31 - 1, description: 'Only what came after it' }));
/** Entries that an export reads at a time. */
const BATCH = 500;

export const auditRoutes: Routes = (app, { registry }) => {
  app.get(
    '/v1/audit',
    {
      config: { access: READERS },
      schema: {
        tags: ['audit'],
        summary: 'The audit log',
        querystring: object({
          ...PAGE_QUERY,
          subject: optionalOf(text('Only of this: `model@number`, a name', { minLength: 1, maxLength: 500 })),
        }),
        response: { 200: pageSchema(AuditEntrySchema, 'Entries') },
      },
    },
    ({ principal, query }) => {
      const { subject } = query;
      return registry.auditLog(principal, { ...pageRequestOf(query), ...(subject === undefined ? {} : { subject }) });
    },
  );

  app.get(
    '/v1/audit/verify',
    {
      config: { access: REVIEWERS, rateLimit: COSTLY },
      schema: {
        tags: ['audit'],
        summary: 'Verify the whole chain',
        response: { 200: AuditVerdictSchema },
      },
    },
    ({ principal }) => registry.verifyAuditLog(principal),
  );

  app.get(
    '/v1/audit/export',
    {
      // A HEAD would read all of it to send nothing.
      exposeHeadRoute: false,
      config: { access: REVIEWERS },
      schema: {
        tags: ['audit'],
        summary: 'The audit log as lines of JSON, the oldest entry first',
        produces: ['application/x-ndjson'],
        querystring: object({ since: SINCE }),
        response: { 200: text('An entry a line') },
      },
    },
    async ({ principal, query }, reply) => {
      const lines = Readable.from(exported(registry, principal, query.since ?? 0), { objectMode: false });
      reply.header('content-disposition', 'attachment; filename="audit-log.ndjson"');
      return reply.type('application/x-ndjson').send(lines as never);
    },
  );
};

/** Reads on as the client does: what waits is one batch. */
async function* exported(registry: Registry, by: Principal, since: number): AsyncGenerator<string> {
  for (let seq = since; ; ) {
    const entries = await registry.auditSince(by, seq, BATCH);
    const last = entries.at(-1);
    if (last === undefined) return;
    yield entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
    seq = last.seq;
  }
}
