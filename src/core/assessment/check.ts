export type CheckStatus = 'pass' | 'fail' | 'not-assessed' | 'error';

/** A question about an artifact, and its answer. */
export interface Check {
  /** Dotted, `area.question`: `integrity.checksum`, `format.onnx.scan`. */
  readonly id: string;
  readonly status: CheckStatus;
  /** Why, in a sentence. `not-assessed` says what would assess it. */
  readonly detail: string;
}
