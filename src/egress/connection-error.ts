import { AssayError, isAssayError, systemCode } from '../core/index.ts';
import { shownAddress } from '../core/reference/index.ts';

const TRANSIENT = new Set([
  'ECONNRESET',
  'EPIPE',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
]);

/** A transient failure: the connection broke, or no answer came in time. */
export function isTransient(error: unknown): boolean {
  return codesOf(error).some((code) => TRANSIENT.has(code));
}

/** The error for a request without an answer, for people. AssayErrors pass through. */
export function connectionError(error: unknown, url: URL, signal: AbortSignal | undefined): AssayError {
  const inner = causes(error).find(isAssayError);
  if (inner !== undefined) return inner;
  if (signal?.aborted === true) return abortError(signal, url);
  const codes = codesOf(error);
  const has = (...wanted: string[]) => wanted.some((code) => codes.includes(code));
  const host = url.host;
  const network = (message: string, hint: string) =>
    new AssayError('network', message, { subject: shownAddress(url), hint, cause: error });
  if (has('ENOTFOUND', 'EAI_AGAIN')) {
    return network(
      `the name ${host} has no address`,
      'check the name and the network, set HTTPS_PROXY if the network needs a proxy, or use --offline',
    );
  }
  if (has('ECONNREFUSED'))
    return network(`${host} refused the connection`, 'check the address and that the server runs');
  if (has('UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT')) {
    return network(
      `${host} did not answer in time`,
      'try again later, or set HTTPS_PROXY if the network needs a proxy',
    );
  }
  if (has('ENETUNREACH', 'EHOSTUNREACH'))
    return network(`${host} cannot be reached`, 'check the network, or use --offline');
  if (codes.some((code) => /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL|EPROTO/.test(code))) {
    return network(
      `the certificate of ${host} is not trusted`,
      "name your organisation's CA file in NODE_EXTRA_CA_CERTS",
    );
  }
  return network(`the connection to ${host} was lost (${codes[0] ?? 'no reason given'})`, 'try again');
}

/** The error for an aborted request: the caller stopped it, or the time for an answer was over. */
export function abortError(signal: AbortSignal | undefined, url: URL): AssayError {
  const cause: unknown = signal?.reason;
  if (cause instanceof Error && cause.name === 'TimeoutError') {
    const hint = 'try again later';
    return new AssayError('network', `${url.host} took too long to answer`, {
      subject: shownAddress(url),
      hint,
      cause,
    });
  }
  return new AssayError('aborted', 'stopped before the end', { cause });
}

/**
 * The failure of a connection in words that are the same for every port and every reason, for people who name addresses in the
 * network of a service: what is closed, filtered or another protocol looks alike. `undefined` for an answer of a server.
 */
export function portlessMessage(error: AssayError): string | undefined {
  if (error.code !== 'network' || codesOf(error.cause).length === 0) return undefined;
  return 'the server cannot be reached, or gives no answer that can be used';
}

function causes(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let at = error; at !== undefined && chain.length < 8; at = at instanceof Error ? at.cause : undefined) {
    chain.push(at);
    if (at instanceof AggregateError) chain.push(...at.errors.slice(0, 8));
  }
  return chain;
}

function codesOf(error: unknown): string[] {
  return causes(error).flatMap((at) => systemCode(at) ?? []);
}
