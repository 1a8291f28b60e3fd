import { string } from '../../core/schema/index.ts';
import type { Routes } from '../context.ts';

/** They count what all tenants do, so they are for the operator's tenant; Prometheus sends a token with the role `gate`. */
export const metricsRoutes: Routes = (app) => {
  app.get(
    '/metrics',
    {
      config: { access: { kind: 'roles', roles: ['admin', 'gate'], operator: true }, rateLimit: false },
      schema: {
        summary: 'Metrics for Prometheus',
        tags: ['operation'],
        response: {
          200: {
            description: 'In the text format of Prometheus',
            content: { 'text/plain': { schema: string().json } },
          },
        },
      },
    },
    async (_request, reply) => reply.type(app.metrics.contentType).send(await app.metrics.text()),
  );
};
