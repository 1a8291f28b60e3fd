import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { type AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { BodyMemory } from './body.ts';
import type { CertificateSource, ServingPair } from './certificate/index.ts';
import type { ConnectionRules } from './connection-rules.ts';
import { ConnectionTable } from './connection-table.ts';
import { listenAt } from './listen-at.ts';
import type { ListenPlace } from './options.ts';

export interface ListenerOptions {
  readonly listen: ListenPlace;
  readonly certificate: CertificateSource;
  /** Certificates of the client authority (PEM), asked for again with each change; `null`: no client certificate is asked for. */
  readonly clientCa: { text(): string; onChange(listener: () => void): void } | null;
  readonly rules: ConnectionRules;
  /** Answers one request, whatever it is. Never rejects. */
  handle(request: IncomingMessage, response: ServerResponse, room: BodyMemory): Promise<void>;
}

/** The HTTPS server. */
export interface Listener {
  readonly url: string;
  readonly room: BodyMemory;
  connections(): number;
  /** From now on each answer ends its connection, so that the next request of the client goes to another replica. */
  letGo(): void;
  /** Takes no more connections, answers what was asked, and ends. */
  close(): Promise<void>;
}

/** @throws AssayError `usage` when the place cannot be had */
export async function openListener(options: ListenerOptions): Promise<Listener> {
  const { certificate, clientCa, rules, handle } = options;
  const room = new BodyMemory(rules.roomBytes);
  const sockets = new Set<TLSSocket>();
  let lettingGo = false;
  const server = createServer({
    ...contextOf(certificate.pair(), clientCa?.text()),
    // Health and metrics are for everybody: who may ask for a review is looked at when one is.
    requestCert: clientCa !== null,
    rejectUnauthorized: false,
    handshakeTimeout: rules.handshakeMs,
    headersTimeout: rules.headersMs,
    requestTimeout: rules.requestMs,
    keepAliveTimeout: rules.keepAliveMs,
    connectionsCheckingInterval: rules.checkMs,
    maxHeaderSize: rules.maxHeaderBytes,
    noDelay: true,
  });
  const table = new ConnectionTable(rules);
  server.on('connection', (socket) => {
    if (socket instanceof Socket) table.take(socket);
  });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    response.once('close', table.begin(request.socket));
    if (lettingGo) response.setHeader('connection', 'close');
    void handle(request, response, room);
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  // What is not TLS, or not HTTP, gets no answer.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  server.on('clientError', (_error, socket) => socket.destroy());
  // Connections that stand keep what they agreed on; new ones get the new certificate.
  const renew = () => server.setSecureContext(contextOf(certificate.pair(), clientCa?.text()));
  certificate.onChange(renew);
  clientCa?.onChange(renew);
  await listenAt(server, options.listen, '--listen');
  const { port } = server.address() as AddressInfo;
  const { host } = options.listen;
  return {
    url: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    room,
    connections: () => sockets.size,
    letGo: () => {
      lettingGo = true;
    },
    close: () => closeServer(server, rules.graceMs),
  };
}

function contextOf({ cert, key }: ServingPair, ca: string | undefined) {
  return { cert, key, minVersion: 'TLSv1.2' as const, ...(ca === undefined ? {} : { ca }) };
}

async function closeServer(server: Server, graceMs: number): Promise<void> {
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
  clearTimeout(timer);
}
