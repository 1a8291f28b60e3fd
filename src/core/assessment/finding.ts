import { createHash } from 'node:crypto';
import type { Severity } from './severity.ts';

/** One thing a scanner has to say about an artifact. */
export interface Finding {
  readonly ruleId: string;
  readonly severity: Severity;
  readonly message: string;
  /** Path of the file, relative to the scanned folder. */
  readonly file: string;
  /** Path within an archive, each container's member after a `!`. */
  readonly member?: string;
  /** Byte offset within the file, or within the member when there is one. */
  readonly offset?: number;
  /** Line number, from 1, in a text file. */
  readonly line?: number;
  /** What was seen, short and printable. */
  readonly evidence?: string;
  readonly owasp: readonly string[];
  readonly atlas: readonly string[];
  readonly cwe: readonly string[];
  /** Stable across versions of a file: rule, place and subject, no offsets. */
  readonly fingerprint: string;
}

/**
 * 32 hex digits that name a finding across scans: SHA-256 over length-framed parts, so that no two lists of parts meet.
 * `subject` is what the finding is about (a global's name, a member), never an offset.
 */
export function fingerprint(ruleId: string, file: string, member: string | undefined, subject: string): string {
  const hash = createHash('sha256');
  for (const part of [ruleId, file, member ?? '', subject]) hash.update(`${part.length}:${encodable(part)};`);
  return hash.digest('hex').slice(0, 32);
}

/** UTF-8 turns every lone surrogate into the same mark: text that holds one is hashed in its escaped form. */
function encodable(text: string): string {
  return /\p{Surrogate}/u.test(text) ? JSON.stringify(text) : text;
}
