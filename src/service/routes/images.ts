import { object } from '../../core/schema/index.ts';
import { ApprovedImageSchema, ImageRequestSchema, pageSchema, ReasonSchema } from '../../registry/api/index.ts';
import type { Routes } from '../context.ts';
import { ID_PARAMS, PAGE_QUERY, pageRequestOf, READERS, WAIVER_ROLES } from '../http/index.ts';

export const imageRoutes: Routes = (app, { registry }) => {
  app.get(
    '/v1/images',
    {
      config: { access: READERS },
      schema: {
        tags: ['images'],
        summary: 'Approvals of container images, including revoked ones',
        querystring: object(PAGE_QUERY),
        response: { 200: pageSchema(ApprovedImageSchema, 'Approvals of images') },
      },
    },
    ({ principal, query }) => registry.imageApprovals(principal, pageRequestOf(query)),
  );

  app.post(
    '/v1/images',
    {
      config: { access: WAIVER_ROLES },
      schema: {
        tags: ['images'],
        summary: 'Add an approval of a container image that its approver signed; the next snapshot lists the image',
        body: ImageRequestSchema,
        response: { 201: ApprovedImageSchema },
      },
    },
    async ({ principal, body }, reply) =>
      reply.code(201).send(await registry.approveImage(principal, body.attestation)),
  );

  app.post(
    '/v1/images/:id/revoke',
    {
      config: { access: WAIVER_ROLES },
      schema: {
        tags: ['images'],
        summary: 'Revoke an approval of a container image; the next snapshot does not list the image',
        params: ID_PARAMS,
        body: ReasonSchema,
        response: { 200: ApprovedImageSchema },
      },
    },
    ({ principal, params, body }) => registry.revokeImage(principal, params.id, body.reason),
  );
};
