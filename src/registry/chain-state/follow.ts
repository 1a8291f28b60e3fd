import type { AuditEntry } from '../api/index.ts';
import { entryOfRow } from '../audit/index.ts';
import { breakOf } from '../audit-chain/index.ts';
import { RegistryError } from '../registry-error.ts';
import { type Change, type Context, type Database, type Reader, unowned } from '../store/index.ts';
import { ChainState } from './state.ts';

/** Entries that are read at a time. */
const BATCH = 1000;

/** By tenant. An entry is read and hashed once in the life of a process. */
const known = new WeakMap<Database, Map<string, ChainState>>();

/**
 * What the committed log tells. It is verified entry by entry: the cost of a call is that of the entries since the last one, and
 * one look into an index.
 * @throws RegistryError `broken-log` for a log that does not follow from what was read before
 */
export async function chainState({ database }: Context, tenant: string): Promise<ChainState> {
  const tenants = known.get(database) ?? new Map<string, ChainState>();
  known.set(database, tenants);
  const state = tenants.get(tenant) ?? new ChainState();
  tenants.set(tenant, state);
  await unowned(() => readOn(database.read, tenant, state));
  return state;
}

/** The same within a change, with what it has recorded so far: nothing that may not be committed is kept. */
export async function chainStateIn({ database }: Context, { db, tenant, recorded }: Change): Promise<ChainState> {
  const state = new ChainState(known.get(database)?.get(tenant));
  await readOn(db, tenant, state);
  state.foresee(recorded);
  return state;
}

async function readOn(db: Reader, tenant: string, state: ChainState): Promise<void> {
  for (;;) {
    const { seq, hash } = state.head;
    const rows = await db
      .selectFrom('audit')
      .selectAll()
      .where('tenant', '=', tenant)
      .where('seq', '>=', Math.max(1, seq))
      .orderBy('seq')
      .limit(BATCH)
      .execute();
    const [first] = rows;
    if (seq > 0 && (first?.seq !== seq || first.hash !== hash)) {
      throw brokenLog(`entry ${seq} was read before, and is missing or changed now`);
    }
    for (const row of rows) addNext(state, row);
    if (rows.length < BATCH) return;
  }
}

/** Another question may have read on meanwhile: what is known already is passed over. */
function addNext(state: ChainState, row: Parameters<typeof entryOfRow>[0]): void {
  const { head } = state;
  if (row.seq <= head.seq) return;
  let entry: AuditEntry;
  try {
    entry = entryOfRow(row);
  } catch {
    throw brokenLog(`entry ${row.seq} was changed: its content is not JSON`);
  }
  const broken = breakOf(head.seq === 0 ? null : head, entry);
  if (broken !== undefined) throw brokenLog(broken);
  try {
    state.add(entry);
  } catch {
    throw brokenLog(`entry ${row.seq} (${entry.action}) has no details that can be read`);
  }
}

/** The records of a registry are not what its audit log tells. */
export function brokenLog(why: string): RegistryError {
  return new RegistryError('broken-log', `the registry is not what its audit log tells: ${why}`, {
    hint: 'run "assay audit-log verify", find out who changed the database, and restore it from a backup',
  });
}
