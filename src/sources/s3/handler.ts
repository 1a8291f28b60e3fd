import { Readable } from 'node:stream';
import { buildQueryString, type HttpHandler, type HttpHandlerOptions, HttpResponse } from '@smithy/core/protocols';
import type { HttpRequest } from '@smithy/core/transport';
import { AssayError } from '../../core/index.ts';
import type { Credential, Egress } from '../../egress/index.ts';
import { bodyOf, persistently } from '../http/index.ts';

/** Bytes of one answer: a listing of a thousand long keys, or the longest range that is asked for. */
const MAX_ANSWER = 16 * 1024 * 1024;
const ANSWER_TIMEOUT_MS = 120_000;
/** Headers that authenticate the request, only for the address that was signed. */
const SIGNATURE_HEADERS: ReadonlySet<string> = new Set(['authorization', 'x-amz-security-token']);
/** What the connection sets itself. */
const CONNECTION_HEADERS: ReadonlySet<string> = new Set(['host', 'content-length', 'expect']);

/**
 * Sends all requests of the AWS clients through egress. A redirect is not followed, since a signature is valid for one address
 * only; the caller gets it.
 * @param isExpected whether a host is one that the clients may speak to
 */
export function s3Handler(egress: Egress, isExpected: (url: URL) => boolean): HttpHandler {
  return {
    async handle(request, options = {}) {
      const url = addressOf(request);
      if (!isExpected(url)) {
        const hint = 'check AWS_ENDPOINT_URL and AWS_REGION';
        throw new AssayError('refused', 'is not an address of the configured S3 service', { subject: url.host, hint });
      }
      return { response: await answerTo(egress, request, url, options) };
    },
    updateHttpClientConfig: () => undefined,
    httpHandlerConfigs: () => ({}),
  };
}

/** The answer whole. A request is retried when its connection breaks in the body; egress retries earlier failures. */
async function answerTo(
  egress: Egress,
  request: HttpRequest,
  url: URL,
  { abortSignal }: HttpHandlerOptions,
): Promise<HttpResponse> {
  const { headers, secrets } = splitHeaders(request, url.origin);
  const { method } = request;
  const body = sentBody(request);
  const stop = abortSignal instanceof AbortSignal ? abortSignal : undefined;
  const ask = () => {
    const timeout = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    const signal = stop === undefined ? timeout : AbortSignal.any([stop, timeout]);
    return egress.fetch(url, { method, headers, secrets, body, redirect: 'manual', maxBytes: MAX_ANSWER, signal });
  };
  let first: Response | undefined = await ask();
  return persistently(async () => {
    const response = first ?? (await ask());
    first = undefined;
    const chunks: Uint8Array[] = [];
    for await (const chunk of bodyOf(response)) chunks.push(chunk);
    const whole = Readable.from(chunks, { objectMode: false });
    return new HttpResponse({
      statusCode: response.status,
      headers: Object.fromEntries(response.headers),
      body: whole,
    });
  }, stop);
}

/** @throws AssayError `unsupported` when reading the address would change it: another object would be asked for. */
function addressOf({ protocol, hostname, port, path, query }: HttpRequest): URL {
  const asked = buildQueryString(query);
  const text = `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}${asked === '' ? '' : `?${asked}`}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && url.pathname === path && url.hash === '') return url;
  throw new AssayError('unsupported', 'an address cannot name an object with such a key', {
    subject: path,
    hint: 'copy the object to another key',
  });
}

function splitHeaders(request: HttpRequest, origin: string): { headers: Headers; secrets: Credential[] } {
  const headers = new Headers();
  const secrets: Credential[] = [];
  for (const [name, value] of Object.entries(request.headers)) {
    const lower = name.toLowerCase();
    if (SIGNATURE_HEADERS.has(lower)) secrets.push({ origin, header: { name: lower, value } });
    else if (!CONNECTION_HEADERS.has(lower)) headers.set(lower, value);
  }
  return { headers, secrets };
}

function sentBody({ method, body }: HttpRequest): string | Uint8Array<ArrayBuffer> | null {
  const sent: unknown = method === 'POST' ? body : undefined;
  if (sent === undefined || sent === null || sent === '') return null;
  if (typeof sent === 'string') return sent;
  if (sent instanceof Uint8Array) return Uint8Array.from(sent);
  throw new AssayError('internal', 'a request body that is neither text nor bytes');
}
