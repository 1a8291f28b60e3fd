import { setTimeout as delay } from 'node:timers/promises';
import { AssayError, isAssayError, throwIfAborted } from '../../core/index.ts';
import { discard, type Egress } from '../../egress/index.ts';

/** One file behind an address, and how to speak of it. */
export interface HttpFile {
  readonly url: string;
  readonly name: string;
  readonly egress: Egress;
  /** The error for an unsuccessful status. */
  readonly explain: (response: Response) => Promise<AssayError>;
}

/** A range of an answer: `bytes 0-99/1000`. */
export interface ContentRange {
  readonly start: number;
  /** The first byte after it. */
  readonly end: number;
  readonly total: number;
}

const TRIES = 4;

export function contentRange(response: Response): ContentRange | undefined {
  return parseContentRange(response.headers.get('content-range') ?? '');
}

export function parseContentRange(text: string): ContentRange | undefined {
  const match = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16})$/.exec(text.trim());
  if (match === null) return undefined;
  const range = { start: Number(match[1]), end: Number(match[2]) + 1, total: Number(match[3]) };
  const sane =
    Number.isSafeInteger(range.end) &&
    Number.isSafeInteger(range.total) &&
    range.start < range.end &&
    range.end <= range.total;
  return sane ? range : undefined;
}

/** A strong ETag guarantees the same bytes; a weak one only the same meaning. */
export function strongEtag(response: Response): string | undefined {
  const etag = response.headers.get('etag')?.trim();
  return etag !== undefined && /^"[\x21\x23-\x7e\x80-\xff]+"$/.test(etag) ? etag : undefined;
}

export async function* bodyOf(response: Response): AsyncGenerator<Uint8Array> {
  if (response.body !== null) yield* response.body;
}

/** Runs a read again when the network broke it, a few times. */
export async function persistently<T>(read: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await read();
    } catch (error) {
      if (attempt === TRIES || !isBroken(error)) throw error;
      throwIfAborted(signal);
      await delay(100 * 2 ** attempt);
    }
  }
}

/**
 * All bytes of a file in order. A broken transfer resumes at its offset, if the server supports it.
 * @param size what was announced; `undefined` takes what comes, up to `maxBytes`
 * @throws AssayError `mismatch` for another length, `changed`, `network`, `limit`, and what `explain` says.
 */
export async function* streamWhole(
  file: HttpFile,
  size: number | undefined,
  maxBytes: number,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let at = 0;
  let etag: string | undefined;
  for (let attempt = 1; ; attempt++) {
    const response = await request(file, at, etag, signal);
    etag = strongEtag(response);
    const announced = at === 0 ? contentLength(response) : undefined;
    if (size !== undefined && announced !== undefined && announced !== size) {
      await discard(response);
      throw otherLength(file, announced, size);
    }
    try {
      for await (const chunk of bodyOf(response)) {
        at += chunk.length;
        if (size !== undefined && at > size) throw otherLength(file, `at least ${at}`, size);
        if (at > maxBytes)
          throw new AssayError('limit', `has more than ${maxBytes} bytes (maxExpandedBytes)`, {
            subject: file.name,
          });
        yield chunk;
      }
      if (at === (size ?? announced ?? at)) return;
      throw new AssayError('network', `the body ended after ${at} bytes`, { subject: file.name, hint: 'try again' });
    } catch (error) {
      const resumable = at === 0 || etag !== undefined;
      if (attempt === TRIES || !resumable || !isBroken(error)) throw error;
      throwIfAborted(signal);
      await delay(100 * 2 ** attempt);
    }
  }
}

async function request(
  file: HttpFile,
  at: number,
  etag: string | undefined,
  signal: AbortSignal | undefined,
): Promise<Response> {
  const headers: Record<string, string> =
    at === 0 ? {} : { range: `bytes=${at}-`, ...(etag === undefined ? {} : { 'if-range': etag }) };
  const response = await file.egress.fetch(file.url, { headers, ...(signal === undefined ? {} : { signal }) });
  if (at === 0 && response.status === 200) return response;
  if (at > 0 && response.status === 206 && contentRange(response)?.start === at && strongEtag(response) === etag)
    return response;
  if (response.ok) {
    await discard(response);
    const changed = at > 0;
    throw new AssayError(
      changed ? 'changed' : 'network',
      changed ? 'changed while it was read' : 'the server answers with a part of the file',
      {
        subject: file.name,
        hint: 'try again',
      },
    );
  }
  const error = await file.explain(response);
  await discard(response);
  throw error;
}

/** A body that has exactly the length that was asked for. @throws AssayError `mismatch` when it is longer, `network` when shorter. */
export async function exactly(body: AsyncIterable<Uint8Array>, length: number, name: string): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let at = 0;
  for await (const chunk of body) {
    if (at + chunk.length > length) throw otherLength({ name }, 'longer', length);
    bytes.set(chunk, at);
    at += chunk.length;
  }
  if (at === length) return bytes;
  throw new AssayError('network', `a range of ${length} bytes ended after ${at}`, { subject: name, hint: 'try again' });
}

export function otherLength(file: { name: string }, found: number | string, announced: number): AssayError {
  return new AssayError('mismatch', `has ${found} bytes, but ${announced} were announced`, {
    subject: file.name,
    hint: 'do not use it; try again, and report it to the operator of the server if it happens again',
  });
}

export function isBroken(error: unknown): boolean {
  return isAssayError(error) && error.code === 'network';
}

function contentLength(response: Response): number | undefined {
  const text = response.headers.get('content-length');
  return text !== null && /^\d{1,16}$/.test(text) ? Number(text) : undefined;
}
