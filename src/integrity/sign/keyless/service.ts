import { AssayError } from '../../../core/index.ts';
import { shownAddress } from '../../../core/reference/index.ts';

/** The function for connections, which the caller passes. */
export type ServiceFetch = (url: string, init: ServiceRequest) => Promise<Response>;

export interface ServiceRequest {
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly redirect: 'manual';
  readonly signal?: AbortSignal;
}

/** A service that takes part in signing. */
export interface Service {
  /** For messages. */
  readonly name: string;
  readonly url: string;
}

export interface ServiceCall {
  readonly fetch: ServiceFetch;
  readonly signal?: AbortSignal;
}

/** Answers are certificates and log entries: kilobytes, and for Rekor the envelope once more. */
const MAX_ANSWER = 64 * 1024 * 1024;
/** Characters of what a service says that a message holds. */
const MAX_SAID = 200;

/**
 * Sends JSON, and takes the answer when it is a success. Redirects are not followed, so no secret is sent elsewhere.
 * @param secret text that no message may hold
 * @throws AssayError `network`, `unauthorized`, `limit`, `aborted`; the message has what the service said.
 */
export async function post(
  service: Service,
  path: string,
  request: unknown,
  { fetch, signal }: ServiceCall,
  options: { readonly accept?: string; readonly secret?: string } = {},
): Promise<Buffer> {
  const response = await fetch(addressOf(service, path), {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: options.accept ?? 'application/json' },
    body: JSON.stringify(request),
    redirect: 'manual',
    ...(signal === undefined ? {} : { signal }),
  });
  const body = await responseBytes(response, service);
  if (response.status >= 200 && response.status < 300) return body;
  throw serviceRefusal(service, response.status, saidBy(body, options.secret));
}

/** The error for a successful answer with invalid content. */
export function badAnswer({ name, url }: Service, what: string, cause?: unknown): AssayError {
  return new AssayError('network', `${name} ${what}`, {
    subject: shownAddress(url),
    hint: 'check its address, or ask its operator',
    cause,
  });
}

function addressOf({ url }: Service, path: string): string {
  return `${url.replace(/\/+$/, '')}${path}`;
}

/** @throws AssayError `limit` */
export async function responseBytes(response: Response, { name, url }: Service): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let total = 0;
  for await (const part of response.body ?? []) {
    total += part.length;
    if (total > MAX_ANSWER) {
      throw new AssayError('limit', `${name} answers with more than ${MAX_ANSWER} bytes`, {
        subject: shownAddress(url),
      });
    }
    parts.push(part);
  }
  return Buffer.concat(parts);
}

export function serviceRefusal({ name, url }: Service, status: number, said: string): AssayError {
  const refused = status === 401 || status === 403;
  const quoted = said === '' ? '' : `, and says "${said}"`;
  return new AssayError(refused ? 'unauthorized' : 'network', `${name} answers with the status ${status}${quoted}`, {
    subject: shownAddress(url),
    hint: status >= 500 || status === 429 ? 'try again later' : 'correct its settings, or check its address',
  });
}

/** The message of an answer that is not a success, in one line. */
export function saidBy(body: Buffer, secret = ''): string {
  const text = messageOf(body.subarray(0, 64 * 1024).toString('utf8'))
    .replace(/\s+/g, ' ')
    .trim();
  const safe = secret === '' ? text : text.replaceAll(secret, '...');
  return safe.length > MAX_SAID ? `${safe.slice(0, MAX_SAID)}...` : safe;
}

/** Fulcio, Rekor and the authority put a `message` into JSON; proxies in front of them do not. */
function messageOf(text: string): string {
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json === 'object' && json !== null && 'message' in json) return String(json.message);
  } catch {
    return text;
  }
  return text;
}
