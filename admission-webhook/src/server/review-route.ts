import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DecisionRecord } from '../answer.ts';
import { type BodyMemory, readBody, readHead, uidIn } from './body.ts';
import type { ClientCheck } from './clients.ts';
import type { ConnectionRules } from './connection-rules.ts';
import type { AdmissionMetrics, ReviewPath } from './metrics.ts';
import type { RefusalReason } from './refusal.ts';

/** The text of an answer, and what is recorded of it. */
export interface Answered {
  readonly text: string;
  readonly record: DecisionRecord;
}

/** Answers reviews. Neither throws, whatever it is given. */
export interface Reviewer {
  answer(path: ReviewPath, body: Uint8Array): Answered;
  /** To whom cannot be answered so. @param uid may be empty */
  refuse(reason: RefusalReason, uid: string, problem: string): Answered;
}

export interface ReviewRouteOptions {
  readonly reviewer: Reviewer;
  readonly mayAsk: ClientCheck;
  readonly rules: ConnectionRules;
  readonly metrics: AdmissionMetrics;
  record(record: DecisionRecord): void;
}

const PATHS: Readonly<Record<string, ReviewPath>> = { '/validate': 'validate', '/mutate': 'mutate' };

/** Every POST is taken for a review and gets an answer that an API server understands, with the status 200. */
export function reviewRoute(options: ReviewRouteOptions) {
  const { reviewer, mayAsk, rules, metrics, record } = options;

  /** Says no, and to whom: the `uid` is looked for in what has been read. */
  const refuse = (reason: RefusalReason, head: Buffer, problem: string, to: Exchange) => {
    metrics.refused(reason);
    const answered = reviewer.refuse(reason, uidIn(head), problem);
    record(answered.record);
    // What else comes is not read as another request.
    to.response.setHeader('connection', 'close');
    send(to.response, answered.text);
    discard(to, rules);
  };

  return async (path: string, request: IncomingMessage, response: ServerResponse, room: BodyMemory): Promise<void> => {
    const to = { request, response };
    const unasked = mayAsk(request);
    const wrong =
      unasked === undefined
        ? problemOf(path, request)
        : { reason: 'client' as const, problem: `the client ${unasked}` };
    if (wrong !== undefined) return refuse(wrong.reason, await readHead(request, rules), wrong.problem, to);
    const body = await readBody(request, rules, room);
    if (body.kind === 'gone') return metrics.refused('gone');
    if (body.kind === 'refused') return refuse(body.reason, body.head, BODY_PROBLEMS[body.reason], to);
    try {
      const route = PATHS[path] ?? 'validate';
      const answered = reviewer.answer(route, body.bytes);
      send(response, answered.text);
      metrics.answered(route, answered.record);
      if (answered.record.skipped === 'malformed') metrics.refused('malformed');
      record(answered.record);
    } finally {
      body.release();
    }
  };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

const BODY_PROBLEMS = {
  'too-large': 'the review is larger than 16 MiB',
  'too-slow': 'the review did not arrive in time',
  busy: 'too many large reviews at once; try again',
} as const;

function problemOf(path: string, { headers }: IncomingMessage): { reason: RefusalReason; problem: string } | undefined {
  if (!Object.hasOwn(PATHS, path))
    return {
      reason: 'path',
      problem: 'reviews are answered at /validate and /mutate; correct the webhook configuration',
    };
  const type = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/json')
    return { reason: 'content-type', problem: 'the content type of the review is not application/json' };
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity')
    return { reason: 'content-encoding', problem: 'the review has a content encoding' };
  return undefined;
}

function send(response: ServerResponse, text: string): void {
  if (response.destroyed || response.headersSent) return;
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

/** Reads on and forgets, within bounds: a connection that is reset while its client writes loses the answer. */
function discard({ request, response }: Exchange, { discardBytes, bodyMs }: ConnectionRules): void {
  if (request.complete || request.destroyed) return;
  let rest = discardBytes;
  const end = () => {
    clearTimeout(timer);
    request.socket.destroySoon();
  };
  const timer = setTimeout(end, bodyMs);
  request.on('data', (part: Buffer) => {
    rest -= part.length;
    if (rest < 0) end();
  });
  request.once('end', () => clearTimeout(timer));
  request.once('close', () => clearTimeout(timer));
  request.on('error', () => {});
  response.on('error', () => {});
  request.resume();
}
