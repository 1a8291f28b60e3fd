import type { ProblemCode } from '../../registry/api/index.ts';

/** An error of a request, with the status that it is answered with. */
export class ServiceError extends Error {
  readonly status: number;
  readonly code: ProblemCode;

  constructor(status: number, code: ProblemCode, detail: string, options: { readonly cause?: unknown } = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ServiceError';
    this.status = status;
    this.code = code;
  }
}
