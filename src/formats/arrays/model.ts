import type { OutputRole } from '../../core/conversion/index.ts';
import type { TensorType } from '../../sandbox/index.ts';

/** What a model expects in one column: what it was made to tell apart. */
export type InputRange =
  /** Numbers within bounds. */
  | { readonly kind: 'interval'; readonly low: number; readonly high: number }
  /** One of these. */
  | { readonly kind: 'values'; readonly values: readonly (number | string)[] };

export interface RunnableInput {
  readonly name: string;
  readonly type: TensorType;
  /** Sizes, or the names of sizes that are known when the model runs. */
  readonly shape: readonly (number | string)[];
  /** A range for each column of a matrix, or one for all elements; `undefined` where the model says none. */
  readonly ranges: readonly (InputRange | undefined)[];
}

export interface RunnableOutput {
  readonly name: string;
  readonly role: OutputRole;
  /** Sizes; the number of rows is `batch`. */
  readonly shape: readonly (number | string)[];
}

/** How far an output may be from what is expected. */
export interface OutputTolerance {
  readonly output: string;
  /** Labels are compared where the two highest probabilities, or the decision and its bound, differ by more. */
  readonly absolute: number;
  readonly relative: number;
}

/** What is known of a model, so that it can be run and compared. Plain data, which threads can send. */
export interface RunnableModel {
  readonly inputs: readonly RunnableInput[];
  readonly outputs: readonly RunnableOutput[];
  readonly tolerances: readonly OutputTolerance[];
}

/** The name of the number of rows, which do not depend on each other. */
const ROWS = 'batch';

/**
 * Whether the rows of a model can be run in parts: they are the first dimension of every input and output. Steps of a sequence, which may
 * be the first as well, depend on each other.
 * @example hasRows({ inputs: [{ shape: ['batch', 4] }], outputs: [{ shape: ['batch'] }] }) // true
 */
export function hasRows({ inputs, outputs }: Pick<RunnableModel, 'inputs' | 'outputs'>): boolean {
  return inputs.length > 0 && [...inputs, ...outputs].every(({ shape }) => shape[0] === ROWS);
}
