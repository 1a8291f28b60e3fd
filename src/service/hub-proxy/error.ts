import { createHash } from 'node:crypto';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { isAssayError } from '../../core/index.ts';
import { PROBLEM_TYPE, type ProblemCode } from '../../registry/api/index.ts';
import { HubMissing } from '../../sources/hub/index.ts';
import { problemOf, ServiceError } from '../problems/index.ts';

/** Codes of the Hub's API that its clients know. With `GatedRepo` they fail at once, and try nothing else. */
export type HubCode = 'GatedRepo' | 'RepoNotFound' | 'RevisionNotFound' | 'EntryNotFound';

/** An error that the Hub's clients understand. */
export class HubRefusal extends ServiceError {
  readonly hubCode: HubCode;
  /** The commit that was asked for: clients remember that it has no such file. */
  readonly commit: string | undefined;

  constructor(
    [status, code, hubCode]: readonly [status: number, code: ProblemCode, hubCode: HubCode],
    detail: string,
    options: { readonly commit?: string; readonly cause?: unknown } = {},
  ) {
    super(status, code, detail, options);
    this.name = 'HubRefusal';
    this.hubCode = hubCode;
    this.commit = options.commit;
  }
}

/** Of headers: what is not in it is not text to every client. */
const UNSHOWN = /[^\x20-\x7e]+/g;
const MAX_MESSAGE = 2_000;

/** Answers as the Hub does: its clients read headers alone, since answers to HEAD have no body. */
export function answerError(error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const known = fromBelow(error);
  const problem = problemOf(known, request.id);
  if (problem.status >= 500) request.log.error({ err: error, code: problem.code }, 'not handed out');
  const code = known instanceof HubRefusal ? known.hubCode : problem.status === 401 ? 'GatedRepo' : undefined;
  const hint =
    problem.status === 401
      ? 'this is the Hub proxy of Assay: set HF_TOKEN to an API token of Assay with the role gate; '
      : '';
  if (code !== undefined) reply.header('x-error-code', code);
  if (known instanceof HubRefusal && known.commit !== undefined) reply.header('x-repo-commit', known.commit);
  const message = `${hint}${problem.detail}`.replace(UNSHOWN, ' ').slice(0, MAX_MESSAGE);
  reply.header('x-error-message', message);
  // A file that there is not is an everyday question.
  if (code !== 'EntryNotFound' && problem.status !== 416) reply.header('x-hf-warning', warningOf(message));
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="assay"');
  return reply.code(problem.status).type(PROBLEM_TYPE).send(JSON.stringify(problem));
}

/**
 * Has `huggingface_hub` print the message itself, whatever it makes of the error: `hf download` and libraries on top of it say
 * things of their own instead ("requires approval", "not a valid model identifier"). Once for each topic.
 */
function warningOf(message: string): string {
  return `assay-${createHash('sha256').update(message).digest('hex').slice(0, 16)}; ${message}`;
}

const MISSING = { model: 'RepoNotFound', revision: 'RevisionNotFound', file: 'EntryNotFound' } as const;

/** A failure between the proxy and the Hub, which the client cannot correct. */
function fromBelow(error: Error): Error {
  if (!isAssayError(error)) return error;
  const { code, message } = error;
  if (error instanceof HubMissing)
    return new HubRefusal([404, 'not-found', MISSING[error.what]], message, { cause: error });
  if (code === 'mismatch' || code === 'changed' || code === 'malformed') {
    const detail = `the Hub serves other content than was assessed, so Assay does not serve it: ${message}`;
    return new ServiceError(502, 'upstream-mismatch', detail, { cause: error });
  }
  if (code === 'unauthorized') {
    const detail = `the Hub denies Assay access: ${message}; ask the operator of Assay for a Hub token for your tenant`;
    return new HubRefusal([403, 'upstream-refused', 'GatedRepo'], detail, { cause: error });
  }
  if (code === 'network' || code === 'aborted' || code === 'not-found')
    return new ServiceError(502, 'upstream-away', `the Hub cannot be reached: ${message}`, { cause: error });
  return error;
}
