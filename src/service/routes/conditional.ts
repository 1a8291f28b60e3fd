import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** A strong ETag over an answer. */
export function etagOf(body: string | Uint8Array): string {
  return `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
}

/**
 * Puts the ETag of an answer on it. Caches ask again each time.
 * @returns true when the client has it already: then 304 is the answer, and nothing is sent.
 */
export function isKnown(request: FastifyRequest, reply: FastifyReply, body: unknown): boolean {
  const etag = etagOf(body instanceof Uint8Array || typeof body === 'string' ? body : JSON.stringify(body));
  reply.header('etag', etag).header('cache-control', 'private, no-cache');
  return matches(request.headers['if-none-match'], etag);
}

/** `If-None-Match` compares weakly (RFC 9110, 13.1.2). */
export function matches(given: string | undefined, etag: string): boolean {
  if (given === undefined) return false;
  return given.split(',').some((one) => ['*', etag].includes(one.trim().replace(/^W\//, '')));
}
