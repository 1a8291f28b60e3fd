import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { listenAt } from './listen-at.ts';
import type { ListenPlace } from './options.ts';

export interface PlainListener {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Metrics, health and status, without TLS and without a token, at a place that only Prometheus and the machine reach.
 * @throws AssayError `usage` when the place cannot be had
 */
export async function openPlainListener(
  place: ListenPlace,
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<PlainListener> {
  const server = createServer(
    { maxHeaderSize: 8 * 1024, headersTimeout: 5_000, requestTimeout: 10_000, connectionsCheckingInterval: 2_000 },
    (request, response) => void handle(request, response),
  );
  server.maxConnections = 100;
  await listenAt(server, place, '--metrics-listen');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${place.host.includes(':') ? `[${place.host}]` : place.host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
