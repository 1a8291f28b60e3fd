import type { Invalid } from '../../core/schema/index.ts';

/** A part of a request that is not as the document has it. */
export class InvalidRequest extends Error {
  readonly errors: readonly { readonly path: string; readonly message: string }[];

  constructor(part: string, invalid: readonly Invalid[]) {
    const errors = invalid
      .slice(0, MAX_REASONS)
      .map(({ pointer, message }) => ({ path: `${part}${pointer}`, message }));
    super(errors.map(({ path, message }) => `${path} ${message}`).join(', '));
    this.name = 'InvalidRequest';
    this.errors = errors;
  }
}

/** Most reasons that one answer lists. */
const MAX_REASONS = 20;
