import { object, optionalOf, text } from '../../../core/schema/index.ts';
import { StageSchema } from '../../../registry/api/index.ts';
import type { CurrentDecision, Principal, Registry, Version } from '../../../registry/index.ts';
import type { Routes } from '../../context.ts';
import { MODEL_PARAMS, READERS } from '../../http/index.ts';
import { sendPage, viewerOf } from '../layout.ts';
import { HOME } from '../links.ts';
import { modelPage, modelsPage } from '../pages/index.ts';
import { AFTER_QUERY, after, HIDDEN, typedOrNone } from './form-kit.ts';

const ModelsQuery = object({
  ...AFTER_QUERY,
  stage: optionalOf(StageSchema),
  search: optionalOf(text('A part of the name', { maxLength: 200 })),
});

export const modelPages: Routes = (app, { registry }) => {
  app.get(
    HOME,
    { config: { access: READERS }, schema: { ...HIDDEN, querystring: ModelsQuery } },
    async (request, reply) => {
      const { principal, query } = request;
      const { stage } = query;
      const search = typedOrNone(query.search);
      const models = await registry.models(principal, {
        ...after(query),
        ...(stage === undefined ? {} : { stage }),
        ...(search === undefined ? {} : { search }),
      });
      const newest = models.items.flatMap((model) => (model.newest === null ? [] : [model.newest]));
      const answers = await answersOf(registry, principal, newest);
      return sendPage(reply, modelsPage(viewerOf(request), { models, answers, stage, search, after: query.after }));
    },
  );

  app.get(
    `${HOME}/models/:name`,
    { config: { access: READERS }, schema: { ...HIDDEN, params: MODEL_PARAMS, querystring: object(AFTER_QUERY) } },
    async (request, reply) => {
      const { principal, params, query } = request;
      const model = await registry.model(principal, params.name);
      const versions = await registry.versions(principal, model.name, after(query));
      const answers = await answersOf(registry, principal, versions.items);
      return sendPage(reply, modelPage(viewerOf(request), { model, versions, answers, after: query.after }));
    },
  );
};

/** Current decisions on versions, by their id. */
export async function answersOf(
  registry: Pick<Registry, 'currentDecisions'>,
  by: Principal,
  versions: readonly Version[],
): Promise<ReadonlyMap<string, CurrentDecision>> {
  const answers = new Map<string, CurrentDecision>();
  for (const { id, model, number, digest } of versions) {
    const answer = (await registry.currentDecisions(by, { digest })).find(
      (one) => one.model === model && one.number === number,
    );
    if (answer !== undefined) answers.set(id, answer);
  }
  return answers;
}
