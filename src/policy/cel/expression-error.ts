/** What is wrong with the text of an expression, and where. Whoever knows the file makes an `AssayError` of it. */
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
