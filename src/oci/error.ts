import { AssayError } from '../core/index.ts';
import { httpError, tooMany } from '../egress/index.ts';
import { hintOf, type OciStanding } from './auth.ts';
import type { OciEndpoint } from './endpoint.ts';

/** What was asked of a registry, for messages. */
export interface OciQuestion {
  readonly endpoint: OciEndpoint;
  /** `manifest latest`, `blob sha256:...` */
  readonly what: string;
  readonly standing: OciStanding;
}

/** The error for an unsuccessful status. An answer of a content delivery network is not that of the registry. */
export function ociError(response: Response, { endpoint, what, standing }: OciQuestion): AssayError {
  const { origin, subject } = endpoint;
  const { host } = new URL(origin);
  const { status } = response;
  if (response.url !== '' && new URL(response.url).origin !== origin) return httpError(response, response.url);
  if (status === 401 || status === 403) {
    const who = standing.kind === 'login' ? 'denies access to this login:' : 'denies public access:';
    return new AssayError('unauthorized', `${host} ${who} the ${what} (${status})`, {
      subject,
      hint: hintOf(standing, endpoint),
    });
  }
  if (status === 404 || status === 410) {
    if (!/json/i.test(response.headers.get('content-type') ?? ''))
      return noRegistry(endpoint, `answers with a page (${status})`);
    const hint = what.startsWith('blob')
      ? 'push the artifact again: its manifest names missing blobs'
      : 'check the name and the tag or digest';
    return new AssayError('not-found', `${host} has no ${what} (${status})`, { subject, hint });
  }
  if (status === 429) {
    const hint =
      standing.kind === 'anonymous' ? `wait, or run docker login ${endpoint.names[0]}` : 'wait, then try again';
    return tooMany(response, subject, hint);
  }
  return new AssayError('network', `${host} answers a request for the ${what} with the status ${status}`, {
    subject,
    hint: 'try again later',
  });
}

export function noRegistry({ origin, subject }: OciEndpoint, what: string): AssayError {
  return new AssayError('network', `${new URL(origin).host} ${what}: that is not a registry`, {
    subject,
    hint: 'check the host and the port: they are the same as for docker pull',
  });
}
