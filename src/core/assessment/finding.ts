import { createHash } from 'node:crypto';
import type { Static } from '../schema/index.ts';
import type { FindingSchema } from './schema/index.ts';

/** One observation of a scanner about an artifact. */
export type Finding = Static<typeof FindingSchema>;

/**
 * 32 hex digits that name a finding across scans: SHA-256 over length-framed parts, so that two different lists of parts never
 * have the same input.
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
