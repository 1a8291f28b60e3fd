import { objectOf } from '../../core/schema/index.ts';
import type { Routes } from '../context.ts';
import { PUBLIC } from '../http/index.ts';

export const openapiRoutes: Routes = (app) => {
  app.get(
    '/v1/openapi.json',
    {
      config: { access: PUBLIC },
      schema: {
        summary: 'This document',
        tags: ['operation'],
        response: { 200: objectOf({}, { more: true, description: 'An OpenAPI 3.1 document' }) },
      },
    },
    async () => app.swagger(),
  );
};
