import { IncomingMessage, type OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import rateLimit, { normalizeIP } from '@fastify/rate-limit';
import underPressure from '@fastify/under-pressure';
import helmet from 'helmet';
import { isSecure } from '../auth/index.ts';
import type { ServiceConfig } from '../config.ts';
import type { App } from '../fastify-app.ts';
import { principalKey, principalOf } from '../http/index.ts';
import { ServiceError } from '../problems/index.ts';

/** Headers of every answer: pages may load only resources of the service, and inline code never runs. */
export function addHeaders(app: App, publicUrl: string): void {
  const headers = fixedHeaders(publicUrl);
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(headers);
    done();
  });
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
    done();
  });
}

/** They are the same on every answer, so that they are made once. */
function fixedHeaders(publicUrl: string): OutgoingHttpHeaders {
  const set = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
      },
    },
    // With `no-referrer`, browsers send the origin null for forms of the service.
    referrerPolicy: { policy: 'same-origin' },
    crossOriginEmbedderPolicy: false,
    strictTransportSecurity: isSecure(publicUrl) ? { maxAge: 31_536_000, includeSubDomains: false } : false,
    xFrameOptions: { action: 'deny' },
  });
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  let failure: unknown;
  set(request, response, (error?: unknown) => {
    failure = error;
  });
  if (failure !== undefined) throw failure;
  return response.getHeaders();
}

const MINUTE_MS = 60_000;
/** Distinct principals and addresses that are counted; the least recently seen is forgotten first. */
const COUNTED = 10_000;
/** A start blocks the loop, and is not a load. */
const SETTLING_MS = 5_000;

/** So many requests a minute for each principal, or for each address where nobody is signed in. Counted in this process. */
export async function addLimits(app: App, config: ServiceConfig): Promise<void> {
  await app.register(rateLimit, {
    max: config.limits.requestsPerMinute,
    timeWindow: MINUTE_MS,
    cache: COUNTED,
    enableDraftSpec: true,
    keyGenerator: (request) => {
      const principal = principalOf(request);
      return principal === undefined ? `address ${normalizeIP(request.ip)}` : principalKey(principal);
    },
    errorResponseBuilder: (_request, { after }) =>
      new ServiceError(429, 'too-many-requests', `too many requests; try again in ${after}`),
  });
  let settled = Number.POSITIVE_INFINITY;
  app.addHook('onReady', async () => {
    settled = performance.now() + SETTLING_MS;
  });
  await app.register(underPressure, {
    maxEventLoopDelay: config.limits.maxLoopDelayMs,
    retryAfter: 5,
    pressureHandler: (request) => {
      // The health check answers under load: a restart of a busy service would add load.
      if (request.routeOptions.url === '/healthz' || performance.now() < settled) return;
      throw new ServiceError(503, 'overloaded', 'the service is overloaded; try again shortly');
    },
  });
}
