import { Type } from 'typebox';
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
        response: { 200: Type.Object({}, { additionalProperties: true, description: 'An OpenAPI 3.1 document' }) },
      },
    },
    async () => app.swagger(),
  );
};
