import type { FastifyReply, FastifyRequest } from 'fastify';
import type { App } from '../fastify-app.ts';
import { ServiceError } from '../problems/index.ts';
import { principalKey } from './access.ts';

/** One thing told over Server-Sent Events (WHATWG HTML, 9.2). */
export interface StreamEvent {
  readonly id?: string;
  readonly event: string;
  /** Sent as JSON on one line. */
  readonly data: unknown;
}

export interface EventStream {
  send(event: StreamEvent): void;
  end(): void;
  /** Resolves when the reader has taken what was sent, or is gone. */
  drained(): Promise<void>;
  /** Fires when the stream ends, on either side. */
  readonly ended: AbortSignal;
}

export interface EventStreams {
  /** Answers with a stream. @throws ServiceError `too-many-streams` */
  open(request: FastifyRequest, reply: FastifyReply): EventStream;
}

export interface EventStreamOptions {
  readonly heartbeatMs?: number;
  /** The longest lifetime of a stream: its reader connects again, and authenticates again. */
  readonly lifeMs?: number;
}

/** Streams of one principal, and of the process (CWE-770). */
const MAX_EACH = 64;
const MAX_ALL = 4_000;
/** Bytes that wait for a reader; a slower one is cut off, and goes on from the last event that it got. */
const MAX_WAITING = 1024 * 1024;
const HEARTBEAT_MS = 15_000;
const LIFE_MS = 5 * 60_000;
const RETRY_MS = 2_000;

/** Streams of the routes of `app`; they end when it closes. */
export function eventStreams(app: App, options: EventStreamOptions = {}): EventStreams {
  const open = new Set<EventStream>();
  const counts = new Map<string, number>();
  app.addHook('preClose', async () => {
    for (const stream of open) stream.end();
  });
  return {
    open(request, reply) {
      const key = principalKey(request.principal);
      const count = counts.get(key) ?? 0;
      if (count >= MAX_EACH || open.size >= MAX_ALL)
        throw new ServiceError(429, 'too-many-streams', 'too many event streams are open; close one');
      counts.set(key, count + 1);
      const stream = start(reply, () => isStillKnown(app, request), options);
      open.add(stream);
      stream.ended.addEventListener('abort', () => {
        open.delete(stream);
        const left = (counts.get(key) ?? 1) - 1;
        if (left > 0) counts.set(key, left);
        else counts.delete(key);
      });
      return stream;
    },
  };
}

/** Whether the credentials of the request are still valid. */
async function isStillKnown(app: App, request: FastifyRequest): Promise<boolean> {
  try {
    await app.signIn.authenticator.authenticate(request);
    return true;
  } catch (error) {
    // An unavailable database or identity provider is not a revocation.
    return !(error instanceof ServiceError && error.status === 401);
  }
}

function start(
  reply: FastifyReply,
  isKnown: () => Promise<boolean>,
  { heartbeatMs = HEARTBEAT_MS, lifeMs = LIFE_MS }: EventStreamOptions,
): EventStream {
  const { raw } = reply;
  const ended = new AbortController();
  reply.hijack();
  for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) raw.setHeader(name, value);
  raw.setHeader('content-type', 'text/event-stream; charset=utf-8');
  raw.setHeader('cache-control', 'no-store');
  // Proxies that buffer would hold events back.
  raw.setHeader('x-accel-buffering', 'no');
  raw.writeHead(200);

  function write(text: string): void {
    if (ended.signal.aborted) return;
    if (raw.writableLength > MAX_WAITING) raw.destroy();
    else raw.write(text);
  }
  function end(): void {
    if (!raw.writableEnded) raw.end();
  }
  /** A revoked or expired token gets no more events. */
  async function beat(): Promise<void> {
    write(': here\n\n');
    if (!(await isKnown())) end();
  }
  const beats = setInterval(() => void beat(), heartbeatMs);
  const life = setTimeout(end, lifeMs);
  raw.once('close', () => {
    clearInterval(beats);
    clearTimeout(life);
    ended.abort();
  });
  raw.on('error', () => raw.destroy());
  write(`retry: ${RETRY_MS}\n\n`);
  return {
    // JSON has no line breaks outside of escapes: the data is one line, whatever it holds.
    send: ({ id, event, data }) =>
      write(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`),
    end,
    drained: async () => {
      if (!raw.writableNeedDrain || raw.destroyed) return;
      await new Promise<void>((resolve) => {
        const over = () => {
          raw.off('drain', over);
          raw.off('close', over);
          resolve();
        };
        raw.on('drain', over);
        raw.on('close', over);
      });
    },
    ended: ended.signal,
  };
}
