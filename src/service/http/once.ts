import { STATUS_CODES } from 'node:http';
import type { FastifyRequest, RouteOptions } from 'fastify';
import { objectOf, optionalOf, text } from '../../core/schema/index.ts';
import type { OnceRequest, Registry } from '../../registry/index.ts';
import type { App } from '../fastify-app.ts';
import { messageOf, ServiceError } from '../problems/index.ts';
import { principalKey, principalOf } from './access.ts';

const HEADER = 'idempotency-key';
const Headers = objectOf({
  [HEADER]: optionalOf(
    text(
      'A random name of this request, such as a UUID. Sent again within a day, by the same token or person, the request makes nothing new and gets the first answer, with `Idempotency-Replayed: true`',
      { minLength: 8, maxLength: 200, pattern: '^[\\x21-\\x7e]+$' },
    ),
  ),
});
/** What is kept of the headers of an answer. */
const KEPT_HEADERS = ['content-type', 'location'];
/** A larger answer is not kept. */
const MAX_KEPT = 4 * 1024 * 1024;

interface Claimed {
  readonly request: OnceRequest;
  readonly claim: string;
}

/**
 * Makes what a request with an `Idempotency-Key` asks for once, on every POST of the API that answers 201 or 202
 * (draft-ietf-httpapi-idempotency-key-header-07): the answer is given again to the same request, for a day. Only what was made is
 * kept: a refusal may be tried again. Registered before the routes.
 */
export function addOnce(app: App, { answers }: Pick<Registry, 'answers'>): void {
  const claims = new WeakMap<FastifyRequest, Claimed>();
  app.addHook('onRoute', (route) => {
    if (makes(route) && route.schema !== undefined) route.schema.headers = Headers;
  });
  app.addHook('preHandler', async (request, reply) => {
    const once = onceRequestOf(request);
    if (once === undefined) return;
    const state = await answers.claim(once);
    switch (state.kind) {
      case 'claimed':
        claims.set(request, { request: once, claim: state.claim });
        return;
      case 'running':
        throw new ServiceError(409, 'idempotency-key-in-use', 'a request with this Idempotency-Key is being answered');
      case 'other':
        throw new ServiceError(422, 'idempotency-key-reused', 'this Idempotency-Key was sent with another request');
      case 'answered': {
        const { status, headers, body } = state.answer;
        return reply.code(status).headers(headers).header('idempotency-replayed', 'true').send(body);
      }
    }
  });
  app.addHook('onSend', async (request, reply, payload) => {
    const claimed = claims.get(request);
    if (claimed === undefined) return;
    claims.delete(request);
    const isMade = reply.statusCode < 300 && typeof payload === 'string' && payload.length <= MAX_KEPT;
    try {
      if (isMade)
        await answers.keep(claimed.request, claimed.claim, {
          status: reply.statusCode,
          headers: keptHeaders(reply.getHeaders()),
          body: payload,
        });
      else await answers.release(claimed.request, claimed.claim);
    } catch (error) {
      // The thing is made: its answer reaches the client all the same.
      request.log.error({ err: messageOf(error) }, 'the answer for an Idempotency-Key was not kept');
    }
  });
}

/** Whether a route makes something, of which two would be one too many. */
function makes({ method, url, schema, config }: RouteOptions): boolean {
  const answers = Object.keys((schema?.response as object | undefined) ?? {});
  return (
    method === 'POST' &&
    url.startsWith('/v1/') &&
    config?.access?.kind === 'roles' &&
    answers.some((status) => STATUS_CODES[status] === 'Created' || STATUS_CODES[status] === 'Accepted')
  );
}

function onceRequestOf(request: FastifyRequest): OnceRequest | undefined {
  const key = request.headers[HEADER];
  const principal = principalOf(request);
  if (typeof key !== 'string' || principal === undefined || !makes(request.routeOptions as RouteOptions))
    return undefined;
  // A token is told from a later one of the same name by its secret.
  const token = principal.via === 'token' ? (request.headers.authorization ?? '') : '';
  return {
    holder: JSON.stringify([principalKey(principal), token]),
    key,
    content: JSON.stringify([request.method, request.url, request.body ?? null]),
  };
}

function keptHeaders(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    KEPT_HEADERS.flatMap((name) => (typeof headers[name] === 'string' ? [[name, headers[name]] as const] : [])),
  );
}
