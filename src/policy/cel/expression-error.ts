/** A fault in the text of an expression, with its offset. The caller that knows the file makes an `AssayError` of it. */
export class ExpressionError extends Error {
  /** Offset into the expression. */
  readonly at: number;
  readonly hint: string | undefined;

  constructor(at: number, message: string, hint?: string) {
    super(message);
    this.name = 'ExpressionError';
    this.at = at;
    this.hint = hint;
  }
}
