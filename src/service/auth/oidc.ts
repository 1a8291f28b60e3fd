import {
  createRemoteJWKSet,
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
  customFetch as keysFetch,
} from 'jose';
import {
  AuthorizationResponseError,
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  type ClientAuth,
  ClientError,
  ClientSecretBasic,
  type CustomFetchOptions,
  calculatePKCECodeChallenge,
  customFetch,
  discovery,
  None,
  ResponseBodyError,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client';
import { isAssayError } from '../../core/index.ts';
import { createEgress, type Egress } from '../../egress/index.ts';
import { type Principal, ROLES, type Role } from '../../registry/index.ts';
import { type OidcConfig, OPERATOR_TENANT } from '../config.ts';
import { ServiceError } from '../problems/index.ts';
import { rememberIssuer } from './oidc-issuer.ts';

/** Asymmetric only: a verifier of tokens must not be able to make one. */
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'];
const CLOCK_TOLERANCE_SECONDS = 30;
const MAX_DOCUMENT_BYTES = 256 * 1024;
const MAX_CLAIM_LENGTH = 255;
const TIMEOUT_SECONDS = 5;
const TENANT = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** What a sign-in has to remember while the user is at the issuer. */
export interface LoginState {
  readonly state: string;
  readonly nonce: string;
  /** Of PKCE (RFC 7636). */
  readonly verifier: string;
}

/** An OpenID Connect issuer, whose tokens are trusted and where people sign in. */
export interface Oidc {
  /** @throws ServiceError 401 for an invalid token, 503 when the keys of the issuer are not available. */
  verify(token: string): Promise<Principal>;
  /** Where to send the user. */
  begin(redirectUri: string): Promise<{ readonly url: string; readonly login: LoginState }>;
  /** The user who came back. @param callback the address at which the user came back, whole @throws ServiceError */
  finish(callback: URL, login: LoginState): Promise<Principal>;
  close(): Promise<void>;
}

export function openOidc(config: OidcConfig, env: NodeJS.ProcessEnv = process.env): Oidc {
  const egress = createEgress({ env, retry: { retries: 1 }, idleTimeoutMs: 5_000, connectTimeoutMs: 5_000 });
  const isPlain = config.issuer.startsWith('http:');

  const issuer = rememberIssuer(async () => {
    const client = await unlessUnavailable(() =>
      discovery(new URL(config.issuer), config.clientId ?? '', undefined, clientAuthentication(config), {
        [customFetch]: (url, init) => pinned(egress, url, init),
        timeout: TIMEOUT_SECONDS,
        execute: isPlain ? [allowInsecureRequests] : [],
      }),
    );
    const { issuer: name, jwks_uri, authorization_endpoint, token_endpoint } = client.serverMetadata();
    if (name !== config.issuer)
      throw new ServiceError(503, 'issuer-unavailable', 'the identity provider reports another issuer');
    for (const url of [authorization_endpoint, token_endpoint]) endpoint(url, config.issuer);
    const keys: JWTVerifyGetKey = createRemoteJWKSet(endpoint(jwks_uri, config.issuer), {
      timeoutDuration: TIMEOUT_SECONDS * 1000,
      [keysFetch]: (url, { headers, signal }) =>
        egress.fetch(url, { headers, signal, redirect: 'manual', maxBytes: MAX_DOCUMENT_BYTES }),
    });
    return { client, keys };
  });

  async function checked(token: string, audience: string): Promise<JWTPayload> {
    // No request is sent for a text that is not a token.
    if (!isSigned(token)) throw invalid('the token is not valid');
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
      const { client } = await issuer();
      const login = { state: randomState(), nonce: randomNonce(), verifier: randomPKCECodeVerifier() };
      const url = buildAuthorizationUrl(client, {
        redirect_uri: redirectUri,
        scope: 'openid profile email',
        state: login.state,
        nonce: login.nonce,
        code_challenge: await calculatePKCECodeChallenge(login.verifier),
        code_challenge_method: 'S256',
      });
      return { url: url.href, login };
    },
    async finish(callback, { state, nonce, verifier }) {
      const { client } = await issuer();
      // RFC 9207: the code of another identity provider must not reach this one.
      const says = client.serverMetadata().authorization_response_iss_parameter_supported === true;
      const from = callback.searchParams.get('iss') ?? (says ? undefined : config.issuer);
      if (from !== config.issuer) throw invalidSignIn('the response is from another identity provider');
      const expected = {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      };
      const answer = await authorizationCodeGrant(client, callback, expected).catch((error: unknown) => {
        throw signInFailure(error);
      });
      if (answer.id_token === undefined) throw invalid('the identity provider returned no ID token');
      return principalOf(await checked(answer.id_token, config.clientId ?? ''), config);
    },
    close: () => egress.close(),
  };
}

/** Bounded, never redirected, and with the client's secret pinned to the origin that it is sent to. */
function pinned(
  egress: Egress,
  url: string,
  { method, headers: given, body, signal }: CustomFetchOptions,
): Promise<Response> {
  const headers = new Headers(given);
  const value = headers.get('authorization');
  headers.delete('authorization');
  const { origin } = new URL(url);
  return egress.fetch(url, {
    method,
    headers,
    body: body instanceof URLSearchParams ? body.toString() : (body ?? null),
    ...(signal === undefined ? {} : { signal }),
    redirect: 'manual',
    maxBytes: MAX_DOCUMENT_BYTES,
    secrets: value === null ? [] : [{ origin, header: { name: 'authorization', value } }],
  });
}

function clientAuthentication({ clientSecret }: OidcConfig): ClientAuth {
  return clientSecret === null ? None() : ClientSecretBasic(clientSecret);
}

/** The cause of a failed sign-in: the code, the token or the identity provider. */
function signInFailure(error: unknown): ServiceError {
  // A code that was used already, or is too old (RFC 6749, 5.2).
  if (error instanceof ResponseBodyError && error.error === 'invalid_grant')
    return invalidSignIn('the sign-in has expired', error);
  if (error instanceof AuthorizationResponseError)
    return invalidSignIn('the identity provider refused the sign-in', error);
  if (error instanceof ClientError && error.code === 'OAUTH_JWT_CLAIM_COMPARISON_FAILED')
    return invalid('the ID token belongs to another sign-in', error);
  if (error instanceof ClientError && error.code === 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED')
    return new ServiceError(401, 'expired-token', 'the ID token has expired', { cause: error });
  const isAnswer = error instanceof ClientError && error.code !== undefined && error.code !== 'OAUTH_TIMEOUT';
  const fault = isAnswer ? 'sent a response that cannot be used' : 'cannot be reached';
  return new ServiceError(503, 'issuer-unavailable', `the identity provider ${fault}`, { cause: error });
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
    throw invalid(`the token has no tenant in its claim ${config.tenantClaim}`);
  return { tenant, subject, issuer: config.issuer, roles: rolesIn(claimAt(claims, config.rolesClaim)), via: 'oidc' };
}

/** Unknown roles are left out: an identity provider serves other programs, too. */
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

/** Addresses in the metadata of an https issuer must be https, too. */
function endpoint(value: unknown, issuer: string): URL {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || (issuer.startsWith('https:') && url.protocol !== 'https:'))
    throw new ServiceError(503, 'issuer-unavailable', 'the identity provider publishes no endpoints');
  return url;
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
    return new ServiceError(503, 'issuer-unavailable', 'the keys of the identity provider cannot be fetched', {
      cause: error,
    });
  return invalid('the token is not valid', error);
}

function invalidSignIn(detail: string, cause?: unknown): ServiceError {
  return new ServiceError(400, 'invalid-sign-in', `${detail}; sign in again`, { cause });
}

function invalid(detail: string, cause?: unknown): ServiceError {
  return new ServiceError(401, 'invalid-token', detail, { cause });
}
