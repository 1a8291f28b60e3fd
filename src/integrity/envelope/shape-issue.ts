import { type BaseIssue, getDotPath } from 'valibot';

/** What is wrong with a document's shape: the field, and a predicate of a sentence about it. */
export interface ShapeIssue {
  /** `signers.0.may`; the empty string for the document itself. */
  readonly path: string;
  readonly message: string;
}

/**
 * The first issue as a message: messages of the schemas start with a verb in lower case, those of the library with "Invalid".
 */
export function shapeIssue(issues: readonly BaseIssue<unknown>[]): ShapeIssue {
  const [issue] = issues;
  if (issue === undefined) return { path: '', message: 'is not valid' };
  return { path: getDotPath(issue) ?? '', message: messageOf(issue) };
}

/** The same as a sentence without its subject. */
export function sentenceOf({ path, message }: ShapeIssue): string {
  return path === '' ? message : `its ${path} ${message}`;
}

function messageOf(issue: BaseIssue<unknown>): string {
  if (!issue.message.startsWith('Invalid')) return issue.message;
  if (issue.expected === 'never') return 'is an unknown field';
  if (issue.received === 'undefined') return 'is missing';
  return 'is of the wrong kind';
}
