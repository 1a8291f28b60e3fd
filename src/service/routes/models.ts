import { nothing, object, optionalOf, text, wholeNumber } from '../../core/schema/index.ts';
import { ModelSchema, pageSchema, StageSchema } from '../../registry/api/index.ts';
import type { Routes } from '../context.ts';
import { ALIAS, MODEL_PARAMS, PAGE_QUERY, pageRequestOf, READERS, REVIEWERS, UNCHANGED } from '../http/index.ts';
import { isKnown } from './conditional.ts';

const AliasParams = object({ ...MODEL_PARAMS.properties, alias: text('The alias', ALIAS) });

export const modelRoutes: Routes = (app, { registry }) => {
  app.get(
    '/v1/models',
    {
      config: { access: READERS },
      schema: {
        tags: ['models'],
        summary: 'Models',
        querystring: object({
          ...PAGE_QUERY,
          stage: optionalOf(StageSchema),
          search: optionalOf(text('A part of the name', { minLength: 1, maxLength: 200 })),
        }),
        response: { 200: pageSchema(ModelSchema, 'Models, by name') },
      },
    },
    ({ principal, query }) => {
      const { stage, search } = query;
      const filter = { ...(stage === undefined ? {} : { stage }), ...(search === undefined ? {} : { search }) };
      return registry.models(principal, { ...pageRequestOf(query), ...filter });
    },
  );

  app.get(
    '/v1/models/:name',
    {
      config: { access: READERS },
      schema: {
        tags: ['models'],
        summary: 'A model',
        params: MODEL_PARAMS,
        response: { 200: ModelSchema, 304: UNCHANGED },
      },
    },
    async (request, reply) => {
      const model = await registry.model(request.principal, request.params.name);
      return isKnown(request, reply, model) ? reply.code(304).send(undefined) : model;
    },
  );

  app.put(
    '/v1/models/:name/aliases/:alias',
    {
      config: { access: REVIEWERS },
      schema: {
        tags: ['models'],
        summary: 'Point an alias to a version',
        params: AliasParams,
        body: object({
          number: wholeNumber({ minimum: 1, maximum: 2 ** 31 - 1, description: 'Number of the version' }),
        }),
        response: { 204: nothing('Done') },
      },
    },
    async ({ principal, params, body }, reply) => {
      await registry.setAlias(principal, params.name, params.alias, body.number);
      return reply.code(204).send(undefined);
    },
  );

  app.delete(
    '/v1/models/:name/aliases/:alias',
    {
      config: { access: REVIEWERS },
      schema: {
        tags: ['models'],
        summary: 'Remove an alias',
        params: AliasParams,
        response: { 204: nothing('Done') },
      },
    },
    async ({ principal, params }, reply) => {
      await registry.setAlias(principal, params.name, params.alias, null);
      return reply.code(204).send(undefined);
    },
  );
};
