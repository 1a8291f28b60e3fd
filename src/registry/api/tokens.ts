import { array, choiceOf, maybe, object, optionalOf, type Static, string } from '../../core/schema/index.ts';
import { ROLES } from './names.ts';

const TimeSchema = string({ format: 'date-time', description: 'ISO 8601, UTC' });
const RoleNameSchema = choiceOf(ROLES, { enum: [...ROLES] });

export const TokenSchema = object(
  {
    id: string(),
    name: string(),
    roles: array(RoleNameSchema),
    createdAt: TimeSchema,
    createdBy: string({ description: 'Who created it' }),
    expiresAt: maybe(TimeSchema),
    revokedAt: maybe(TimeSchema),
    lastUsedAt: maybe(TimeSchema),
  },
  'An API token, without its secret',
);
export type TokenAnswer = Static<typeof TokenSchema>;

export const NewTokenSchema = object({
  name: string({
    pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$',
    description: 'The name of its user in the audit log',
  }),
  roles: array(RoleNameSchema, {
    minItems: 1,
    maxItems: ROLES.length,
    uniqueItems: true,
    description: 'What it may do',
  }),
  expiresAt: optionalOf(TimeSchema),
  owner: optionalOf(
    string({
      minLength: 1,
      maxLength: 500,
      description:
        'The subject of the person that it belongs to, at the identity provider; refused unless the operator set ASSAY_TOKEN_OWNERS',
    }),
  ),
});

export const CreatedTokenSchema = object(
  {
    token: TokenSchema,
    secret: string({ description: 'Send it as Authorization: Bearer; it is shown only once' }),
  },
  'A new token with its secret',
);
