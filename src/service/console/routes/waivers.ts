import { DIGEST, object, optionalOf, text } from '../../../core/schema/index.ts';
import type { Routes } from '../../context.ts';
import { ID_PARAMS, READERS, WAIVER_ROLES } from '../../http/index.ts';
import { sendPage, viewerOf } from '../layout.ts';
import { HOME, said } from '../links.ts';
import { newWaiverPage, waiversPage } from '../pages/index.ts';
import { showAgain } from '../show-again.ts';
import { AFTER_QUERY, after, EMPTY_FORM, HIDDEN, SAID_QUERY, typed, typedOrNone } from './form-kit.ts';

const PATH = `${HOME}/waivers`;
/** The registry validates its content. */
const WaiverForm = object({
  rule: text('The rule', { minLength: 1, maxLength: 200 }),
  digest: text('The artifact', { minLength: 1, maxLength: 200 }),
  file: optionalOf(text('Only in this file', { maxLength: 4096 })),
  reason: text('Why', { minLength: 1, maxLength: 2000 }),
  owner: text('Owner', { minLength: 1, maxLength: 200 }),
  expires: text('The end', { minLength: 1, maxLength: 40 }),
});

export const waiverPages: Routes = (app, { registry }) => {
  app.get(
    PATH,
    { config: { access: READERS }, schema: { ...HIDDEN, querystring: object({ ...AFTER_QUERY, ...SAID_QUERY }) } },
    async (request, reply) => {
      const { principal, query } = request;
      const waivers = await registry.waivers(principal, after(query));
      const view = { waivers, after: query.after, said: query.said, now: new Date() };
      return sendPage(reply, waiversPage(viewerOf(request), view));
    },
  );

  app.get(
    `${PATH}/new`,
    {
      config: { access: WAIVER_ROLES },
      schema: {
        ...HIDDEN,
        querystring: object({
          digest: optionalOf(text('The artifact', DIGEST)),
          rule: optionalOf(text('The rule', { pattern: '^[a-z0-9][a-z0-9._-]{0,99}$' })),
        }),
      },
    },
    (request, reply) => sendPage(reply, newWaiverPage(viewerOf(request), request.query)),
  );
  app.post(
    `${PATH}/new`,
    {
      config: { access: WAIVER_ROLES },
      schema: { ...HIDDEN, body: WaiverForm },
      errorHandler: showAgain((request, draft) => newWaiverPage(viewerOf(request), {}, draft)),
    },
    async ({ principal, body }, reply) => {
      const { rule, digest, reason, owner, expires } = body;
      const file = typedOrNone(body.file);
      await registry.addWaiver(principal, {
        rule: typed(rule),
        digest: typed(digest),
        ...(file === undefined ? {} : { file }),
        reason: typed(reason),
        owner: typed(owner),
        expires,
      });
      return reply.redirect(said(PATH, 'waiver-added'), 303);
    },
  );

  app.post(
    `${PATH}/:id/revoke`,
    { config: { access: WAIVER_ROLES }, schema: { ...HIDDEN, params: ID_PARAMS, body: EMPTY_FORM } },
    async ({ principal, params }, reply) => {
      await registry.revokeWaiver(principal, params.id);
      return reply.redirect(said(PATH, 'waiver-revoked'), 303);
    },
  );
};
