import { AssayError } from '../../core/index.ts';
import type { AuditEntry } from '../api/index.ts';
import { breakOf, NO_ENTRY } from '../audit-chain/index.ts';
import type { Principal } from '../records.ts';
import type { Registry } from '../registry.ts';

/** A place in the audit log. */
export interface Head {
  readonly seq: number;
  readonly hash: string;
}

export const START: Head = { seq: 0, hash: NO_ENTRY };

/** Entries that are read at a time. */
const BATCH = 1000;
const HINT =
  'restore the registry from a backup that contains the entry, or find out who changed it; nothing was signed';

/**
 * Reads the audit log from a place that was verified before, and verifies each entry against the one before it. The place
 * itself is checked again: a database that was rolled back or rewritten no longer holds it.
 * @throws AssayError `mismatch`
 */
export async function* followChain(registry: Registry, by: Principal, from: Head): AsyncGenerator<AuditEntry> {
  let head = from;
  if (from.seq > 0) {
    const [known] = await registry.auditSince(by, from.seq - 1, 1);
    if (known?.seq !== from.seq || known.hash !== from.hash) throw lost(from);
  }
  for (;;) {
    const entries = await registry.auditSince(by, head.seq, BATCH);
    for (const entry of entries) {
      const broken = entry.tenant === by.tenant ? breakOf(head, entry) : `entry ${entry.seq} belongs to another tenant`;
      if (broken !== undefined) throw new AssayError('mismatch', `the audit log is broken: ${broken}`, { hint: HINT });
      head = { seq: entry.seq, hash: entry.hash };
      yield entry;
    }
    if (entries.length === 0) return;
  }
}

/** What was signed before is no longer there. */
export function lost({ seq }: Head): AssayError {
  const message = `the audit log no longer contains entry ${seq} of the last snapshot`;
  return new AssayError('mismatch', message, { hint: HINT });
}
