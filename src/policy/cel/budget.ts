import { AssayError } from '../../core/errors.ts';

/** CWE-400: about half a second. A rule over 100,000 files takes some 500,000. */
export const MAX_STEPS = 30_000_000;

/**
 * What an evaluation may cost, in steps of a few nanoseconds: a part of an expression evaluated within a walk, a character or an
 * item that an operator reads or makes. It bounds memory as well, as whatever is made is paid for first.
 */
export class Budget {
  #left: number;

  constructor(steps: number = MAX_STEPS) {
    this.#left = steps;
  }

  /** @throws AssayError `limit` once all is spent: then, and for all that is asked after. */
  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw new AssayError('limit', 'evaluating the policy costs too much');
  }

  get left(): number {
    return this.#left;
  }
}
