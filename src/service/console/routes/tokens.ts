import { array, object, text, union } from '../../../core/schema/index.ts';
import { RoleSchema } from '../../../registry/api/index.ts';
import type { Role } from '../../../registry/index.ts';
import type { Routes } from '../../context.ts';
import { ADMINS, ID_PARAMS } from '../../http/index.ts';
import { sendPage, viewerOf } from '../layout.ts';
import { HOME, said } from '../links.ts';
import { tokensPage } from '../pages/index.ts';
import { showAgain } from '../show-again.ts';
import { DAY, dayOf, EMPTY_FORM, HIDDEN, SAID_QUERY } from './form-kit.ts';

const PATH = `${HOME}/tokens`;
const TokenForm = object({
  name: text('Its name', { pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$' }),
  // One box that is ticked comes as a text, several as a list.
  roles: union([RoleSchema, array(RoleSchema, { minItems: 1, maxItems: 6, uniqueItems: true })]),
  expires: DAY,
});

export const tokenPages: Routes = (app, { registry }) => {
  const config = { access: ADMINS };

  app.get(PATH, { config, schema: { ...HIDDEN, querystring: object(SAID_QUERY) } }, async (request, reply) => {
    const tokens = await registry.tokens(request.principal);
    const view = { tokens, made: undefined, said: request.query.said, now: new Date() };
    return sendPage(reply, tokensPage(viewerOf(request), view));
  });

  const errorHandler = showAgain(async (request, draft) => {
    const tokens = await registry.tokens(request.principal);
    return tokensPage(viewerOf(request), { tokens, made: undefined, said: undefined, now: new Date(), draft });
  });
  app.post(PATH, { config, schema: { ...HIDDEN, body: TokenForm }, errorHandler }, async (request, reply) => {
    const { principal, body } = request;
    const expiresAt = dayOf(body.expires);
    const roles: readonly Role[] = [body.roles].flat();
    const { token, secret } = await registry.createToken(principal, {
      name: body.name,
      roles,
      ...(expiresAt === undefined ? {} : { expiresAt }),
    });
    const view = {
      tokens: await registry.tokens(principal),
      made: { name: token.name, secret },
      said: undefined,
      now: new Date(),
    };
    return sendPage(reply, tokensPage(viewerOf(request), view), 201);
  });

  app.post(
    `${PATH}/:id/revoke`,
    { config, schema: { ...HIDDEN, params: ID_PARAMS, body: EMPTY_FORM } },
    async ({ principal, params }, reply) => {
      await registry.revokeToken(principal, params.id);
      return reply.redirect(said(PATH, 'token-revoked'), 303);
    },
  );
};
