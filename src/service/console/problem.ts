import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Problem } from '../../registry/api/index.ts';
import { principalOf } from '../http/index.ts';
import { sendPage, viewerOf } from './layout.ts';
import { withQuery } from './links.ts';
import { problemPage } from './pages/index.ts';

/** Characters of an address to which somebody is led back after signing in: what a form keeps whole. */
const MAX_RETURN = 900;

/** Whether a browser shows the answer to somebody: the API answers everybody with problem documents. */
export function isForPeople({ url, headers }: FastifyRequest): boolean {
  return !url.startsWith('/v1/') && (headers.accept ?? '').includes('text/html');
}

/** The page of this service on which a form stood; what follows the sign-in holds it against the rules of such places. */
function cameFrom({ headers: { referer = '' } }: FastifyRequest): string | undefined {
  if (!URL.canParse(referer)) return undefined;
  const { pathname, search } = new URL(referer);
  return pathname === '/' || pathname.length + search.length > MAX_RETURN ? undefined : `${pathname}${search}`;
}

/** Answers a browser: with a page, or a redirect to the sign-in. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, problem: Problem): FastifyReply {
  const { method, url } = request;
  if (problem.status === 401 && (method === 'GET' || method === 'HEAD') && !url.startsWith('/signin')) {
    const isWorthIt = url !== '/' && url.length <= MAX_RETURN;
    return reply.redirect(withQuery('/signin', { return_to: isWorthIt ? url : undefined }), 303);
  }
  const viewer = principalOf(request) === undefined ? null : viewerOf(request);
  return sendPage(reply, problemPage(viewer, problem, cameFrom(request)), problem.status);
}
