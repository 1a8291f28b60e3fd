import { DIGEST, object, optionalOf, text } from '../../core/schema/index.ts';
import { pageSchema, StoredWaiverSchema } from '../../registry/api/index.ts';
import type { Routes } from '../context.ts';
import { ID_PARAMS, PAGE_QUERY, pageRequestOf, READERS, WAIVER_ROLES } from '../http/index.ts';

const NewWaiver = object(
  {
    rule: text('A rule of the policy or of the catalogue', { pattern: '^[a-z0-9][a-z0-9._-]{0,99}$' }),
    digest: text('`sha256:<hex>`: the artifact that it is for', DIGEST),
    file: optionalOf(text('Only findings in this file', { minLength: 1, maxLength: 4096 })),
    reason: text('Why', { minLength: 1, maxLength: 2000 }),
    owner: text('Owner', { minLength: 1, maxLength: 200 }),
    expires: text('The end: a day like 2027-01-31, or a time like 2027-01-31T12:00:00Z', { maxLength: 40 }),
    attestation: optionalOf(
      text('The same, signed by the person who grants it: a Sigstore bundle as JSON text; else the service signs', {
        maxLength: 256 * 1024,
      }),
    ),
  },
  'A waiver of one rule for one artifact',
);

export const waiverRoutes: Routes = (app, { registry }) => {
  app.get(
    '/v1/waivers',
    {
      config: { access: READERS },
      schema: {
        tags: ['waivers'],
        summary: 'Waivers, including expired ones',
        querystring: object(PAGE_QUERY),
        response: { 200: pageSchema(StoredWaiverSchema, 'Waivers') },
      },
    },
    ({ principal, query }) => registry.waivers(principal, pageRequestOf(query)),
  );

  app.post(
    '/v1/waivers',
    {
      config: { access: WAIVER_ROLES },
      schema: {
        tags: ['waivers'],
        summary: 'Waive a rule for an artifact; every version of it is decided again',
        body: NewWaiver,
        response: { 201: StoredWaiverSchema },
      },
    },
    async ({ principal, body }, reply) => reply.code(201).send(await registry.addWaiver(principal, body)),
  );

  app.post(
    '/v1/waivers/:id/revoke',
    {
      config: { access: WAIVER_ROLES },
      schema: {
        tags: ['waivers'],
        summary: 'Revoke a waiver; what it waived is decided again',
        params: ID_PARAMS,
        response: { 200: StoredWaiverSchema },
      },
    },
    ({ principal, params }) => registry.revokeWaiver(principal, params.id),
  );
};
