import { type Job, type JobEnd, MAX_ATTEMPTS, type Principal } from '../../registry/index.ts';

/** Transient failures: no answer, bytes changed in transit, a limit of this machine, a defect of the service. */
const PASSING: ReadonlySet<string> = new Set([
  'network',
  'changed',
  'sandbox',
  'unreadable',
  'incomplete',
  'aborted',
  'internal',
  'crashed',
  'unavailable',
  'conflict',
]);
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 60_000;

/** The end of a job that failed: tried again after a pause that doubles, if time may correct it. */
export function failedEnd(job: Pick<Job, 'attempts'>, code: string, message: string): JobEnd {
  const retry = PASSING.has(code) && job.attempts < MAX_ATTEMPTS;
  if (!retry) return { kind: 'failed', code, message, retry };
  const most = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.max(0, job.attempts - 1));
  // Not all at the same moment.
  return { kind: 'failed', code, message, retry, afterMs: Math.round(most * (0.5 + Math.random() / 2)) };
}

/** Registered in the name of the requester, with only the required rights. */
export function submitterOf({ tenant, createdBy }: Pick<Job, 'tenant' | 'createdBy'>): Principal {
  return { tenant, subject: createdBy, issuer: null, roles: ['submitter'], via: 'local' };
}
