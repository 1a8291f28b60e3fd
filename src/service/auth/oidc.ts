import { createHash, randomBytes } from 'node:crypto';
import {
  createRemoteJWKSet,
  customFetch,
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose';
import { isAssayError } from '../../core/index.ts';
import { createEgress } from '../../egress/index.ts';
import { type Principal, ROLES, type Role } from '../../registry/index.ts';
import { type OidcConfig, OPERATOR_TENANT } from '../config.ts';
import { ServiceError } from '../problems/index.ts';
import { rememberIssuer } from './oidc-issuer.ts';

/** Asymmetric only: whoever checks a token must not be able to make one. */
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'];
const CLOCK_TOLERANCE_SECONDS = 30;
const MAX_DOCUMENT_BYTES = 256 * 1024;
const MAX_CLAIM_LENGTH = 255;
const TENANT = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** What a sign-in has to remember while the user is at the issuer. */
export interface LoginState {
  readonly state: string;
  readonly nonce: string;
  /** Of PKCE (RFC 7636). */
  readonly verifier: string;
}

/** An OpenID Connect issuer: whose tokens are believed, and where people sign in. */
export interface Oidc {
  /** @throws ServiceError 401 for a token that does not hold, 503 when the issuer's keys cannot be had. */
  verify(token: string): Promise<Principal>;
  /** Where to send the user. */
  begin(redirectUri: string): Promise<{ readonly url: string; readonly login: LoginState }>;
  /** Who came back with `code`. @throws ServiceError */
  finish(code: string, login: LoginState, redirectUri: string): Promise<Principal>;
  close(): Promise<void>;
}

export function openOidc(config: OidcConfig, env: NodeJS.ProcessEnv = process.env): Oidc {
  const egress = createEgress({ env, retry: { retries: 1 }, idleTimeoutMs: 5_000, connectTimeoutMs: 5_000 });

  async function json(url: string, init: Parameters<typeof egress.fetch>[1] = {}): Promise<Record<string, unknown>> {
    const response = await egress.fetch(url, { ...init, maxBytes: MAX_DOCUMENT_BYTES });
    const body: unknown = await response.json();
    if (isGrantRefused(response, body))
      throw new ServiceError(400, 'invalid-sign-in', 'the sign-in is over; sign in again');
    if (!response.ok || typeof body !== 'object' || body === null)
      throw new ServiceError(503, 'issuer-unavailable', `the identity provider answers ${response.status}`);
    return { ...body };
  }

  const issuer = rememberIssuer<JWTVerifyGetKey>(async () => {
    const base = config.issuer.replace(/\/$/, '');
    const document = await unlessUnavailable(() => json(`${base}/.well-known/openid-configuration`));
    if (document.issuer !== config.issuer)
      throw new ServiceError(503, 'issuer-unavailable', 'the identity provider calls itself by another name');
    const jwks = endpoint(document.jwks_uri, config.issuer);
    return {
      authorization: endpoint(document.authorization_endpoint, config.issuer).href,
      token: endpoint(document.token_endpoint, config.issuer).href,
      keys: createRemoteJWKSet(jwks, {
        timeoutDuration: 5_000,
        [customFetch]: (url, { headers, signal }) =>
          egress.fetch(url, { headers, signal, redirect: 'manual', maxBytes: MAX_DOCUMENT_BYTES }),
      }),
    };
  });

  async function checked(token: string, audience: string): Promise<JWTPayload> {
    // Nobody is asked about what is not a token.
    if (!isSigned(token)) throw invalid('the token does not hold');
    const { keys } = await issuer();
    try {
      const { payload } = await jwtVerify(token, keys, {
        algorithms: ALGORITHMS,
        issuer: config.issuer,
        audience,
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        requiredClaims: ['exp', 'sub'],
      });
      return payload;
    } catch (error) {
      throw refusalOf(error);
    }
  }

  return {
    async verify(token) {
      return principalOf(await checked(token, config.audience), config);
    },
    async begin(redirectUri) {
      const { authorization } = await issuer();
      const login = { state: secret(), nonce: secret(), verifier: secret() };
      const url = new URL(authorization);
      const challenge = createHash('sha256').update(login.verifier).digest('base64url');
      const parameters = {
        response_type: 'code',
        client_id: config.clientId ?? '',
        redirect_uri: redirectUri,
        scope: 'openid profile email',
        state: login.state,
        nonce: login.nonce,
        code_challenge: challenge,
        code_challenge_method: 'S256',
      };
      for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
      return { url: url.href, login };
    },
    async finish(code, login, redirectUri) {
      const { token } = await issuer();
      const clientId = config.clientId ?? '';
      const form = new URLSearchParams({
        grant_type: 'authorization_code',
        code,
        redirect_uri: redirectUri,
        client_id: clientId,
        code_verifier: login.verifier,
      });
      const answer = await unlessUnavailable(() =>
        json(token, {
          method: 'POST',
          body: form.toString(),
          headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
          secrets: config.clientSecret === null ? [] : [clientCredential(token, clientId, config.clientSecret)],
        }),
      );
      if (typeof answer.id_token !== 'string') throw invalid('the identity provider gave no ID token');
      const claims = await checked(answer.id_token, clientId);
      if (claims.nonce !== login.nonce) throw invalid('the ID token is of another sign-in');
      return principalOf(claims, config);
    },
    close: () => egress.close(),
  };
}

/** A code that was used already, or is too old (RFC 6749, 5.2): no fault of the identity provider's. */
function isGrantRefused({ status }: Response, body: unknown): boolean {
  return (
    status === 400 && typeof body === 'object' && body !== null && 'error' in body && body.error === 'invalid_grant'
  );
}

function isSigned(token: string): boolean {
  try {
    const { alg } = decodeProtectedHeader(token);
    return alg !== undefined && ALGORITHMS.includes(alg);
  } catch {
    return false;
  }
}

/** The principal that claims speak of. @throws ServiceError 401 */
function principalOf(claims: JWTPayload, config: OidcConfig): Principal {
  const subject = claims.sub ?? '';
  if (subject === '' || subject.length > MAX_CLAIM_LENGTH) throw invalid('the token has no usable subject');
  const tenant = config.tenantClaim === '' ? OPERATOR_TENANT : claimAt(claims, config.tenantClaim);
  if (typeof tenant !== 'string' || !TENANT.test(tenant))
    throw invalid(`the token names no tenant in its claim ${config.tenantClaim}`);
  return { tenant, subject, issuer: config.issuer, roles: rolesIn(claimAt(claims, config.rolesClaim)), via: 'oidc' };
}

/** Roles that are not ours are left out: an identity provider serves other programs, too. */
function rolesIn(claim: unknown): Role[] {
  const named: readonly unknown[] =
    typeof claim === 'string' ? claim.split(/[\s,]+/) : Array.isArray(claim) ? claim : [];
  return ROLES.filter((role) => named.includes(role));
}

/** A claim by its name, or else by a path of names with dots between (`realm_access.roles`). */
function claimAt(claims: JWTPayload, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let at: unknown = claims;
  for (const part of name.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[part];
  }
  return at;
}

/** What an issuer over https says must be over https, too. */
function endpoint(value: unknown, issuer: string): URL {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || (issuer.startsWith('https:') && url.protocol !== 'https:'))
    throw new ServiceError(503, 'issuer-unavailable', 'the identity provider does not say where its services are');
  return url;
}

function clientCredential(endpointUrl: string, id: string, password: string) {
  const text = `${encodeURIComponent(id)}:${encodeURIComponent(password)}`;
  const value = `Basic ${Buffer.from(text).toString('base64')}`;
  return { origin: new URL(endpointUrl).origin, header: { name: 'authorization', value } };
}

async function unlessUnavailable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    throw new ServiceError(503, 'issuer-unavailable', 'the identity provider cannot be reached', { cause: error });
  }
}

function refusalOf(error: unknown): ServiceError {
  if (error instanceof errors.JWTExpired)
    return new ServiceError(401, 'expired-token', 'the token has expired', { cause: error });
  if (isAssayError(error) || error instanceof errors.JWKSTimeout)
    return new ServiceError(503, 'issuer-unavailable', 'the keys of the identity provider cannot be had', {
      cause: error,
    });
  return invalid('the token does not hold', error);
}

function invalid(detail: string, cause?: unknown): ServiceError {
  return new ServiceError(401, 'invalid-token', detail, { cause });
}

function secret(): string {
  return randomBytes(32).toString('base64url');
}
