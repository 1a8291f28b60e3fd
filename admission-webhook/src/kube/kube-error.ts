import { AssayError, type ErrorCode, type ErrorOptions } from '../../../src/core/index.ts';

/** What an API server refused, or that it could not be asked. */
export class KubeError extends AssayError {
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;

  constructor(status: number, message: string, options: ErrorOptions = {}) {
    super(codeOf(status), message, options);
    this.name = 'KubeError';
    this.status = status;
  }
}

/** Somebody else changed, made or deleted it first (409). */
export function isConflict(error: unknown): boolean {
  return error instanceof KubeError && error.status === 409;
}

export function isMissing(error: unknown): boolean {
  return error instanceof KubeError && error.status === 404;
}

/** A version or a page that the server no longer keeps (410). */
export function isExpired(error: unknown): boolean {
  return error instanceof KubeError && error.status === 410;
}

function codeOf(status: number): ErrorCode {
  if (status === 401 || status === 403) return 'unauthorized';
  return status === 404 ? 'not-found' : 'network';
}
