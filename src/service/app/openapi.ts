import swagger from '@fastify/swagger';
import type { FastifySchema } from 'fastify';
import { version } from '../../core/index.ts';
import type { Schema } from '../../core/schema/index.ts';
import { PROBLEM_TYPE, ProblemSchema } from '../../registry/api/index.ts';
import type { App } from '../fastify-app.ts';
import { withExamples } from './examples/index.ts';

const DESCRIPTION = [
  'Records every model of an organisation, its findings and its approvals, and decides whether it may be',
  'used. `x-assay-access` of each operation lists the roles that may call it. Errors are problem documents (RFC 9457) with a stable `code`.',
].join(' ');

const ERRORS = {
  description: 'A problem',
  content: { [PROBLEM_TYPE]: { schema: { $ref: 'Problem#' } } },
};

/** Collects the schemas of the routes that follow into an OpenAPI 3.1 document: `app.swagger()`. */
export async function addOpenapi(app: App): Promise<void> {
  app.addSchema({ $id: 'Problem', ...ProblemSchema.json });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Assay',
        version: version(),
        description: DESCRIPTION,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      components: {
        securitySchemes: {
          token: {
            type: 'http',
            scheme: 'bearer',
            description: 'An API token (`assay_...`), or a token of the identity provider',
          },
        },
      },
      security: [{ token: [] }],
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, i) => (typeof json.$id === 'string' ? json.$id : `def-${i}`),
    },
    transformObject: (document) => {
      if (!('openapiObject' in document)) return document.swaggerObject;
      for (const [path, item] of Object.entries(document.openapiObject.paths ?? {}))
        Object.assign(item ?? {}, described(path, item ?? {}));
      return document.openapiObject;
    },
    transform: ({ schema, url, route }) => {
      const access = route.config?.access;
      const shown: FastifySchema & Record<string, unknown> = {
        ...inJson(schema ?? {}),
        response: { ...inJson(schema?.response ?? {}), default: ERRORS },
        'x-assay-access': access,
        ...(access?.kind === 'public' ? { security: [] } : {}),
      };
      return { schema: shown, url };
    },
  });
}

/** A route of several methods is one object in the document: each method gets an id of its own, and examples. */
function described(path: string, item: object): object {
  const named = Object.entries(item).map(([method, operation]) => [
    method,
    { ...withExamples(`${method} ${path}`, operation as object), operationId: operationId(method, path) },
  ]);
  return Object.fromEntries(named) as object;
}

/** `getVersionsByIdReport`: what a generated client calls it. It changes only with the address. */
function operationId(method: string, path: string): string {
  const words = path
    .replace(/^\/v1\//, '/')
    .split('/')
    .filter((part) => part !== '')
    .map((part) => (/^\{(.*)\}$/.test(part) ? `by-${part.slice(1, -1).replace('*', 'path')}` : part));
  const name = words
    .join('-')
    .replace(/[^A-Za-z0-9]+(.)?/g, (_, next: string | undefined) => (next ?? '').toUpperCase());
  return `${method}${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

/** The schemas of a route as documents show them. Values without schemas are unchanged. */
function inJson(part: object): object {
  return Object.fromEntries(Object.entries(part).map(([name, value]) => [name, isSchema(value) ? value.json : value]));
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && 'json' in value && '~run' in value;
}
