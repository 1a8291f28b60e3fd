import { isAssayError } from '../../../src/core/index.ts';

/** What went wrong, in one line for `/metrics`, `status` and the log. */
export function feedProblemOf(error: unknown): string {
  const text =
    isAssayError(error) && error.subject !== undefined ? `${error.subject}: ${error.message}` : messageOf(error);
  return text.replace(/\s+/g, ' ').slice(0, 500);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
