import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { Problem } from '../../registry/api/index.ts';
import type { Html } from '../../report/html/index.ts';
import { problemOf } from '../problems/index.ts';
import type { Draft } from './draft.ts';
import { sendPage } from './layout.ts';
import { isForPeople } from './problem.ts';
import { sentence } from './words.ts';

/**
 * Answers a refused form with the form itself and the entered values; if the page cannot be shown, with the error.
 */
export function showAgain(show: (request: FastifyRequest, draft: Draft) => Html | Promise<Html>) {
  return async (error: FastifyError, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const problem = problemOf(error, request.id);
    if (!CORRECTABLE.has(problem.status) || !isForPeople(request)) throw error;
    const page = await show(request, { why: reasonOf(problem), typed: fieldsOf(request.body) });
    return sendPage(reply, page, problem.status);
  };
}

/** Refusals that the user can correct. */
const CORRECTABLE: ReadonlySet<number> = new Set([400, 409, 413, 422]);

function reasonOf({ detail, errors }: Problem): string {
  const text =
    errors === undefined
      ? detail
      : errors.map(({ path, message }) => plainly(path.replace(/^body\/?/, ''), message)).join(', ');
  return sentence(text);
}

function fieldsOf(body: unknown): ReadonlyMap<string, readonly string[]> {
  const typed = new Map<string, readonly string[]>();
  if (typeof body !== 'object' || body === null) return typed;
  // A form with files holds its fields apart.
  const fields = 'fields' in body && body.fields instanceof Map ? body.fields : Object.entries(body);
  for (const [name, value] of fields) {
    const texts = [value].flat().filter((one: unknown): one is string => typeof one === 'string');
    typed.set(
      name,
      texts.map((text) => text.replaceAll('\r\n', '\n')),
    );
  }
  return typed;
}

/** The message of a validator about a field, in plain words. */
function plainly(field: string, message: string): string {
  const missing = /^must have required property '?(\w+)'?/.exec(message)?.[1];
  if (missing !== undefined) return `the form has no ${missing}`;
  return `${field === '' ? 'the form' : `the field ${field}`} ${message}`;
}
