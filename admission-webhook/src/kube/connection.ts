import { createSecureContext } from 'node:tls';
import { Agent, buildConnector, type Dispatcher, request } from 'undici';
import { AssayError } from '../../../src/core/index.ts';
import { type KubeAccess, materialText } from './access.ts';
import { askError, statusError } from './messages.ts';

export interface Timeouts {
  readonly connectMs: number;
  /** From the question to the end of the answer. */
  readonly answerMs: number;
  /** Longest silence of a watch: servers send a bookmark about every minute. */
  readonly silenceMs: number;
}

export const TIMEOUTS: Timeouts = { connectMs: 5_000, answerMs: 30_000, silenceMs: 100_000 };

const MAX_REFUSAL = 256 * 1024;

export interface KubeQuestion {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  /** With its query. */
  readonly path: string;
  readonly body?: unknown;
  readonly signal: AbortSignal | undefined;
  /** Bytes of the answer. */
  readonly maxBytes: number;
}

/** HTTPS to one API server. Files of tokens are read for each question, those of certificates for each connection. */
export class Connection {
  readonly access: KubeAccess;
  readonly #timeouts: Timeouts;
  readonly #agent: Agent;
  readonly #closed = new AbortController();

  constructor(access: KubeAccess, timeouts: Timeouts) {
    this.access = access;
    this.#timeouts = timeouts;
    this.#agent = new Agent({ connect: connector(access, timeouts.connectMs), connections: 16, pipelining: 1 });
  }

  /** Fires when the client is closed. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** @throws KubeError; AssayError `aborted` */
  async ask(question: KubeQuestion): Promise<Buffer> {
    const late = AbortSignal.timeout(this.#timeouts.answerMs);
    const signals = [late, this.closed, ...(question.signal === undefined ? [] : [question.signal])];
    try {
      const answer = await this.#send(question, AbortSignal.any(signals), this.#timeouts.answerMs);
      const body = await wholeBody(answer, question.maxBytes);
      if (answer.statusCode >= 200 && answer.statusCode < 300) return body;
      throw statusError(this.access, question, answer.statusCode, body);
    } catch (error) {
      throw askError(this.access, error, question.signal, late.aborted ? this.#timeouts.answerMs : undefined);
    }
  }

  /** Pieces of an answer that does not end by itself, once it has begun. @throws KubeError; AssayError `aborted` */
  async stream(path: string, signal: AbortSignal): Promise<AsyncIterable<Buffer>> {
    const question = { method: 'GET', path, signal, maxBytes: MAX_REFUSAL } as const;
    try {
      const answer = await this.#send(question, AbortSignal.any([signal, this.closed]), this.#timeouts.silenceMs);
      if (answer.statusCode === 200) return this.#pieces(answer.body, signal);
      throw statusError(this.access, question, answer.statusCode, await wholeBody(answer, MAX_REFUSAL));
    } catch (error) {
      throw askError(this.access, error, signal, undefined);
    }
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#agent.destroy();
  }

  async *#pieces(body: AsyncIterable<Buffer>, signal: AbortSignal): AsyncGenerator<Buffer> {
    try {
      yield* body;
    } catch (error) {
      throw askError(this.access, error, signal, undefined);
    }
  }

  async #send(question: KubeQuestion, signal: AbortSignal, silenceMs: number): Promise<Dispatcher.ResponseData> {
    const { method, path, body } = question;
    const { access } = this;
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const token = access.token === undefined ? undefined : (await materialText(access.token, 'token')).trim();
    return request(`${access.server}${path}`, {
      method,
      dispatcher: this.#agent,
      signal,
      headers: {
        accept: 'application/json',
        'user-agent': 'assay-admission',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': type }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      headersTimeout: this.#timeouts.answerMs,
      bodyTimeout: silenceMs,
    });
  }
}

function connector(access: KubeAccess, timeout: number): buildConnector.connector {
  return (options, callback) => {
    tlsOptions(access).then(
      (tls) => buildConnector({ timeout, keepAlive: true, keepAliveInitialDelay: 15_000, ...tls })(options, callback),
      (error: Error) => callback(error, null),
    );
  };
}

async function tlsOptions({ ca, certificate, key, serverName }: KubeAccess) {
  return {
    ...(ca === undefined ? {} : { ca: await materialText(ca, 'certificate-authority') }),
    ...(certificate === undefined ? {} : { cert: await materialText(certificate, 'client-certificate') }),
    ...(key === undefined ? {} : { key: await materialText(key, 'client-key') }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  };
}

/** Reads everything that is needed once, so that what is wrong shows before the first question. @throws AssayError */
export async function checkAccess(access: KubeAccess): Promise<void> {
  if (access.token !== undefined) {
    const token = (await materialText(access.token, 'token')).trim();
    if (!/^[\x21-\x7e]+$/.test(token))
      throw new AssayError('usage', 'the token is empty, or has invalid characters', { subject: access.from });
  }
  const tls = await tlsOptions(access);
  try {
    createSecureContext(tls);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const hint = 'check the certificates and the key: PEM, and the key not encrypted';
    throw new AssayError('usage', `the certificates cannot be used: ${why}`, { subject: access.from, hint, cause });
  }
}

async function wholeBody({ body, headers }: Dispatcher.ResponseData, maxBytes: number): Promise<Buffer> {
  const announced = Number(headers['content-length'] ?? 0);
  const parts: Buffer[] = [];
  let total = 0;
  if (announced > maxBytes) body.destroy();
  for await (const part of announced > maxBytes ? [] : body) {
    total += part.length;
    if (total > maxBytes) break;
    parts.push(part);
  }
  if (announced <= maxBytes && total <= maxBytes) return Buffer.concat(parts);
  throw new AssayError('limit', `the answer has more than ${maxBytes} bytes`);
}
