import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyHttpOptions, RawServerDefault } from 'fastify';
import { systemCode } from '../../core/index.ts';
import { PROBLEM_TYPE } from '../../registry/api/index.ts';
import type { App } from '../fastify-app.ts';
import { problemOf, ServiceError } from '../problems/index.ts';

/** How long a client may take to send its headers; slow-loris clients occupy connections by never finishing (CWE-400). */
export interface ConnectionTimes {
  readonly headersMs: number;
  readonly bodyMs: number;
  /** The maximum silence on a socket; event streams send more often. */
  readonly idleMs: number;
  /** How often the times of headers are looked at. */
  readonly checkMs: number;
}

const TIMES: ConnectionTimes = { headersMs: 10_000, bodyMs: 15_000, idleMs: 120_000, checkMs: 2_000 };
const KEEP_ALIVE_MS = 65_000;
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_CONNECTIONS = 10_000;

export function connectionRules(times: Partial<ConnectionTimes> = {}) {
  const { headersMs, idleMs, checkMs } = { ...TIMES, ...times };
  return {
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionTimeout: idleMs,
    http: {
      headersTimeout: headersMs,
      connectionsCheckingInterval: checkMs,
      maxHeaderSize: MAX_HEADER_BYTES,
      // The check below replaces this one: Node's own answer is not a problem document.
      requireHostHeader: false,
    },
    forceCloseConnections: 'idle',
    clientErrorHandler: answerUnreadable,
  } as const satisfies FastifyHttpOptions<RawServerDefault>;
}

/** Gives bodies little time, unless the route says that its body is long, and the process a bounded number of connections. */
export function addConnectionRules(app: App, times: Partial<ConnectionTimes> = {}): void {
  const { bodyMs } = { ...TIMES, ...times };
  app.server.maxConnections = MAX_CONNECTIONS;
  endSilent(app);
  app.server.on('checkExpectation', (_request: IncomingMessage, response: ServerResponse) => {
    const problem = problemOf(
      new ServiceError(417, 'malformed-request', 'only the expectation 100-continue is supported'),
      'none',
    );
    response.writeHead(417, { 'content-type': PROBLEM_TYPE, connection: 'close' }).end(JSON.stringify(problem));
  });
  app.addHook('onRequest', (request, _reply, done) => {
    const wrong = wrongHost(request.raw);
    done(wrong === undefined ? undefined : new ServiceError(400, 'malformed-request', wrong));
  });
  app.addHook('preParsing', (request, reply, payload, done) => {
    const hasBody =
      request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined;
    const { 'content-encoding': content = 'identity', 'transfer-encoding': transfer = 'chunked' } = request.headers;
    // An encoded body stored as it is would be other bytes than intended; decoded, it could expand without bound (CWE-409).
    if (hasBody && (content.toLowerCase() !== 'identity' || transfer.toLowerCase() !== 'chunked')) {
      reply.header('accept-encoding', 'identity');
      return done(new ServiceError(415, 'wrong-content-encoding', 'send the body without a content encoding'));
    }
    if (hasBody && request.routeOptions.config.longBody !== true) {
      const timer = setTimeout(() => {
        const problem = problemOf(new ServiceError(408, 'too-slow', 'the body did not arrive in time'), request.id);
        reply.raw.once('finish', () => request.raw.socket.destroy());
        reply.header('connection', 'close').code(408).type(PROBLEM_TYPE).send(JSON.stringify(problem));
      }, bodyMs);
      payload.once('close', () => clearTimeout(timer));
      payload.once('end', () => clearTimeout(timer));
    }
    done(null, payload);
  });
}

/**
 * What is wrong with the host that a request names (RFC 9112, section 3.2): two readers of one request, such as a proxy in front and this
 * service, must not find different ones.
 */
function wrongHost({ httpVersion, headers, rawHeaders, url = '' }: IncomingMessage): string | undefined {
  const named = rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === 'host').length;
  if (named > 1) return 'the request has more than one Host header';
  if (named === 0 && httpVersion === '1.1') return 'the request has no Host header';
  if (url.startsWith('/') || url === '*') return undefined;
  if (!URL.canParse(url)) return 'the request target is neither a path nor an address';
  const { protocol, host, username, password } = new URL(url);
  const own = hostOf(headers.host, protocol);
  if (/^https?:$/.test(protocol) && username === '' && password === '' && host === own) return undefined;
  return 'the address in the request target and the Host header name different hosts';
}

/** As an address writes it: in lower case, without the port of the scheme. */
function hostOf(host: string | undefined, protocol: string): string | undefined {
  const place = `${protocol}//${host ?? ''}`;
  return URL.canParse(place) ? new URL(place).host : undefined;
}

/** How long a connection on which nothing was asked yet is waited for at the end: a request may be on its way. */
const SILENT_MS = 1_000;

/** Connections that were made ahead and never asked anything are not idle ones to Node, and would hold up the end. */
function endSilent(app: App): void {
  const silent = new Set<Socket>();
  app.server.on('connection', (socket: Socket) => {
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
  });
  app.addHook('onRequest', (request, _reply, done) => {
    silent.delete(request.raw.socket);
    done();
  });
  app.addHook('preClose', (done) => {
    setTimeout(() => {
      for (const socket of silent) socket.destroy();
    }, SILENT_MS).unref();
    done();
  });
}

const UNREADABLE: Readonly<Record<string, ServiceError>> = {
  HPE_HEADER_OVERFLOW: new ServiceError(431, 'headers-too-large', 'the headers are larger than allowed'),
  ERR_HTTP_REQUEST_TIMEOUT: new ServiceError(408, 'too-slow', 'the request did not arrive in time'),
};
const MALFORMED = new ServiceError(400, 'malformed-request', 'this is not a valid HTTP request');

/** A malformed request is answered, too, and its connection ended. */
function answerUnreadable(error: Error, socket: Socket): void {
  const code = systemCode(error);
  if (code === 'ECONNRESET' || socket.destroyed) return;
  const problem = problemOf(UNREADABLE[code ?? ''] ?? MALFORMED, 'none');
  const body = JSON.stringify(problem);
  if (socket.writable) {
    const head = [
      `HTTP/1.1 ${problem.status} ${problem.title}`,
      `content-type: ${PROBLEM_TYPE}`,
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  }
  socket.destroySoon();
}
