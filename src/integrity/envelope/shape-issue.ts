import { type BaseIssue, getDotPath } from 'valibot';

/** What is wrong with a document's shape: the field, and a predicate of a sentence about it. */
export interface ShapeIssue {
  /** `signers.0.may`; the empty string for the document itself. */
  readonly path: string;
  readonly message: string;
}

/** The first issue, in our own words: a schema's own message starts with a verb in small letters, the library's with "Invalid". */
export function shapeIssue(issues: readonly BaseIssue<unknown>[]): ShapeIssue {
  const [issue] = issues;
  if (issue === undefined) return { path: '', message: 'is not as it should be' };
  return { path: getDotPath(issue) ?? '', message: messageOf(issue) };
}

/** The same as a sentence without its subject. */
export function sentenceOf({ path, message }: ShapeIssue): string {
  return path === '' ? message : `its ${path} ${message}`;
}

function messageOf(issue: BaseIssue<unknown>): string {
  if (!issue.message.startsWith('Invalid')) return issue.message;
  if (issue.expected === 'never') return 'is not known';
  if (issue.received === 'undefined') return 'is missing';
  return 'is of the wrong kind';
}
