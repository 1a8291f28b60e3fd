import { object } from '../../../core/schema/index.ts';
import type { Routes } from '../../context.ts';
import { ID_PARAMS, READERS, SUBMITTERS } from '../../http/index.ts';
import { findDataCheck, removeDataCheck } from '../../jobs/index.ts';
import { sendPage, viewerOf } from '../layout.ts';
import { dataCheckPath, HOME, said } from '../links.ts';
import { dataCheckPage } from '../pages/index.ts';
import { EMPTY_FORM, HIDDEN, SAID_QUERY } from './form-kit.ts';

const PATH = `${HOME}/data-checks/:id`;

export const dataCheckPages: Routes = (app, context) => {
  app.get(
    PATH,
    { config: { access: READERS }, schema: { ...HIDDEN, params: ID_PARAMS, querystring: object(SAID_QUERY) } },
    async (request, reply) => {
      const found = await findDataCheck(context, request.principal, request.params.id);
      return sendPage(reply, dataCheckPage(viewerOf(request), { ...found, said: request.query.said }));
    },
  );

  app.post(
    `${PATH}/remove`,
    { config: { access: SUBMITTERS }, schema: { ...HIDDEN, params: ID_PARAMS, body: EMPTY_FORM } },
    async ({ principal, params }, reply) => {
      await removeDataCheck(context, principal, params.id);
      return reply.redirect(said(dataCheckPath(params.id), 'report-removed'), 303);
    },
  );
};
