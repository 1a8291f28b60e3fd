import type { IncomingMessage, ServerResponse } from 'node:http';
import { notReady, type Vitals } from '../vitals.ts';
import type { AdmissionMetrics } from './metrics.ts';
import type { AdmissionStatus } from './status.ts';

export interface OpenRouteOptions {
  readonly metrics: AdmissionMetrics;
  vitals(): Vitals;
  status(): AdmissionStatus;
  /** Why a client may not see the status; `undefined`: it may. */
  statusProblem(request: IncomingMessage): string | undefined;
}

/** `GET /healthz`, `/readyz`, `/metrics` and `/status`. May reject. */
export function openRoutes({ metrics, vitals, status, statusProblem }: OpenRouteOptions) {
  return async (path: string, request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const say = (code: number, text: string, type = 'text/plain; charset=utf-8') => {
      response.writeHead(code, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
      response.end(request.method === 'HEAD' ? undefined : text);
    };
    // Whatever body comes with it is not read as another request.
    if (request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined)
      response.setHeader('connection', 'close');
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return say(405, 'only GET, and POST for reviews, are supported\n');
    switch (path) {
      case '/healthz':
        return say(200, 'ok\n');
      case '/readyz': {
        const reasons = notReady(vitals());
        return reasons.length === 0 ? say(200, 'ready\n') : say(503, reasons.map((reason) => `${reason}\n`).join(''));
      }
      case '/metrics':
        return say(200, await metrics.text(), metrics.contentType);
      case '/status': {
        const problem = statusProblem(request);
        if (problem !== undefined) return say(403, `${problem}\n`);
        return say(200, `${JSON.stringify(status())}\n`, 'application/json');
      }
      default:
        return say(404, 'not found; the paths are /validate, /mutate, /healthz, /readyz, /metrics, /status\n');
    }
  };
}
