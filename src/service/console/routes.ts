import formbody from '@fastify/formbody';
import type { Routes } from '../context.ts';
import { PUBLIC, SIGNED_IN } from '../http/index.ts';
import { readPolicyList } from '../policy-list.ts';
import { ServiceError } from '../problems/index.ts';
import { ALL_ASSETS } from './assets.ts';
import { HOME } from './links.ts';
import {
  auditPages,
  conversionPages,
  dataCheckPages,
  HIDDEN,
  jobPages,
  modelPages,
  policyPages,
  requestPages,
  submitPages,
  testPages,
  testRunActs,
  tokenPages,
  usagePages,
  versionActs,
  versionPages,
  waiverPages,
} from './routes/index.ts';

/** Of a form: comments and reasons. */
const FORM_BYTES = 64 * 1024;

/** The pages by which people use the service. Forms work without script; every page stands for itself. */
export const consoleRoutes: Routes = async (app, context) => {
  await app.register(formbody, { bodyLimit: FORM_BYTES });
  const policies = await readPolicyList(context.config.rules);

  app.get('/', { config: { access: SIGNED_IN }, schema: HIDDEN }, (_request, reply) => reply.redirect(HOME, 303));
  for (const { path, type, body } of ALL_ASSETS) {
    app.get(path, { config: { access: PUBLIC }, schema: HIDDEN }, (_request, reply) =>
      reply.header('cache-control', 'public, max-age=31536000, immutable').type(type).send(body),
    );
  }
  for (const pages of [
    modelPages,
    versionPages,
    versionActs,
    jobPages,
    submitPages,
    conversionPages,
    testPages,
    testRunActs,
    dataCheckPages,
    auditPages,
    usagePages,
    waiverPages,
    tokenPages,
  ]) {
    await pages(app, context);
  }
  policyPages(app, policies);
  requestPages(app, context, policies);
  app.get(`${HOME}/*`, { config: { access: SIGNED_IN }, schema: HIDDEN }, () => {
    throw new ServiceError(404, 'no-such-route', 'this address does not exist');
  });
};
