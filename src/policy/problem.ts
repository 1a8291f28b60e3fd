import { AssayError } from '../core/index.ts';

/** Line and column, both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Something that is wrong with a file of policies. */
export interface PolicyProblem extends Position {
  readonly message: string;
  readonly hint?: string | undefined;
}

const GUIDE = 'assay policy --help shows the format of a policy';

/**
 * The first problem as an error that names file, line and column, and how many more there are.
 * @param guide the hint for problems without their own hint
 */
export function problemError(file: string, problems: readonly PolicyProblem[], guide = GUIDE): AssayError {
  const [first] = [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
  if (first === undefined)
    return new AssayError('internal', 'a policy was refused without a reason', { subject: file });
  const more = problems.length - 1;
  const rest = more === 0 ? '' : ` (and ${more} more: assay policy check shows all)`;
  return new AssayError('usage', `${first.message}${rest}`, {
    subject: `${file}:${first.line}:${first.column}`,
    hint: first.hint ?? guide,
  });
}
