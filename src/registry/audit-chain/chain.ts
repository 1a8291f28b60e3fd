import { createHash } from 'node:crypto';
import type { AuditEntry } from '../api/index.ts';
import { canonicalJson } from './canonical-json.ts';

/** Before the first entry. */
export const NO_ENTRY = '0'.repeat(64);

/** Hex SHA-256 over the canonical JSON of all other fields. */
export function hashOfEntry(entry: Omit<AuditEntry, 'hash'>): string {
  const { seq, at, tenant, actor, action, subject, detail, previous } = entry;
  return createHash('sha256')
    .update(canonicalJson({ seq, at, tenant, actor, action, subject, detail, previous }))
    .digest('hex');
}

/**
 * Why an entry does not follow another, as a sentence; `undefined` when it does.
 * @param before `null` for the first entry
 */
export function breakOf(
  before: { readonly seq: number; readonly hash: string } | null,
  entry: AuditEntry,
): string | undefined {
  const seq = (before?.seq ?? 0) + 1;
  if (entry.seq !== seq) return `entry ${seq} is missing: ${entry.seq} follows`;
  if (entry.previous !== (before?.hash ?? NO_ENTRY)) return `entry ${seq} does not follow the one before it`;
  return entry.hash === hashOfEntry(entry) ? undefined : `entry ${seq} was changed: its hash does not match`;
}
