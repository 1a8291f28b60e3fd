import type { FastifyReply, FastifyRequest } from 'fastify';
import type { App } from '../fastify-app.ts';

/** `cut`: its client went away before the answer had ended; of such a request Fastify says nothing more. */
export interface RequestEnd {
  readonly kind: 'answered' | 'cut';
  /** A connection that has ended no longer says whose it was. */
  readonly ip: string;
}

/** Tells of every request once, when it has ended. */
export function onRequestEnd(
  app: App,
  listener: (request: FastifyRequest, reply: FastifyReply, end: RequestEnd) => void,
): void {
  app.addHook('onRequest', (request, reply, done) => {
    const { ip } = request;
    let hasEnded = false;
    const end = (kind: RequestEnd['kind']) => {
      if (!hasEnded) listener(request, reply, { kind, ip });
      hasEnded = true;
    };
    reply.raw.once('finish', () => end('answered'));
    reply.raw.once('close', () => end('cut'));
    done();
  });
}
