import { array, objectOf, string } from '../../core/schema/index.ts';
import { CreatedTokenSchema, NewTokenSchema, type TokenAnswer, TokenSchema } from '../../registry/api/index.ts';
import type { ApiToken } from '../../registry/index.ts';
import type { Routes } from '../context.ts';
import { rolesOnly } from '../http/index.ts';
import { ServiceError } from '../problems/index.ts';

const TokenList = objectOf({ items: array(TokenSchema) }, { more: false, description: 'All tokens of the tenant' });

const TokenId = objectOf({ id: string({ minLength: 1, maxLength: 100 }) }, { more: false });

/** Tokens by which programs call the service. */
export const tokenRoutes: Routes = (app, { registry }) => {
  const config = { access: rolesOnly('admin') };
  const tags = ['tokens'];
  app.get(
    '/v1/tokens',
    { config, schema: { summary: 'List tokens', tags, response: { 200: TokenList } } },
    async ({ principal }) => ({ items: (await registry.tokens(principal)).map(shown) }),
  );
  app.post(
    '/v1/tokens',
    {
      config,
      schema: { summary: 'Create a token', tags, body: NewTokenSchema, response: { 201: CreatedTokenSchema } },
    },
    async ({ principal, body }, reply) => {
      const { name, roles } = body;
      const expiresAt = body.expiresAt === undefined ? undefined : new Date(body.expiresAt);
      if (expiresAt !== undefined && expiresAt.getTime() <= Date.now())
        throw new ServiceError(400, 'invalid-request', 'expiresAt has to be in the future');
      const { token, secret } = await registry.createToken(principal, {
        name,
        roles,
        ...(expiresAt === undefined ? {} : { expiresAt }),
        ...(body.owner === undefined ? {} : { ownedBy: body.owner }),
      });
      return reply.code(201).send({ token: shown(token), secret });
    },
  );
  app.delete(
    '/v1/tokens/:id',
    { config, schema: { summary: 'Revoke a token', tags, params: TokenId, response: { 200: TokenSchema } } },
    async ({ principal, params }) => shown(await registry.revokeToken(principal, params.id)),
  );
};

/** The public fields of a token: later fields of the record are not added automatically. */
function shown({ id, name, roles, createdAt, createdBy, expiresAt, revokedAt, lastUsedAt }: ApiToken): TokenAnswer {
  return { id, name, roles: [...roles], createdAt, createdBy, expiresAt, revokedAt, lastUsedAt };
}
