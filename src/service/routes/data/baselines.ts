import { DataBaselineRecordSchema, NewDataBaselineSchema, VersionDataSchema } from '../../../registry/api/index.ts';
import type { Routes } from '../../context.ts';
import { ID_PARAMS, READERS, REVIEWERS } from '../../http/index.ts';
import { keptDataCheck } from '../../jobs/index.ts';
import { COSTLY } from '../costly.ts';

export const dataBaselineRoutes: Routes = (app, context) => {
  const { registry } = context;
  app.get(
    '/v1/versions/:id/data-baseline',
    {
      config: { access: READERS, rateLimit: COSTLY },
      schema: {
        tags: ['data'],
        summary: 'The profile of the approved data of a version, which later data of its model is compared with',
        params: ID_PARAMS,
        response: { 200: VersionDataSchema },
      },
    },
    async ({ principal, params }) => {
      const kept = await registry.dataBaseline(principal, params.id);
      if (kept === undefined) return { baseline: null };
      const { profile: _, ...baseline } = kept;
      return { baseline };
    },
  );

  app.post(
    '/v1/versions/:id/data-baseline',
    {
      config: { access: REVIEWERS, rateLimit: COSTLY },
      schema: {
        tags: ['data'],
        summary: 'Approve the data of a job as what a version was trained on: its profile is kept with the version',
        description:
          'The service has signed the check of the data, no check failed it, and somebody else asked for it. Data of the model is compared with the profile while the version is approved for a stage.',
        params: ID_PARAMS,
        body: NewDataBaselineSchema,
        response: { 201: DataBaselineRecordSchema },
      },
    },
    async ({ principal, params, body: { job } }, reply) => {
      const { profile } = await keptDataCheck(context, principal, job);
      return reply.code(201).send(await registry.keepDataBaseline(principal, { version: params.id, job, profile }));
    },
  );
};
