import { object, oneOf, optionalOf, text } from '../../core/schema/index.ts';
import { USAGE_KEYS, UsageSchema } from '../../registry/api/index.ts';
import type { Routes } from '../context.ts';
import { READERS } from '../http/index.ts';
import { usageCsv } from './csv.ts';
import { readPrices } from './prices.ts';
import { usageOf } from './usage.ts';

/** Requests a minute for each principal: each reads what all jobs of a time cost. */
const LIMIT = { max: 60, timeWindow: 60_000 };

const A_TIME = { pattern: '^\\d{4}-\\d{2}-\\d{2}(?:T\\d{2}:\\d{2}:\\d{2}(?:\\.\\d{1,3})?Z)?$' };

const QUERY = object({
  from: optionalOf(text('From this day or moment on, UTC; this month, when absent', A_TIME)),
  to: optionalOf(text('Until this day, which is included, or this moment; now, when absent', A_TIME)),
  by: optionalOf(oneOf(USAGE_KEYS, 'A row for each of these; `kind` when absent')),
});

/** What jobs cost: of the caller's tenant, and of all tenants for administrators of the operator's. */
export const usageRoutes: Routes = async (app, { registry, config }) => {
  const prices = config.prices === null ? null : await readPrices(config.prices);

  app.get(
    '/v1/usage',
    {
      config: { access: READERS, rateLimit: LIMIT },
      schema: {
        tags: ['usage'],
        summary: 'What jobs cost, by tenant, model or kind of job',
        description: 'Of your tenant; of all tenants for an administrator of the tenant of the operator.',
        querystring: QUERY,
        response: { 200: UsageSchema },
      },
    },
    ({ principal, query }) => usageOf(registry, principal, query, prices),
  );

  app.get(
    '/v1/usage/export',
    {
      exposeHeadRoute: false,
      config: { access: READERS, rateLimit: LIMIT },
      schema: {
        tags: ['usage'],
        summary: 'The same as a table for spreadsheets (CSV)',
        produces: ['text/csv'],
        querystring: QUERY,
        response: { 200: text('A row a line, after the names of the columns') },
      },
    },
    async ({ principal, query }, reply) => {
      const usage = await usageOf(registry, principal, query, prices);
      const day = (time: string) => time.slice(0, 10);
      reply.header('content-disposition', `attachment; filename="usage-${day(usage.from)}-${day(usage.to)}.csv"`);
      return reply.type('text/csv; charset=utf-8').send(usageCsv(usage) as never);
    },
  );
};
