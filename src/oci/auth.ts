import * as v from 'valibot';
import { AssayError, parseBoundedJson } from '../core/index.ts';
import { shownAddress } from '../core/reference/index.ts';
import { createEgress, discard, type Egress, type EgressOptions, httpError } from '../egress/index.ts';
import type { OciChallenge } from './challenge.ts';
import { findLogin, type KnownLogin, type OciLogin } from './credentials.ts';
import type { OciEndpoint } from './endpoint.ts';
import { checkRealm, type OciRealm } from './realm.ts';

/** The identity with which a registry was asked. */
export type OciStanding =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'login'; readonly config: string }
  | { readonly kind: 'helper'; readonly helper: string; readonly config: string }
  /** A login exists, but was not sent to the realm. */
  | { readonly kind: 'foreign-realm'; readonly realm: string; readonly config: string };

export interface OciAuthOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly egress: EgressOptions;
}

const MAX_TOKEN_ANSWER = 64 * 1024;
const ANSWER_BOUNDS = { maxBytes: MAX_TOKEN_ANSWER, maxDepth: 16, maxTokens: 10_000 };
const TOKEN_TIMEOUT_MS = 60_000;
/** The characters of a bearer token by RFC 6750, and those that registries use in practice. */
const TOKEN = /^[\x21-\x7e]{1,60000}$/;
const Answer = v.object({ token: v.optional(v.string()), access_token: v.optional(v.string()) });

/**
 * Answers a registry's challenge: Basic with the login that Docker's config keeps, or a bearer token for pulling this one
 * repository, from the address that the registry names. Nothing is written to disk.
 * @returns no header for a Basic challenge without a login
 * @throws AssayError `refused` for a realm that is not spoken to, `unauthorized`, `network`, `malformed`.
 */
export async function authorise(
  challenge: OciChallenge,
  endpoint: OciEndpoint,
  options: OciAuthOptions,
): Promise<{ readonly header: string | undefined; readonly standing: OciStanding }> {
  if (challenge.scheme === 'bearer') {
    const realm = checkRealm(challenge.realm, endpoint);
    return bearer(realm, challenge.service, endpoint, options);
  }
  const known = findLogin(options.env, endpoint.names, endpoint.repository);
  const { login } = known;
  const header = login?.kind === 'password' ? basic(login) : undefined;
  return { header, standing: header === undefined ? standingWithout(known) : { kind: 'login', config: known.config } };
}

async function bearer(
  realm: OciRealm,
  service: string | undefined,
  endpoint: OciEndpoint,
  options: OciAuthOptions,
): Promise<{ readonly header: string; readonly standing: OciStanding }> {
  const { login, standing } = loginFor(realm, endpoint, options.env);
  const { origin } = realm.url;
  const credentials =
    login?.kind === 'password' ? [{ origin, header: { name: 'authorization', value: basic(login) } }] : [];
  // An address from an answer, on another host: it must not be in the network of this machine.
  const rules = { ...options.egress.rules, ...(realm.own ? {} : { denyPrivate: true }) };
  const egress = createEgress({ ...options.egress, rules, credentials });
  try {
    const token = await askForToken(egress, realm, login, tokenQuery(service, endpoint), standing, endpoint);
    return { header: `Bearer ${token}`, standing };
  } finally {
    await egress.close();
  }
}

/**
 * The login that may be sent to a realm. A realm of another owner gets the login that the config has for its own host, never
 * that of the registry.
 */
export function loginFor(
  { url, own }: OciRealm,
  endpoint: OciEndpoint,
  env: NodeJS.ProcessEnv,
): { readonly login: OciLogin | undefined; readonly standing: OciStanding } {
  const known = findLogin(env, endpoint.names, endpoint.repository);
  const { config } = known;
  const login = own ? known.login : findLogin(env, [url.host], endpoint.repository).login;
  if (login !== undefined) return { login, standing: { kind: 'login', config } };
  const kept = !own && known.login !== undefined;
  return { login, standing: kept ? { kind: 'foreign-realm', realm: url.host, config } : standingWithout(known) };
}

function standingWithout({ helper, config }: KnownLogin): OciStanding {
  return helper === undefined ? { kind: 'anonymous' } : { kind: 'helper', helper, config };
}

/** The scope is fixed here, independent of the challenge of the registry. */
function tokenQuery(service: string | undefined, { repository }: OciEndpoint): URLSearchParams {
  return new URLSearchParams({
    ...(service === undefined ? {} : { service }),
    scope: `repository:${repository}:pull`,
    client_id: 'assay',
  });
}

async function askForToken(
  egress: Egress,
  realm: OciRealm,
  login: OciLogin | undefined,
  query: URLSearchParams,
  standing: OciStanding,
  endpoint: OciEndpoint,
): Promise<string> {
  const response = await requestToken(egress, realm.url, login, query);
  const { host } = realm.url;
  if (response.status === 401 || response.status === 403) {
    await discard(response);
    const message =
      standing.kind === 'login'
        ? `${host} does not accept the login for this registry (${response.status})`
        : `${host} does not give a token to pull this without a login (${response.status})`;
    throw new AssayError('unauthorized', message, { subject: endpoint.subject, hint: hintOf(standing, endpoint) });
  }
  if (!response.ok) {
    await discard(response);
    throw httpError(response, realm.url.href);
  }
  const token = tokenIn(new Uint8Array(await response.arrayBuffer()), realm.url);
  if (TOKEN.test(token)) return token;
  throw noToken(realm.url);
}

/** With an identity token by POST, as OAuth 2 has it; else by the GET that every token server knows. */
async function requestToken(
  egress: Egress,
  url: URL,
  login: OciLogin | undefined,
  query: URLSearchParams,
): Promise<Response> {
  const limits = { maxBytes: MAX_TOKEN_ANSWER, signal: AbortSignal.timeout(TOKEN_TIMEOUT_MS) };
  if (login?.kind === 'identity') {
    query.set('grant_type', 'refresh_token');
    query.set('refresh_token', login.token);
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return egress.fetch(url, { method: 'POST', headers, body: query.toString(), ...limits });
  }
  const address = new URL(url);
  for (const [name, value] of query) address.searchParams.set(name, value);
  return egress.fetch(address, limits);
}

function tokenIn(bytes: Uint8Array, url: URL): string {
  try {
    const { token, access_token: other } = v.parse(Answer, parseBoundedJson(bytes, 'the answer', ANSWER_BOUNDS));
    return token || other || '';
  } catch {
    // A parser quotes invalid input, which may be a token.
    throw noToken(url);
  }
}

function noToken(url: URL): AssayError {
  return new AssayError('network', 'the token server answers without a token', {
    subject: shownAddress(url),
    hint: 'ask the operator of the registry',
  });
}

function basic({ user, password }: { readonly user: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** The hint for a request that a registry refused to the identity `standing`. */
export function hintOf(standing: OciStanding, { names }: OciEndpoint): string {
  const host = names[0] ?? '';
  switch (standing.kind) {
    case 'anonymous':
      return `check the name; if it is private, run docker login ${host}`;
    case 'login':
      return `run docker login ${host} again with an account that has pull access (${standing.config})`;
    case 'helper':
      return `docker-credential-${standing.helper} stores the login, but Assay does not run it: set DOCKER_CONFIG to a folder whose config.json has the login under auths`;
    case 'foreign-realm':
      return `the login for ${host} was not sent to ${standing.realm}, which has another domain: to allow it, list it under "${standing.realm}" in auths of ${standing.config}`;
  }
}
