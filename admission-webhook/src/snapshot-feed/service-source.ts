import { readSmallText } from '../../../src/core/bytes/index.ts';
import { AssayError } from '../../../src/core/index.ts';
import { Backoff } from '../kube/index.ts';
import { eventsIn } from './events.ts';
import { type AskOptions, ask, discardBody, feedBody } from './http.ts';
import type { Fetched, SnapshotSource } from './source.ts';
import { writeBounded } from './spool.ts';

/** What RFC 6750 lets a bearer token be made of. */
const TOKEN = /^[\x21-\x7e]{1,8192}$/;
const MAX_ETAG = 1024;
/** After them, the next is asked for: a service says every few seconds that it is there. */
const SILENCE_MS = 60_000;
const PAUSES = { firstMs: 1_000, mostMs: 60_000 };

export interface ServiceOptions {
  /** Address that the routes stand under, without a slash at its end. */
  readonly url: string;
  /** File that holds the token; read for each request, since tokens are replaced. */
  readonly tokenFile: string | null;
  /** Milliseconds until the head of an answer, and until its end. */
  readonly headMs?: number;
  readonly wholeMs?: number;
}

/** `GET /v1/snapshot` of the scanner service, and its events. */
export class ServiceSource implements SnapshotSource {
  readonly from: string;
  readonly #options: ServiceOptions;

  constructor(options: ServiceOptions) {
    this.from = `${options.url}/v1/snapshot`;
    this.#options = options;
  }

  async fetch(mark: string | null, path: string, signal: AbortSignal): Promise<Fetched> {
    const asked: Record<string, string> = mark === null ? {} : { 'if-none-match': mark };
    const response = await this.#ask(this.from, asked, { signal });
    if (response.status === 304 && mark !== null) {
      await discardBody(response);
      return { kind: 'unchanged' };
    }
    if (response.status !== 200) {
      await discardBody(response);
      throw refusal(response, this.from);
    }
    await writeBounded(path, feedBody(response, this.from, signal));
    const etag = response.headers.get('etag');
    return { kind: 'fetched', mark: etag !== null && etag.length <= MAX_ETAG ? etag : null };
  }

  watch(nudge: () => void, signal: AbortSignal): void {
    void this.#listen(nudge, signal);
  }

  /** Events only say when to ask: what they say is not looked at, and none is missed for long, since the clock asks, too. */
  async #listen(nudge: () => void, signal: AbortSignal): Promise<void> {
    const url = `${this.from}/events`;
    const backoff = new Backoff(PAUSES);
    while (!signal.aborted) {
      const silence = new AbortController();
      try {
        const either = AbortSignal.any([signal, silence.signal]);
        const response = await this.#ask(url, { accept: 'text/event-stream' }, { signal: either, wholeMs: null });
        if (response.status === 200) {
          for await (const event of eventsIn(feedBody(response, url, either), silence, SILENCE_MS)) {
            backoff.reset();
            if (event === 'snapshot') nudge();
          }
        } else await discardBody(response);
      } catch (error) {
        // Whether the service can be reached is told by asking for the snapshot.
        if (!(error instanceof AssayError)) throw error;
      }
      await backoff.wait(signal);
    }
  }

  async #ask(url: string, headers: Record<string, string>, options: AskOptions): Promise<Response> {
    const { tokenFile, headMs, wholeMs } = this.#options;
    const authorization: Record<string, string> =
      tokenFile === null ? {} : { authorization: `Bearer ${await tokenIn(tokenFile)}` };
    return ask(url, {
      ...(headMs === undefined ? {} : { headMs }),
      ...(wholeMs === undefined ? {} : { wholeMs }),
      ...options,
      headers: { ...headers, ...authorization },
    });
  }
}

/** @throws AssayError `usage` for what is not a token; nothing of the file gets into the message */
export async function tokenIn(path: string): Promise<string> {
  const token = (await readSmallText(path, 'the token file')).trim();
  if (TOKEN.test(token)) return token;
  throw new AssayError('usage', 'contains no token', { subject: path, hint: 'write the token in one line' });
}

function refusal({ status }: Response, subject: string): AssayError {
  if (status === 401 || status === 403) {
    const hint = 'check the token file';
    return new AssayError('unauthorized', `does not accept the token (${status})`, { subject, hint });
  }
  if (status === 404) return new AssayError('not-found', 'has no snapshot yet (404)', { subject });
  if (status >= 300 && status < 400) {
    const hint = 'give the target address';
    return new AssayError('refused', `redirects (${status}), which is not followed`, { subject, hint });
  }
  return new AssayError('network', `answers ${status}`, { subject });
}
