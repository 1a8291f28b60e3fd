import { basename, dirname } from 'node:path';
import { isAssayError, withHint } from '../../core/index.ts';
import { portlessMessage } from '../../egress/index.ts';
import { ServiceError } from '../problems/index.ts';

/** Why a job failed, in words for the one who asked. */
export interface JobFailure {
  readonly kind: 'failed';
  readonly code: string;
  readonly message: string;
}

/**
 * @param given a folder of this machine whose files have the names that the user gave them
 * @throws what is a defect
 */
export function jobFailure(error: unknown, given?: string): JobFailure {
  if (error instanceof ServiceError) return { kind: 'failed', code: error.code, message: error.message };
  if (!isAssayError(error)) throw error;
  const { code, subject } = error;
  const unanswered = portlessMessage(error);
  if (unanswered !== undefined) return { kind: 'failed', code, message: `${about(subject, given)}${unanswered}` };
  return { kind: 'failed', code, message: `${about(subject, given)}${withHint(error)}` };
}

/** The submitter must not learn paths of this machine. */
function about(subject: string | undefined, given: string | undefined): string {
  if (subject === undefined || subject === '') return '';
  if (!subject.startsWith('/')) return `${subject}: `;
  return dirname(subject) === given ? `${basename(subject)}: ` : '';
}
