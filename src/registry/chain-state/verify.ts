import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import type { AuditVerdict } from '../api/index.ts';
import { verifyAuditLog } from '../audit/index.ts';
import type { Principal } from '../records.ts';
import { isRegistryError } from '../registry-error.ts';
import { labelOf, waiverOfRow } from '../rows/index.ts';
import { type Context, type Reader, read } from '../store/index.ts';
import { chainState } from './follow.ts';
import { faultOf } from './records.ts';
import type { ChainState } from './state.ts';
import type { ChainHead } from './told.ts';

/** Rows that are read at a time. */
const BATCH = 100;
/** A change between two questions looks like a fault: one that stays is one. */
const TRIES = 3;

/**
 * Reads the whole chain, and holds every record against it: a row that was changed, removed or added is a fault.
 * @param since a head that was kept elsewhere: the log has to contain it, and all that led to it
 */
export async function verifyRegistry(context: Context, by: Principal, since?: ChainHead): Promise<AuditVerdict> {
  const verdict = await verifyAuditLog(context, by, since);
  if (verdict.kind === 'broken') return verdict;
  return read(context, by, async (db) => {
    try {
      const why = await faultOfRecords(context, db, by.tenant);
      return why === undefined ? verdict : { kind: 'broken', seq: verdict.head.seq, why };
    } catch (error) {
      if (!isRegistryError(error) || error.code !== 'broken-log') throw error;
      return { kind: 'broken', seq: verdict.head.seq, why: error.message };
    }
  });
}

async function faultOfRecords(context: Context, db: Reader, tenant: string): Promise<string | undefined> {
  for (let tries = 1; ; tries++) {
    const state = await chainState(context, tenant);
    const why =
      (await faultOfVersions(db, tenant, state)) ??
      (await faultOfWaivers(db, tenant, state)) ??
      (await faultOfAliases(db, tenant, state)) ??
      (await faultOfTokens(db, tenant, state));
    if (why === undefined || tries === TRIES) return why;
  }
}

async function faultOfVersions(db: Reader, tenant: string, state: ChainState): Promise<string | undefined> {
  const missing = new Set(state.labels());
  for (let after = 0; ; ) {
    const rows = await db
      .selectFrom('versions')
      .selectAll()
      .where('tenant', '=', tenant)
      .where('seq', '>', after)
      .orderBy('seq')
      .limit(BATCH)
      .execute();
    for (const row of rows) {
      after = row.seq;
      missing.delete(labelOf(row));
      const fault = await faultOf(state, db, row);
      if (fault !== undefined) return fault;
    }
    if (rows.length < BATCH) break;
    await yieldToEventLoop();
  }
  const [first] = missing;
  return first === undefined ? undefined : `${first} was removed`;
}

async function faultOfWaivers(db: Reader, tenant: string, state: ChainState): Promise<string | undefined> {
  const rows = await db
    .selectFrom('waivers')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('revoked_at', 'is', null)
    .execute();
  const other = rows.map(waiverOfRow).find(({ id, waiver }) => !state.holdsWaiver(id, waiver.digest, waiver));
  return other === undefined ? undefined : `the waiver ${other.id} was changed or added`;
}

async function faultOfAliases(db: Reader, tenant: string, state: ChainState): Promise<string | undefined> {
  const rows = await db
    .selectFrom('aliases')
    .innerJoin('versions', 'versions.id', 'aliases.version')
    .select(['aliases.model', 'aliases.alias', 'versions.number'])
    .where('aliases.tenant', '=', tenant)
    .execute();
  const other = rows.find((row) => state.alias(row.model, row.alias) !== labelOf(row));
  return other === undefined ? undefined : `the alias ${other.alias} of ${other.model} was changed or added`;
}

async function faultOfTokens(db: Reader, tenant: string, state: ChainState): Promise<string | undefined> {
  const rows = await db.selectFrom('tokens').selectAll().where('tenant', '=', tenant).execute();
  const other = rows.find((row) => row.revoked_at === null && !state.holdsToken(row));
  return other === undefined ? undefined : `the token ${other.name} was changed or added`;
}
