import type { FastifyRequest } from 'fastify';
import { DEVICE_CHOICES } from '../../../core/device/index.ts';
import { object, oneOf, text } from '../../../core/schema/index.ts';
import { SUITE_NAME } from '../../../registry/api/index.ts';
import type { Routes } from '../../context.ts';
import { ID_PARAMS, READERS, SUBMITTERS } from '../../http/index.ts';
import { checkTest, findTest, removeTest, submitTest } from '../../jobs/index.ts';
import { suiteNames } from '../../suites/index.ts';
import type { Draft } from '../draft.ts';
import { sendPage, viewerOf } from '../layout.ts';
import { HOME, jobPath, said, testPath } from '../links.ts';
import { runTestsPage, testPage } from '../pages/index.ts';
import { showAgain } from '../show-again.ts';
import { EMPTY_FORM, HIDDEN, idIn, SAID_QUERY } from './form-kit.ts';

const FORM = `${HOME}/versions/:id/test`;
const PATH = `${HOME}/tests/:id`;

const TestForm = object({
  suite: text('The suite', SUITE_NAME),
  device: oneOf(DEVICE_CHOICES, 'Where the model runs'),
});

export const testPages: Routes = (app, context) => {
  const { registry, config } = context;

  const asked = async (request: FastifyRequest, draft?: Draft) => {
    const version = await registry.version(request.principal, { id: idIn(request) });
    return runTestsPage(viewerOf(request), version, await suiteNames(config.suites, request.principal.tenant), draft);
  };
  app.get(FORM, { config: { access: SUBMITTERS }, schema: { ...HIDDEN, params: ID_PARAMS } }, async (request, reply) =>
    sendPage(reply, await asked(request)),
  );

  app.post(
    FORM,
    {
      config: { access: SUBMITTERS },
      schema: { ...HIDDEN, params: ID_PARAMS, body: TestForm },
      errorHandler: showAgain(asked),
    },
    async ({ principal, params, body }, reply) => {
      const checked = await checkTest(context, principal, { version: params.id, ...body });
      const { job, created } = await submitTest(context, principal, checked);
      return reply.redirect(created ? jobPath(job.id) : said(jobPath(job.id), 'job-known'), 303);
    },
  );

  app.get(
    PATH,
    { config: { access: READERS }, schema: { ...HIDDEN, params: ID_PARAMS, querystring: object(SAID_QUERY) } },
    async (request, reply) => {
      const { job, kept } = await findTest(context, request.principal, request.params.id);
      return sendPage(reply, testPage(viewerOf(request), { job, kept, said: request.query.said }));
    },
  );

  app.post(
    `${PATH}/remove`,
    { config: { access: SUBMITTERS }, schema: { ...HIDDEN, params: ID_PARAMS, body: EMPTY_FORM } },
    async ({ principal, params }, reply) => {
      await removeTest(context, principal, params.id);
      return reply.redirect(said(testPath(params.id), 'report-removed'), 303);
    },
  );
};
