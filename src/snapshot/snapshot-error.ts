/** Why a snapshot is refused, as a stable code that programs may match on. */
export type SnapshotProblem =
  | 'limit' // larger than any snapshot may be
  | 'malformed' // no snapshot, or one that contradicts its format
  | 'unsigned'
  | 'wrong-key' // signed by somebody who may not sign snapshots
  | 'signature' // the mathematics do not hold: something was changed
  | 'other-tenant'
  | 'rollback' // older than one that was seen before
  | 'expired';

/** A snapshot that is not trusted: a reader keeps its older one. */
export class SnapshotError extends Error {
  readonly problem: SnapshotProblem;

  constructor(problem: SnapshotProblem, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.name = 'SnapshotError';
    this.problem = problem;
  }
}

export function isSnapshotError(error: unknown): error is SnapshotError {
  return error instanceof SnapshotError;
}
