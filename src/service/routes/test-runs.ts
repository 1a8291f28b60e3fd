import { object, text } from '../../core/schema/index.ts';
import { ReasonSchema, TestRunSchema, VersionTestsSchema } from '../../registry/api/index.ts';
import type { Routes } from '../context.ts';
import { ID_PARAMS, READERS, SUBMITTERS, WAIVER_ROLES } from '../http/index.ts';
import { COSTLY } from './costly.ts';

const NewTestRun = object(
  {
    attestation: text('What `assay test --attest` writes: a Sigstore bundle as JSON text', {
      minLength: 1,
      maxLength: 1024 * 1024,
    }),
  },
  'Attested tests',
);

export const testRunRoutes: Routes = (app, { registry }) => {
  app.get(
    '/v1/versions/:id/tests',
    {
      config: { access: READERS, rateLimit: COSTLY },
      schema: {
        tags: ['tests'],
        summary: 'The suite that the rules ask of a version, the attested runs of tests, and whether they fulfil it',
        params: ID_PARAMS,
        response: { 200: VersionTestsSchema },
      },
    },
    ({ principal, params }) => registry.versionTests(principal, params.id),
  );

  app.post(
    '/v1/versions/:id/tests',
    {
      config: { access: SUBMITTERS, rateLimit: COSTLY },
      schema: {
        tags: ['tests'],
        summary: 'Add tests that a signer attests whom the trust file lets sign tests; the version is decided again',
        description: 'Their signer decides whether they count, not who adds them. Adding a run twice changes nothing.',
        params: ID_PARAMS,
        body: NewTestRun,
        response: { 201: TestRunSchema },
      },
    },
    async ({ principal, params, body }, reply) =>
      reply.code(201).send(await registry.addTestRun(principal, params.id, body.attestation)),
  );

  app.post(
    '/v1/test-runs/:id/revoke',
    {
      config: { access: WAIVER_ROLES },
      schema: {
        tags: ['tests'],
        summary: 'Revoke a run of tests: it counts neither for nor against its version any more',
        params: ID_PARAMS,
        body: ReasonSchema,
        response: { 200: TestRunSchema },
      },
    },
    ({ principal, params, body }) => registry.revokeTestRun(principal, params.id, body.reason),
  );
};
