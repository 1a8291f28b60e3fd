import { createServer } from 'node:http';
import { AssayError } from '../../core/index.ts';
import type { ServiceMetrics } from './metrics.ts';

export interface MetricsListener {
  close(): Promise<void>;
}

/** Answers `GET /metrics` without a token, at a place that only Prometheus reaches. @throws AssayError `usage` */
export async function listenForMetrics(
  metrics: ServiceMetrics,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<MetricsListener> {
  const server = createServer(
    { maxHeaderSize: 8 * 1024, headersTimeout: 5_000, requestTimeout: 10_000 },
    (request, response) => {
      if (request.url !== '/metrics' || (request.method !== 'GET' && request.method !== 'HEAD')) {
        response.writeHead(404).end();
        return;
      }
      metrics.text().then(
        (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
        // Prometheus sees that it fails; the log tells why at the next request that needs the same part.
        () => response.writeHead(503).end(),
      );
    },
  );
  server.maxConnections = 100;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new AssayError('usage', 'is not available to listen at', {
          subject: `${host}:${port}`,
          hint: 'choose another --metrics-listen',
          cause,
        }),
      ),
    );
    server.listen(port, host, resolve);
  });
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
