import { array, object } from '../../core/schema/index.ts';
import {
  CurrentDecisionsSchema,
  DecisionQuerySchema,
  MAX_DECISION_QUERIES,
  ManyDecisionsSchema,
} from '../../registry/api/index.ts';
import { type CurrentDecision, combinedDecision, type DecisionQuery } from '../../registry/index.ts';
import type { Routes } from '../context.ts';
import { ASKERS, UNCHANGED } from '../http/index.ts';
import { ServiceError } from '../problems/index.ts';
import { isKnown } from './conditional.ts';

export const decisionRoutes: Routes = (app, { registry }) => {
  /** Unknown bytes are denied. */
  function count(items: readonly CurrentDecision[]): void {
    if (items.length === 0) app.metrics.decisions.inc({ action: 'deny' });
    for (const { action } of items) app.metrics.decisions.inc({ action });
  }

  app.get(
    '/v1/decisions',
    {
      config: { access: ASKERS },
      schema: {
        tags: ['decisions'],
        summary: 'Whether these bytes may be used; unknown bytes may not',
        querystring: DecisionQuerySchema,
        response: { 200: CurrentDecisionsSchema, 304: UNCHANGED },
      },
    },
    async (request, reply) => {
      const items = await registry.currentDecisions(request.principal, queryOf(request.query));
      count(items);
      const answer = answerOf(items);
      return isKnown(request, reply, answer) ? reply.code(304).send(undefined) : answer;
    },
  );

  app.post(
    '/v1/decisions',
    {
      config: { access: ASKERS },
      schema: {
        tags: ['decisions'],
        summary: 'Decisions for many digests or references',
        body: object({
          queries: array(DecisionQuerySchema, {
            minItems: 1,
            maxItems: MAX_DECISION_QUERIES,
            description: 'Each a digest or a reference',
          }),
        }),
        response: { 200: ManyDecisionsSchema },
      },
    },
    async ({ principal, body }) => {
      const queries = body.queries.map(queryOf);
      const results = await Promise.all(
        queries.map(async (query) => ({ query, ...answerOf(await registry.currentDecisions(principal, query)) })),
      );
      for (const { items } of results) count(items);
      return { results };
    },
  );
};

/** Each name, and what holds for the bytes whatever they are called: the worst. */
function answerOf(items: readonly CurrentDecision[]) {
  return { items, combined: combinedDecision(items) ?? null };
}

/** @throws ServiceError for both and for neither */
function queryOf({ digest, ref }: { readonly digest?: string; readonly ref?: string }): DecisionQuery {
  if (digest !== undefined && ref === undefined) return { digest };
  if (ref !== undefined && digest === undefined) return { ref };
  throw new ServiceError(400, 'invalid-request', 'give either a digest or a ref');
}
