/** What is wrong with the text of an expression, and where. Whoever knows the file makes an `AssayError` of it. */
export class ExpressionError extends Error {
  /** Offset into the expression. */
  readonly at: number;
  readonly mend: string | undefined;

  constructor(at: number, message: string, mend?: string) {
    super(message);
    this.name = 'ExpressionError';
    this.at = at;
    this.mend = mend;
  }
}
