import { isAssayError, systemCode } from '../../core/index.ts';
import { isRegistryError, type Job, type JobEnd } from '../../registry/index.ts';
import { ServiceError } from '../problems/index.ts';
import type { Tell } from '../queue/index.ts';
import { failedEnd } from './job-end.ts';

/** The end of a job whose worker met an error; what is a defect is told to the operator, and not to the one who asked. */
export function unforeseenEnd(job: Pick<Job, 'id' | 'attempts'>, error: unknown, tell: Tell): JobEnd {
  if (error instanceof ServiceError) return failedEnd(job, error.code, error.message);
  if (isDiskFull(error)) return storageFull(job);
  if (isAssayError(error) && error.code !== 'internal') return failedEnd(job, error.code, error.message);
  if (isRegistryError(error) && error.code !== 'internal') return failedEnd(job, error.code, error.message);
  tell(`job ${job.id}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return failedEnd(job, 'internal', 'a defect of the worker; see its log');
}

export function storageFull(job: Pick<Job, 'attempts'>): JobEnd {
  return failedEnd(job, 'storage-full', 'the service has too little disk space left');
}

function isDiskFull(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOSPC' || code === 'EDQUOT';
}
