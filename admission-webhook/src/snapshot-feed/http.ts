import { AssayError, systemCode } from '../../../src/core/index.ts';
import { shownAddress } from '../../../src/core/reference/index.ts';

/** Until the head of an answer is there. */
const HEAD_MS = 30_000;
/** Of a whole answer: a server that sends a byte a minute holds nobody longer. */
const WHOLE_MS = 120_000;
/** Of what is read into memory. */
const MAX_SMALL = 4 * 1024 * 1024;

export interface AskOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly headMs?: number;
  /** `null`: it may go on for ever. */
  readonly wholeMs?: number | null;
}

/**
 * One request whose redirects are not followed, so that no credential goes to whom it is not meant for.
 * @throws AssayError `network`, `aborted`
 */
export async function ask(url: string, options: AskOptions): Promise<Response> {
  const { headers = {}, signal, headMs = HEAD_MS, wholeMs = WHOLE_MS } = options;
  const head = new AbortController();
  const timer = setTimeout(() => head.abort(new Error('no answer in time')), headMs);
  const signals = [signal, head.signal, ...(wholeMs === null ? [] : [AbortSignal.timeout(wholeMs)])];
  try {
    return await fetch(url, { headers, redirect: 'manual', signal: AbortSignal.any(signals) });
  } catch (cause) {
    throw networkError(url, cause, signal);
  } finally {
    clearTimeout(timer);
  }
}

/** The bytes of an answer, as they come. @throws AssayError `network`, `aborted` */
export async function* feedBody(response: Response, url: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  if (response.body === null) return;
  try {
    for await (const chunk of response.body) yield chunk as Uint8Array;
  } catch (cause) {
    throw networkError(url, cause, signal);
  }
}

/** A small answer, whole. @throws AssayError `network`, `limit`, `aborted` */
export async function smallBody(
  response: Response,
  url: string,
  signal: AbortSignal,
  max = MAX_SMALL,
): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let total = 0;
  for await (const part of feedBody(response, url, signal)) {
    total += part.length;
    if (total > max) {
      throw new AssayError('limit', `answers with more than ${max} bytes`, { subject: shownAddress(url) });
    }
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** Lets go of an answer that nobody reads. */
export async function discardBody(response: Response): Promise<void> {
  // What is wrong with the rest of it is of no interest.
  await response.body?.cancel().catch(() => {});
}

export function networkError(url: string, cause: unknown, signal: AbortSignal): AssayError {
  const subject = shownAddress(url);
  if (signal.aborted) return new AssayError('aborted', 'stopped before the end', { subject, cause });
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const code = systemCode(inner);
  const why = code ?? (inner instanceof Error ? inner.message : 'no answer');
  return new AssayError('network', `cannot be reached (${why})`, { subject, hint: 'check the address', cause });
}
