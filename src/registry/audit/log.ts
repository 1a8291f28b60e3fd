import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import type { Selectable } from 'kysely';
import type { AuditEntry, AuditVerdict, Page } from '../api/index.ts';
import { breakOf, NO_ENTRY } from '../audit-chain/index.ts';
import { limitOf, pageOf, seqAfter } from '../paging.ts';
import type { PageRequest, Principal } from '../records.ts';
import { type Context, type Reader, read, type Tables } from '../store/index.ts';

/** Entries that are read and hashed at a time: between two batches of a long log others get their turn. */
const BATCH = 200;
const MAX_SEQ = 0x7fffffff;

/** The oldest first. */
export async function auditLog(
  context: Context,
  by: Principal,
  page: PageRequest & { readonly subject?: string } = {},
): Promise<Page<AuditEntry>> {
  return read(context, by, async (db) => {
    const limit = limitOf(page);
    let query = entriesAfter(db, by.tenant, seqAfter(page) ?? 0);
    const { subject } = page;
    if (subject !== undefined) query = query.where('subject', '=', subject.replaceAll('\0', ''));
    const rows = await query.limit(limit + 1).execute();
    return pageOf(rows, limit, entryOfRow, ({ seq }) => String(seq));
  });
}

/** The entries after `seq`, the oldest first: for those who follow the log. */
export async function auditSince(context: Context, by: Principal, seq: number, limit: number): Promise<AuditEntry[]> {
  return read(context, by, async (db) => {
    const rows = await entriesAfter(db, by.tenant, Math.min(seq, MAX_SEQ)).limit(limit).execute();
    return rows.map(entryOfRow);
  });
}

/** `seq` of the newest entry; 0 when there is none. */
export async function auditHead(context: Context, by: Principal): Promise<number> {
  return read(context, by, async (db) => (await headOf(db, by.tenant)).seq);
}

/**
 * Reads the whole chain, in batches. Detects an entry that was changed, left out or moved. Entries that were cut off at the end
 * together with the head in the database are detected only by a head that was kept elsewhere, as in every snapshot.
 * @param since such a head
 */
export async function verifyAuditLog(context: Context, by: Principal, since?: Head): Promise<AuditVerdict> {
  return read(context, by, async (db) => {
    // Read first: entries that are written meanwhile follow it.
    const kept = await headOf(db, by.tenant);
    let head: Head | null = null;
    while (seqOf(head) < kept.seq) {
      const rows = await entriesAfter(db, by.tenant, seqOf(head)).limit(BATCH).execute();
      for (const row of rows) {
        const broken = breakAt(head, row);
        if (broken !== undefined) return { kind: 'broken', seq: seqOf(head) + 1, why: broken };
        head = { seq: row.seq, hash: row.hash };
        const other = since?.seq === row.seq && since.hash !== row.hash;
        if (other)
          return { kind: 'broken', seq: row.seq, why: `entry ${row.seq} is not the one of the head that was kept` };
        const differs = row.seq === kept.seq && row.hash !== kept.hash;
        if (differs) return { kind: 'broken', seq: row.seq, why: `entry ${row.seq} is not the stored head` };
      }
      if (rows.length < BATCH) break;
      await yieldToEventLoop();
    }
    const end = head ?? { seq: 0, hash: NO_ENTRY };
    if (since !== undefined && end.seq < since.seq) {
      const why = `the log ends at entry ${end.seq}, and the head that was kept is ${since.seq}`;
      return { kind: 'broken', seq: end.seq + 1, why };
    }
    if (end.seq >= kept.seq) return { kind: 'intact', entries: end.seq, head: end };
    return { kind: 'broken', seq: end.seq + 1, why: `the log ends at entry ${end.seq}, and its head is ${kept.seq}` };
  });
}

function breakAt(before: Head | null, row: AuditRow): string | undefined {
  try {
    return breakOf(before, entryOfRow(row));
  } catch {
    return `entry ${row.seq} was changed: its content is not JSON`;
  }
}

interface Head {
  readonly seq: number;
  readonly hash: string;
}

function seqOf(head: Head | null): number {
  return head?.seq ?? 0;
}

type AuditRow = Selectable<Tables['audit']>;

function entriesAfter(db: Reader, tenant: string, seq: number) {
  return db.selectFrom('audit').selectAll().where('tenant', '=', tenant).where('seq', '>', seq).orderBy('seq');
}

async function headOf(db: Reader, tenant: string): Promise<Head> {
  const row = await db
    .selectFrom('tenants')
    .select(['audit_seq', 'audit_hash'])
    .where('name', '=', tenant)
    .executeTakeFirst();
  return { seq: row?.audit_seq ?? 0, hash: row?.audit_hash ?? NO_ENTRY };
}

export function entryOfRow(row: AuditRow): AuditEntry {
  return { ...row, detail: JSON.parse(row.detail) as AuditEntry['detail'] };
}
