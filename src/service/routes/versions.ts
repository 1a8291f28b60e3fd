import { RulesetSchema } from '../../core/assessment/schema/index.ts';
import { list, object, oneOf, opaque, text, wholeNumber } from '../../core/schema/index.ts';
import {
  DecisionsSchema,
  JobRequestSchema,
  JobSchema,
  LineageSchema,
  moment,
  pageSchema,
  ReasonSchema,
  VersionSchema,
} from '../../registry/api/index.ts';
import type { Version, VersionName } from '../../registry/index.ts';
import type { Routes } from '../context.ts';
import {
  ID_PARAMS,
  MODEL_PARAMS,
  PAGE_QUERY,
  pageRequestOf,
  READERS,
  REVIEWERS,
  SUBMITTERS,
  UNCHANGED,
} from '../http/index.ts';
import { checkJobRequest, submit } from '../jobs/index.ts';
import { isKnown } from './conditional.ts';

const VersionParams = object({
  ...MODEL_PARAMS.properties,
  version: text('A number, a digest (`sha256:<hex>`) or an alias', { minLength: 1, maxLength: 100 }),
});

const { model: _, ...OfThisModel } = JobRequestSchema.properties;

const LineageAnswer = object({
  version: text('Id of the version'),
  lineage: LineageSchema,
  baseVersions: list(
    object({
      ref: text('Reference of the base model'),
      versions: list(VersionSchema, 'Versions of it that are known here'),
    }),
    'The base models, and what is known of them',
  ),
});

const AssessmentSummary = object({
  id: text('Id of the assessment'),
  at: moment('When it was stored'),
  status: oneOf(['complete', 'incomplete'], 'Whether everything was read'),
  ruleset: RulesetSchema,
  files: wholeNumber({ description: 'Files' }),
  findings: wholeNumber({ description: 'Findings' }),
  verdicts: opaque<Readonly<Record<string, number>>>({ type: 'object', description: 'Files, by verdict' }),
});

export const versionRoutes: Routes = (app, context) => {
  const { registry } = context;

  app.get(
    '/v1/models/:name/versions',
    {
      config: { access: READERS },
      schema: {
        tags: ['versions'],
        summary: 'Versions of a model',
        params: MODEL_PARAMS,
        querystring: object(PAGE_QUERY),
        response: { 200: pageSchema(VersionSchema, 'Versions') },
      },
    },
    ({ principal, params, query }) => registry.versions(principal, params.name, pageRequestOf(query)),
  );

  app.post(
    '/v1/models/:name/versions',
    {
      config: { access: SUBMITTERS },
      schema: {
        tags: ['versions'],
        summary: 'Register a version: a job scans it first',
        params: MODEL_PARAMS,
        body: object(OfThisModel, 'A reference or an upload'),
        response: { 202: JobSchema },
      },
    },
    async ({ principal, params, body }, reply) => {
      const checked = await checkJobRequest(context, principal, { ...body, model: params.name });
      const { job } = await submit(context, principal, checked);
      return reply.code(202).header('location', `/v1/jobs/${job.id}`).send(job);
    },
  );

  app.get(
    '/v1/models/:name/versions/:version',
    {
      config: { access: READERS },
      schema: {
        tags: ['versions'],
        summary: 'A version, by number, digest or alias',
        params: VersionParams,
        response: { 200: VersionSchema, 304: UNCHANGED },
      },
    },
    async (request, reply) => {
      const { name, version: wanted } = request.params;
      const version = await registry.version(request.principal, nameOfVersion(name, wanted));
      return isKnown(request, reply, version) ? reply.code(304).send(undefined) : version;
    },
  );

  app.get(
    '/v1/versions/:id',
    {
      config: { access: READERS },
      schema: {
        tags: ['versions'],
        summary: 'A version',
        params: ID_PARAMS,
        response: { 200: VersionSchema, 304: UNCHANGED },
      },
    },
    async (request, reply) => {
      const version = await registry.version(request.principal, { id: request.params.id });
      return isKnown(request, reply, version) ? reply.code(304).send(undefined) : version;
    },
  );

  app.get(
    '/v1/versions/:id/lineage',
    {
      config: { access: READERS },
      schema: {
        tags: ['versions'],
        summary: 'What a version was made from, and what is known of that',
        params: ID_PARAMS,
        response: { 200: LineageAnswer },
      },
    },
    async ({ principal, params }) => {
      const { id, lineage } = await registry.version(principal, { id: params.id });
      const baseVersions: { ref: string; versions: readonly Version[] }[] = [];
      for (const { ref, digest } of lineage.baseModels) {
        const versions = await registry.versionsOf(principal, digest === null ? { ref } : { digest });
        baseVersions.push({ ref, versions });
      }
      return { version: id, lineage, baseVersions };
    },
  );

  app.get(
    '/v1/versions/:id/decisions',
    {
      config: { access: READERS },
      schema: {
        tags: ['versions'],
        summary: 'The newest decision of a version for each stage',
        params: ID_PARAMS,
        response: { 200: DecisionsSchema },
      },
    },
    async ({ principal, params }) => ({ items: await registry.decisions(principal, params.id) }),
  );

  app.get(
    '/v1/versions/:id/assessments',
    {
      config: { access: READERS },
      schema: {
        tags: ['versions'],
        summary: 'Assessments of a version; the report shows what they say',
        params: ID_PARAMS,
        response: { 200: object({ items: list(AssessmentSummary, 'All that were stored') }) },
      },
    },
    async ({ principal, params }) => {
      const stored = await registry.assessments(principal, params.id);
      const items = stored.map(({ id, at, assessment: { status, ruleset, files, findings } }) => {
        const verdicts: Record<string, number> = {};
        for (const { verdict } of files) verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
        return { id, at, status, ruleset, files: files.length, findings: findings.length, verdicts };
      });
      return { items };
    },
  );

  for (const act of ['quarantine', 'retire'] as const) {
    app.post(
      `/v1/versions/:id/${act}`,
      {
        config: { access: REVIEWERS },
        schema: {
          tags: ['versions'],
          summary: act === 'quarantine' ? 'Quarantine a version at once, at any stage' : 'Retire a version',
          params: ID_PARAMS,
          body: ReasonSchema,
          response: { 200: VersionSchema },
        },
      },
      ({ principal, params, body }) => registry[act](principal, params.id, body.reason),
    );
  }
};

/** The version that a segment of an address names: by number, digest or alias. */
function nameOfVersion(model: string, text: string): VersionName {
  if (/^[1-9][0-9]{0,9}$/.test(text)) return { model, number: Number(text) };
  if (text.startsWith('sha256:')) return { model, digest: text };
  return { model, alias: text };
}
