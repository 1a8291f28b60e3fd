import { Agent, type Dispatcher, ProxyAgent, request } from 'undici';
import { AssayError, sleep } from '../core/index.ts';
import { shownAddress } from '../core/reference/index.ts';
import { type AddressRules, checkAddress, checkBehindProxy, guardedLookup } from './address-rules.ts';
import { abortError, connectionError, isTransient } from './connection-error.ts';
import { paced, SLOW_WINDOW_MS } from './paced.ts';
import { proxyFor, proxySettings } from './proxy.ts';
import { countReceived } from './received.ts';
import { DEFAULT_RETRY, mayRetry, type RetryRules, retryDelay } from './retry.ts';

/** A secret that is sent to one origin (scheme, host and port) and to no other. */
export interface Credential {
  readonly origin: string;
  readonly header: { readonly name: string; readonly value: string };
}

export interface EgressOptions {
  readonly rules?: AddressRules;
  readonly credentials?: readonly Credential[];
  /** Where `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` are read from. */
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  readonly retry?: Partial<RetryRules>;
  readonly connectTimeoutMs?: number;
  /** Longest silence before the headers, and between two pieces of a body. */
  readonly idleTimeoutMs?: number;
  /** How long a body that hardly transfers any bytes may take. */
  readonly slowWindowMs?: number;
}

export interface EgressInit extends RequestInit {
  /** The maximum size of the body in bytes; a larger body is a `limit` error. */
  readonly maxBytes?: number;
  /**
   * Secrets of this request alone (a signature). A redirect to another origin does not carry them, nor any other credential.
   */
  readonly secrets?: readonly Credential[];
}

/** The only way to open connections. `fetch` may be passed to libraries; the caller judges the status. */
export interface Egress {
  /** @throws AssayError `network`, `refused`, `aborted`, and from the body `network`, `limit`, `aborted`. */
  fetch(input: string | URL | Request, init?: EgressInit): Promise<Response>;
  close(): Promise<void>;
}

interface Hop {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body: string | Uint8Array | undefined;
  readonly signal: AbortSignal | undefined;
  readonly secrets: readonly Credential[];
  readonly slowWindowMs: number;
}

const MAX_REDIRECTS = 8;
/** How long to wait for the end of a discarded body, so that its connection can be reused. */
const DROP_MS = 2_000;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const METHODS = ['HEAD', 'POST', 'PATCH', 'DELETE'] as const;
/** What callers may not set as headers: secrets travel only as `Credential`s. */
const SECRET_HEADERS = ['authorization', 'cookie', 'proxy-authorization'];

/** @throws AssayError `usage` when a proxy's address in the environment cannot be read. */
export function createEgress(options: EgressOptions = {}): Egress {
  const rules = options.rules ?? {};
  const retry = { ...DEFAULT_RETRY, ...options.retry };
  const dispatchers = createDispatchers(options, rules);

  async function send(hop: Hop): Promise<Dispatcher.ResponseData> {
    checkAddress(hop.url, rules);
    const proxied = proxyFor(hop.url, dispatchers.proxies) !== undefined;
    if (proxied) await checkBehindProxy(hop.url, rules);
    const headers = new Headers(hop.headers);
    for (const { origin, header } of [...(options.credentials ?? []), ...hop.secrets]) {
      if (new URL(origin).origin === hop.url.origin) headers.set(header.name, header.value);
    }
    return request(hop.url, {
      dispatcher: dispatchers.of(hop.url),
      method: METHODS.find((method) => method === hop.method) ?? 'GET',
      headers: Object.fromEntries(headers),
      body: hop.body ?? null,
      signal: hop.signal ?? null,
    });
  }

  async function sendPatiently(hop: Hop): Promise<Dispatcher.ResponseData> {
    for (let attempt = 0; ; attempt++) {
      if (hop.signal?.aborted === true) throw abortError(hop.signal, hop.url);
      let delay: number | undefined;
      try {
        const response = await send(hop);
        if (attempt >= retry.retries || !mayRetry(hop.method, response.statusCode)) return response;
        delay = retryDelay(attempt, toHeaders(response.headers), retry);
        if (delay === undefined) return response;
        await drop(response);
      } catch (error) {
        const transient = isTransient(error) && mayRetry(hop.method, 503);
        if (attempt >= retry.retries || !transient) throw connectionError(error, hop.url, hop.signal);
        delay = retryDelay(attempt, undefined, retry) ?? 0;
      }
      if (!(await sleep(delay, hop.signal))) throw abortError(hop.signal, hop.url);
    }
  }

  return {
    async fetch(input, init = {}) {
      let hop = firstHop(input, init, options);
      for (let redirects = 0; ; redirects++) {
        const response = await sendPatiently(hop);
        const location = REDIRECTS.has(response.statusCode) ? toHeaders(response.headers).get('location') : null;
        if (location === null || init.redirect === 'manual') return toResponse(response, hop, init.maxBytes);
        await drop(response);
        if (redirects === MAX_REDIRECTS) {
          throw new AssayError('network', `redirected more than ${MAX_REDIRECTS} times`, {
            subject: shownAddress(hop.url),
          });
        }
        hop = nextHop(hop, response.statusCode, location);
      }
    },
    close: () => dispatchers.close(),
  };
}

function createDispatchers(options: EgressOptions, rules: AddressRules) {
  const proxies = proxySettings(options.env ?? process.env);
  const timeouts = {
    headersTimeout: options.idleTimeoutMs ?? 30_000,
    bodyTimeout: options.idleTimeoutMs ?? 30_000,
    connectTimeout: options.connectTimeoutMs ?? 10_000,
  };
  const direct = new Agent({
    ...timeouts,
    connect: { timeout: timeouts.connectTimeout, lookup: guardedLookup(rules) },
  });
  const byProxy = new Map<string, ProxyAgent>();
  return {
    proxies,
    of(url: URL): Dispatcher {
      const proxy = proxyFor(url, proxies);
      if (proxy === undefined) return direct;
      let agent = byProxy.get(proxy.href);
      if (agent === undefined) {
        agent = new ProxyAgent({ uri: proxy.href, ...timeouts });
        byProxy.set(proxy.href, agent);
      }
      return agent;
    },
    async close(): Promise<void> {
      await Promise.all([direct, ...byProxy.values()].map((agent) => agent.destroy()));
    },
  };
}

function firstHop(input: string | URL | Request, init: EgressInit, options: EgressOptions): Hop {
  const address = input instanceof Request ? input.url : String(input);
  if (!URL.canParse(address))
    throw new AssayError('network', 'an address that cannot be read', { hint: 'check HF_ENDPOINT' });
  const body = init.body ?? undefined;
  if (
    (body !== undefined && typeof body !== 'string' && !(body instanceof Uint8Array)) ||
    (input instanceof Request && input.body)
  ) {
    throw new AssayError('internal', 'a request body that is neither text nor bytes', {
      subject: shownAddress(address),
    });
  }
  const headers = new Headers(init.headers ?? (input instanceof Request ? input.headers : undefined));
  for (const name of SECRET_HEADERS) headers.delete(name);
  // A transfer in a content coding has another length than the file, and may expand without bound.
  headers.set('accept-encoding', 'identity');
  if (!headers.has('user-agent')) headers.set('user-agent', 'assay');
  const signals = [options.signal, init.signal ?? undefined].filter((one) => one !== undefined);
  return {
    url: new URL(address),
    method: (init.method ?? (input instanceof Request ? input.method : 'GET')).toUpperCase(),
    headers,
    body,
    signal: signals.length > 1 ? AbortSignal.any(signals) : signals[0],
    secrets: init.secrets ?? [],
    slowWindowMs: options.slowWindowMs ?? SLOW_WINDOW_MS,
  };
}

/** The target of a redirect. The credential is looked up again for it, so none is sent to another origin. */
function nextHop(hop: Hop, status: number, location: string): Hop {
  const from = shownAddress(hop.url);
  if (!URL.canParse(location, hop.url.href))
    throw new AssayError('network', 'redirects to an address that cannot be read', { subject: from });
  const url = new URL(location, hop.url);
  if (hop.url.protocol === 'https:' && url.protocol !== 'https:') {
    throw new AssayError('refused', `redirects from https to ${url.protocol.slice(0, -1)}`, { subject: from });
  }
  url.username = '';
  url.password = '';
  if (hop.method === 'GET' || hop.method === 'HEAD') return { ...hop, url };
  if (url.origin === hop.url.origin && (status === 307 || status === 308)) return { ...hop, url };
  throw new AssayError('refused', 'redirects a request that carries a body', { subject: from });
}

function toHeaders(raw: Dispatcher.ResponseData['headers']): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(raw)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined) headers.append(name, one);
  }
  return headers;
}

async function drop(response: Dispatcher.ResponseData): Promise<void> {
  const timer = setTimeout(() => response.body.destroy(), DROP_MS);
  await response.body.dump({ limit: 64 * 1024 }).catch(() => undefined);
  clearTimeout(timer);
}

/** A body that is cancelled before it is read also releases its connection. */
function toStream(raw: Dispatcher.ResponseData, hop: Hop, maxBytes: number | undefined): ReadableStream<Uint8Array> {
  const chunks = bounded(raw, hop, maxBytes);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      cancel: () => void raw.body.destroy(),
    },
    { highWaterMark: 0 },
  );
}

function toResponse(raw: Dispatcher.ResponseData, hop: Hop, maxBytes: number | undefined): Response {
  // Destroying a body emits an error to listeners; a reader gets its failures from the read.
  raw.body.on('error', () => undefined);
  const headers = toHeaders(raw.headers);
  const coding = headers.get('content-encoding');
  if (coding !== null && coding !== '' && coding.toLowerCase() !== 'identity') {
    raw.body.destroy();
    throw new AssayError('network', `answers in the content coding "${coding}", which was not requested`, {
      subject: shownAddress(hop.url),
    });
  }
  if (raw.statusCode < 200 || raw.statusCode > 599) {
    raw.body.destroy();
    throw new AssayError('network', `answers with the status ${raw.statusCode}`, { subject: shownAddress(hop.url) });
  }
  const empty = hop.method === 'HEAD' || [204, 205, 304].includes(raw.statusCode);
  if (empty) raw.body.resume();
  const body = empty ? null : toStream(raw, hop, maxBytes);
  const response = new Response(body, { status: raw.statusCode, headers });
  return Object.defineProperty(response, 'url', { value: hop.url.href });
}

async function* bounded(
  raw: Dispatcher.ResponseData,
  hop: Hop,
  maxBytes = Number.POSITIVE_INFINITY,
): AsyncGenerator<Uint8Array> {
  let total = 0;
  try {
    for await (const chunk of paced(raw.body, hop.url.host, hop.slowWindowMs)) {
      total += chunk.length;
      countReceived(chunk.length);
      if (total > maxBytes) {
        throw new AssayError('limit', `answers with more than ${maxBytes} bytes`, { subject: shownAddress(hop.url) });
      }
      yield chunk;
    }
  } catch (error) {
    throw connectionError(error, hop.url, hop.signal);
  }
}
