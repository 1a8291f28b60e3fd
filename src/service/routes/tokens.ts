import { type Static, Type } from 'typebox';
import { type ApiToken, ROLES } from '../../registry/index.ts';
import type { Routes } from '../context.ts';
import { rolesOnly } from '../http/index.ts';
import { ServiceError } from '../problems/index.ts';

const Time = Type.String({ format: 'date-time', description: 'ISO 8601, UTC' });
const MaybeTime = Type.Union([Time, Type.Null()]);
const RoleName = Type.Enum([...ROLES]);

const TokenSchema = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    roles: Type.Array(RoleName),
    createdAt: Time,
    createdBy: Type.String({ description: 'Who created it' }),
    expiresAt: MaybeTime,
    revokedAt: MaybeTime,
    lastUsedAt: MaybeTime,
  },
  { additionalProperties: false, description: 'An API token, without its secret' },
);

const NewToken = Type.Object(
  {
    name: Type.String({
      pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$',
      description: 'The name of its user in the audit log',
    }),
    roles: Type.Array(RoleName, {
      minItems: 1,
      maxItems: ROLES.length,
      uniqueItems: true,
      description: 'What it may do',
    }),
    expiresAt: Type.Optional(Time),
  },
  { additionalProperties: false },
);

const CreatedToken = Type.Object(
  {
    token: TokenSchema,
    secret: Type.String({ description: 'Send it as Authorization: Bearer; it is shown this once and never again' }),
  },
  { additionalProperties: false, description: 'A new token with its secret' },
);

const TokenList = Type.Object(
  { items: Type.Array(TokenSchema) },
  { additionalProperties: false, description: 'All tokens of the tenant' },
);

const TokenId = Type.Object({ id: Type.String({ minLength: 1, maxLength: 100 }) }, { additionalProperties: false });

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
    { config, schema: { summary: 'Create a token', tags, body: NewToken, response: { 201: CreatedToken } } },
    async ({ principal, body }, reply) => {
      const { name, roles } = body;
      const expiresAt = body.expiresAt === undefined ? undefined : new Date(body.expiresAt);
      if (expiresAt !== undefined && expiresAt.getTime() <= Date.now())
        throw new ServiceError(400, 'invalid-request', 'expiresAt has to be in the future');
      const { token, secret } = await registry.createToken(principal, {
        name,
        roles,
        ...(expiresAt === undefined ? {} : { expiresAt }),
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

/** What is told of a token: nothing that a later field of the record adds by itself. */
function shown({
  id,
  name,
  roles,
  createdAt,
  createdBy,
  expiresAt,
  revokedAt,
  lastUsedAt,
}: ApiToken): Static<typeof TokenSchema> {
  return { id, name, roles: [...roles], createdAt, createdBy, expiresAt, revokedAt, lastUsedAt };
}
