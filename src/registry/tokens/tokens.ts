import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { ROLES, type Role } from '../api/index.ts';
import { chainState, proofOfToken } from '../chain-state/index.ts';
import { checkLine, keyOf, nameOf } from '../names.ts';
import type { Principal } from '../records.ts';
import type { ApiToken } from '../registry.ts';
import { RegistryError } from '../registry-error.ts';
import { type Context, change, compiledOnce, newId, read, unowned } from '../store/index.ts';
import { type TokenRow, tokenNamed } from './token-row.ts';

const SECRET = /^assay_[A-Za-z0-9_-]{43}$/;
/** Hex digits of the hash by which a row is found: the rest is compared in constant time. */
const LOOKUP = 16;
const MAX_NAME = 100;
const MAX_OWNER = 500;
const MAX_TOKENS = 1000;
/** How exactly the last use is known, milliseconds. */
const USE_STEP = 60_000;
/** Milliseconds after which another use is recorded in the audit log. */
const SILENCE = 24 * 60 * 60 * 1000;

/** A token to be made. */
export interface TokenRequest {
  readonly name: string;
  readonly roles: readonly Role[];
  readonly expiresAt?: Date;
  /** The subject of the person that it belongs to, at the identity provider; whoever makes it, when absent. */
  readonly ownedBy?: string;
}

/** A name is used once: it identifies the actor in the audit log and in votes. */
export async function createToken(
  context: Context,
  by: Principal,
  request: TokenRequest,
): Promise<{ readonly token: ApiToken; readonly secret: string }> {
  checkTokenRequest(context, by, request);
  const owner = ownerOf(context, request);
  const secret = `assay_${randomBytes(32).toString('base64url')}`;
  const hash = hashOf(secret);
  return change(context, by, async (change) => {
    const { db, tenant, at } = change;
    const taken = await tokenNamed(db, tenant, request.name);
    if (taken !== undefined) {
      throw new RegistryError('conflict', `the name ${request.name} was already used for a token`, {
        hint: 'choose another name',
      });
    }
    const row: TokenRow = {
      id: newId(),
      tenant,
      seq: change.next(),
      name: request.name,
      hash,
      lookup: hash.slice(0, LOOKUP),
      roles: JSON.stringify(ROLES.filter((role) => request.roles.includes(role))),
      creator_key: keyOf(by),
      owner_key: owner,
      created_by: nameOf(by),
      created_at: at,
      expires_at: request.expiresAt?.toISOString() ?? null,
      revoked_at: null,
      last_used_at: null,
    };
    await db.insertInto('tokens').values(row).execute();
    change.record('token.created', request.name, {
      id: row.id,
      roles: [...request.roles],
      expiresAt: row.expires_at,
      ...(request.ownedBy === undefined ? {} : { owner: request.ownedBy }),
      proof: proofOfToken(row),
    });
    return { token: tokenOfRow(row), secret };
  });
}

export async function tokens(context: Context, by: Principal): Promise<ApiToken[]> {
  return read(context, by, async (db) => {
    const rows = await db
      .selectFrom('tokens')
      .selectAll()
      .where('tenant', '=', by.tenant)
      .orderBy('seq', 'desc')
      .limit(MAX_TOKENS)
      .execute();
    return rows.map(tokenOfRow);
  });
}

export async function revokeToken(context: Context, by: Principal, id: string): Promise<ApiToken> {
  return change(context, by, async (change) => {
    const { db, tenant, at } = change;
    const row = await db
      .selectFrom('tokens')
      .selectAll()
      .where('tenant', '=', tenant)
      .where('id', '=', id)
      .executeTakeFirst();
    if (row === undefined) throw new RegistryError('not-found', 'the token does not exist');
    if (row.revoked_at !== null) throw new RegistryError('ended', 'the token was revoked already');
    await db.updateTable('tokens').set({ revoked_at: at }).where('id', '=', id).execute();
    change.record('token.revoked', row.name, { id });
    return tokenOfRow({ ...row, revoked_at: at });
  });
}

const tokensLike = compiledOnce({ lookup: 'text' }, (db, { lookup }) =>
  db.selectFrom('tokens').selectAll().where('lookup', '=', lookup),
);

/** `undefined` for a secret that is unknown, expired or revoked. */
export async function authenticate(context: Context, secret: string): Promise<Principal | undefined> {
  if (!SECRET.test(secret)) return undefined;
  const hash = Buffer.from(hashOf(secret), 'hex');
  const { write, read } = context.database;
  return unowned(async () => {
    const rows = await tokensLike(read, { lookup: hash.toString('hex').slice(0, LOOKUP) });
    const row = rows.find((one) => timingSafeEqual(Buffer.from(one.hash, 'hex'), hash));
    const now = context.now();
    if (row === undefined || row.revoked_at !== null) return undefined;
    if (row.expires_at !== null && now >= new Date(row.expires_at)) return undefined;
    // Who writes to the database makes no administrator of a token, nor a token at all.
    if (!(await chainState(context, row.tenant)).holdsToken(row)) return undefined;
    const idle = row.last_used_at === null ? Number.POSITIVE_INFINITY : now.getTime() - Date.parse(row.last_used_at);
    if (idle >= USE_STEP) {
      await write.updateTable('tokens').set({ last_used_at: now.toISOString() }).where('id', '=', row.id).execute();
    }
    const roles = JSON.parse(row.roles) as Role[];
    const principal = { tenant: row.tenant, subject: row.name, issuer: null, roles, via: 'token' } as const;
    // Its first use, and that after a day of silence.
    if (idle >= SILENCE)
      await change(context, principal, async (log) => log.record('token.used', row.name, { id: row.id }));
    return principal;
  });
}

/** Only an administrator can give a role without having it. */
function checkTokenRequest({ now }: Context, by: Principal, { name, roles, expiresAt }: TokenRequest): void {
  checkLine(name, 'the name of a token', MAX_NAME);
  const unknown = roles.find((role) => !ROLES.includes(role));
  if (unknown !== undefined || roles.length === 0 || new Set(roles).size !== roles.length) {
    throw new RegistryError('invalid', 'these are not roles', { hint: `name some of ${ROLES.join(', ')}, each once` });
  }
  const more = roles.find((role) => !by.roles.includes(role));
  if (more !== undefined && !by.roles.includes('admin')) {
    throw new RegistryError('forbidden', `only an admin can give the role ${more} without having it`);
  }
  if (expiresAt !== undefined && !(expiresAt > now())) {
    throw new RegistryError('invalid', 'the token would already be expired', { hint: 'give a time in the future' });
  }
}

/** @throws RegistryError `invalid` where tokens belong to those who make them */
function ownerOf({ tokenIssuer }: Context, { ownedBy: owner }: TokenRequest): string | null {
  if (owner === undefined) return null;
  checkLine(owner, 'the owner of a token', MAX_OWNER);
  if (tokenIssuer !== undefined) return JSON.stringify([tokenIssuer, owner]);
  throw new RegistryError('invalid', 'here a token belongs to whoever makes it', {
    hint: 'leave the owner out, or let the operator set ASSAY_TOKEN_OWNERS',
  });
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

function tokenOfRow(row: TokenRow): ApiToken {
  return {
    id: row.id,
    tenant: row.tenant,
    name: row.name,
    roles: JSON.parse(row.roles) as Role[],
    createdAt: row.created_at,
    createdBy: row.created_by,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    lastUsedAt: row.last_used_at,
  };
}
