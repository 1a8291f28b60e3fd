import * as v from 'valibot';
import { AssayError, parseBoundedJson } from '../../../core/index.ts';
import { type IdentityToken, readIdentityToken, SIGSTORE_AUDIENCE } from './identity-token.ts';
import { badAnswer, responseBytes, type Service, type ServiceCall, saidBy, serviceRefusal } from './service.ts';
import { serviceUrl } from './services.ts';

/** How the environment proves the identity of the job. */
export type AmbientIdentity =
  /** With a token in the environment. */
  | { readonly kind: 'token'; readonly token: string; readonly variable: string }
  /** With a token that must be requested; the credential is sent only to the origin of this address. */
  | { readonly kind: 'request'; readonly url: string; readonly credential: RequestCredential };

/** A secret that is sent to one origin and to no other: how `egress` takes it. */
export interface RequestCredential {
  readonly origin: string;
  readonly header: { readonly name: string; readonly value: string };
}

const URL_VARIABLE = 'ACTIONS_ID_TOKEN_REQUEST_URL';
const TOKEN_VARIABLE = 'ACTIONS_ID_TOKEN_REQUEST_TOKEN';
const PERMISSION = 'give the job "permissions: id-token: write"';
const Answer = v.object({ value: v.string() });

/**
 * Looks in the environment: `SIGSTORE_ID_TOKEN` (GitLab's `id_tokens`, or set by hand), GitHub Actions, CircleCI.
 * @throws AssayError `usage` on GitHub Actions without the permission, and when there is nothing.
 */
export function ambientIdentity(env: NodeJS.ProcessEnv): AmbientIdentity {
  const given = env.SIGSTORE_ID_TOKEN ?? '';
  if (given !== '') return { kind: 'token', token: given, variable: 'SIGSTORE_ID_TOKEN' };
  const [url, secret] = [env[URL_VARIABLE] ?? '', env[TOKEN_VARIABLE] ?? ''];
  if (url !== '' && secret !== '') return gitHubRequest(url, secret);
  if (url !== '' || secret !== '') {
    const [set, missing] = url === '' ? [TOKEN_VARIABLE, URL_VARIABLE] : [URL_VARIABLE, TOKEN_VARIABLE];
    throw new AssayError('usage', `${set} is set, but ${missing} is not`, {
      subject: 'GitHub Actions',
      hint: PERMISSION,
    });
  }
  if (env.GITHUB_ACTIONS === 'true') {
    throw new AssayError('usage', 'the job has no permission to request an identity token', {
      subject: 'GitHub Actions',
      hint: PERMISSION,
    });
  }
  const circle = env.CIRCLE_OIDC_TOKEN_V2 ?? '';
  if (circle !== '') return { kind: 'token', token: circle, variable: 'CIRCLE_OIDC_TOKEN_V2' };
  throw new AssayError('usage', 'no identity token was given, and the environment provides none', {
    subject: '--keyless',
    hint: 'give --identity-token-file, set SIGSTORE_ID_TOKEN, or sign in a job of GitHub Actions, GitLab or CircleCI',
  });
}

/**
 * The token of an ambient identity, checked.
 * @param call its `fetch` sends the identity's credential to the credential's origin
 * @throws AssayError `usage`, `network`, `unauthorized`, `aborted`
 */
export async function ambientIdentityToken(identity: AmbientIdentity, call: ServiceCall): Promise<IdentityToken> {
  if (identity.kind === 'token') return tokenInEnvironment(identity.token, identity.variable);
  const gitHub: Service = { name: 'GitHub Actions', url: identity.url };
  const response = await call.fetch(identity.url, {
    method: 'GET',
    headers: { accept: 'application/json' },
    redirect: 'manual',
    ...(call.signal === undefined ? {} : { signal: call.signal }),
  });
  const body = await responseBytes(response, gitHub);
  if (response.status !== 200) throw serviceRefusal(gitHub, response.status, saidBy(body));
  return readIdentityToken(tokenIn(body, gitHub), 'GitHub Actions');
}

function gitHubRequest(text: string, secret: string): AmbientIdentity {
  // The address has a query, which addresses of services have not.
  const url = URL.canParse(text) ? new URL(text) : undefined;
  serviceUrl(url === undefined ? text : `${url.protocol}//${url.host}${url.pathname}`, URL_VARIABLE);
  if (url === undefined) throw new AssayError('internal', 'a valid address cannot be parsed');
  url.searchParams.set('audience', SIGSTORE_AUDIENCE);
  const header = { name: 'authorization', value: `bearer ${secret}` };
  return { kind: 'request', url: url.href, credential: { origin: url.origin, header } };
}

function tokenInEnvironment(token: string, variable: string): IdentityToken {
  try {
    return readIdentityToken(token, variable);
  } catch (error) {
    if (variable !== 'CIRCLE_OIDC_TOKEN_V2' || !(error instanceof AssayError)) throw error;
    throw new AssayError('usage', error.message, {
      subject: variable,
      hint: `set SIGSTORE_ID_TOKEN to what circleci run oidc get --claims '{"aud": "${SIGSTORE_AUDIENCE}"}' prints`,
    });
  }
}

function tokenIn(body: Buffer, gitHub: Service): string {
  try {
    return v.parse(Answer, parseBoundedJson(body, 'the answer')).value;
  } catch {
    // The message of the parser would quote the token.
    throw badAnswer(gitHub, 'answers without an identity token');
  }
}
