import type { FastifyRequest } from 'fastify';
import type { Principal, Registry } from '../../registry/index.ts';
import { ServiceError } from '../problems/index.ts';
import type { Oidc } from './oidc.ts';
import { checkForgery, idOfSession, type Sessions } from './sessions.ts';

/** An authenticated principal, with the CSRF token of its session. */
export interface KnownCaller {
  readonly principal: Principal;
  readonly csrf: string | null;
}

export interface Authenticator {
  /** @throws ServiceError 401 without credentials and for an invalid token. */
  authenticate(request: FastifyRequest): Promise<KnownCaller>;
  /** The owner of the API token. @throws ServiceError 401 */
  tokenOwner(secret: string): Promise<Principal>;
  /** @throws ServiceError 403 for a change in a session that another site may have requested. */
  checkForgery(request: FastifyRequest): void;
}

interface Parts {
  readonly registry: Pick<Registry, 'authenticate' | 'isSessionEnded'>;
  readonly oidc: Oidc | null;
  readonly sessions: Sessions;
  readonly publicUrl: string;
}

/** Tokens of the registry begin with this, so that they are never parsed as tokens of another issuer. */
export const TOKEN_PREFIX = 'assay_';
const BEARER = /^Bearer +([\x21-\x7e]{1,8192}) *$/i;

export function createAuthenticator({ registry, oidc, sessions, publicUrl }: Parts): Authenticator {
  async function tokenOwner(secret: string): Promise<Principal> {
    const principal = await registry.authenticate(secret);
    if (principal === undefined)
      throw new ServiceError(401, 'invalid-token', 'the token is unknown, expired or revoked');
    return principal;
  }

  async function bearer(header: string): Promise<KnownCaller> {
    const token = BEARER.exec(header)?.[1];
    if (token === undefined) throw new ServiceError(401, 'invalid-token', 'send Authorization: Bearer <token>');
    if (token.startsWith(TOKEN_PREFIX)) return { principal: await tokenOwner(token), csrf: null };
    if (oidc === null) throw new ServiceError(401, 'invalid-token', 'this is not a token of this service');
    return { principal: await oidc.verify(token), csrf: null };
  }

  return {
    async authenticate(request) {
      const { authorization } = request.headers;
      // A token in a request decides: a session never replaces an invalid token.
      if (authorization !== undefined) return bearer(authorization);
      const session = await sessions.read(request);
      if (session === undefined || (await registry.isSessionEnded(idOfSession(session))))
        throw new ServiceError(401, 'not-signed-in', 'send Authorization: Bearer <token>, or sign in at /signin');
      if (session.kind === 'oidc') return { principal: session.principal, csrf: session.csrf };
      return { principal: await tokenOwner(session.secret), csrf: session.csrf };
    },
    tokenOwner,
    checkForgery: (request) => checkForgery(request, publicUrl),
  };
}
