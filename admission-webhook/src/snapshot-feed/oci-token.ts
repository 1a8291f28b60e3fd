import { AssayError, parseBoundedJson } from '../../../src/core/index.ts';
import { checkRealm, findLogin, type OciEndpoint, type OciLogin, parseChallenge } from '../../../src/oci/index.ts';
import { textField } from '../kube/index.ts';
import { ask, discardBody, smallBody } from './http.ts';

const MAX_ANSWER = 64 * 1024;
const BOUNDS = { maxBytes: MAX_ANSWER, maxDepth: 16, maxTokens: 10_000 };
const TOKEN = /^[\x21-\x7e]{1,60000}$/;

/**
 * The header that answers a registry's challenge (RFC 9110, 11.6.1; the distribution project's token specification), with the
 * login of Docker's config if there is one. The registry's login goes to a token server of its own alone.
 * @returns `undefined` when there is nothing to answer with
 * @throws AssayError `refused` for a token server that is not spoken to; `unauthorized`, `network`, `limit`
 */
export async function authorisation(
  header: string | null,
  endpoint: OciEndpoint,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<string | undefined> {
  const challenge = parseChallenge(header);
  if (challenge === undefined) return undefined;
  if (challenge.scheme === 'basic') return basicOf(findLogin(env, endpoint.names, endpoint.repository).login);
  const { url, own } = checkRealm(challenge.realm, endpoint);
  const { login } = findLogin(env, own ? endpoint.names : [url.host], endpoint.repository);
  if (challenge.service !== undefined) url.searchParams.set('service', challenge.service);
  // What is asked for is ours to say, whatever the challenge would have us ask for.
  url.searchParams.set('scope', `repository:${endpoint.repository}:pull`);
  const basic = basicOf(login);
  const response = await ask(url.href, { headers: basic === undefined ? {} : { authorization: basic }, signal });
  if (response.status !== 200) {
    await discardBody(response);
    const message = `the token server returns no token (${response.status})`;
    throw new AssayError('unauthorized', message, { subject: endpoint.subject, hint: 'check the login of Docker' });
  }
  return `Bearer ${tokenIn(await smallBody(response, url.href, signal, MAX_ANSWER), endpoint)}`;
}

function basicOf(login: OciLogin | undefined): string | undefined {
  if (login?.kind !== 'password') return undefined;
  return `Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}`;
}

function tokenIn(bytes: Buffer, { subject }: OciEndpoint): string {
  const json = parsed(bytes);
  const token = textField(json, 'token') || textField(json, 'access_token') || '';
  if (TOKEN.test(token)) return token;
  throw new AssayError('network', 'the token server answers without a token', { subject });
}

/** A parser quotes what it stumbles over, and that may be a token. */
function parsed(bytes: Buffer): unknown {
  try {
    return parseBoundedJson(bytes, 'the answer', BOUNDS);
  } catch {
    return undefined;
  }
}
