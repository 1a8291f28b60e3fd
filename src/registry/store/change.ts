import { randomUUID } from 'node:crypto';
import type { Transaction } from 'kysely';
import type { AuditEntry } from '../api/index.ts';
import { canonicalJson, hashOfEntry, NO_ENTRY, type Seal } from '../audit-chain/index.ts';
import { checkPrincipal, nameOf } from '../names.ts';
import type { Principal } from '../records.ts';
import { RegistryError } from '../registry-error.ts';
import { compiledOnce, insertRow } from './compiled-once.ts';
import type { Context } from './context.ts';
import type { Database, Reader } from './database.ts';
import { failureOf, isRepeatable } from './failure.ts';
import type { Tables } from './tables.ts';

/** A transaction that changes one tenant: its changes are written together with its audit entries, or not at all. */
export interface Change {
  readonly db: Transaction<Tables>;
  readonly by: Principal;
  readonly tenant: string;
  readonly now: Date;
  /** `now` as text. */
  readonly at: string;
  /** Entries that this change has made so far. */
  readonly recorded: readonly RecordedEntry[];
  /** The next number in the order of writing. */
  next(): number;
  /** Adds an entry to the audit log. */
  record(action: string, subject: string, detail?: Readonly<Record<string, unknown>>): void;
  /**
   * At the end of the change, the audit log covers the records of a version. @param now gives their state then; `undefined` when the
   * log covers it already
   */
  seal(label: string, now: () => Promise<Seal | undefined>): void;
}

/** An entry of the audit log that is not written yet. */
export type RecordedEntry = Omit<AuditEntry, 'previous' | 'hash'>;

const TRIES = 5;

/**
 * Changes the tenant of a principal. The tenant's row is locked first, so that changes of one tenant happen one after
 * the other: no two can take the same place in the audit log, and checked conditions stay true until the write.
 */
export async function change<T>(context: Context, by: Principal, work: (change: Change) => Promise<T>): Promise<T> {
  const { write } = context.database;
  return changed((all) => write.transaction().execute(all), context, by, work);
}

/** The same for what a worker writes: it is done again when it is lost. */
export async function workChange<T>(context: Context, by: Principal, work: (change: Change) => Promise<T>): Promise<T> {
  return changed(context.database.change, context, by, work);
}

async function changed<T>(
  transact: Database['change'],
  context: Context,
  by: Principal,
  work: (change: Change) => Promise<T>,
): Promise<T> {
  checkPrincipal(by);
  for (let tries = 1; ; tries++) {
    try {
      return await transact(async (db) => {
        const ledger = new Ledger(db, by, context.now(), await lockTenant(db, by.tenant));
        const result = await work(ledger);
        await ledger.close();
        return result;
      });
    } catch (error) {
      if (!isRepeatable(error) || tries === TRIES) throw failureOf(error);
    }
  }
}

/** Reads; errors of the database are converted to registry errors. */
export async function read<T>(context: Context, by: Principal, work: (db: Reader) => Promise<T>): Promise<T> {
  checkPrincipal(by);
  return unowned(() => work(context.database.read));
}

/** The same for what belongs to no tenant. */
export async function unowned<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw failureOf(error);
  }
}

/** A UUID of version 7 (RFC 9562, 5.7), which grows with time: what is written together lies together in every index. */
export function newId(): string {
  const time = Date.now().toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}

interface Head {
  readonly audit_seq: number;
  readonly audit_hash: string;
  readonly counter: number;
}

const lockedTenant = compiledOnce({ name: 'text' }, (db, { name }, dialect) => {
  const query = db.selectFrom('tenants').selectAll().where('name', '=', name);
  // A transaction of SQLite holds the lock of the whole file.
  return dialect === 'postgres' ? query.forUpdate() : query;
});

const moveHead = compiledOnce(
  { name: 'text', audit_seq: 'number', audit_hash: 'text', counter: 'number' },
  (db, { name, ...head }) => db.updateTable('tenants').set(head).where('name', '=', name),
);

async function lockTenant(db: Transaction<Tables>, name: string): Promise<Head> {
  const [known] = await lockedTenant(db, { name });
  if (known !== undefined) return known;
  await insertRow(db, 'tenants', { name, audit_seq: 0, audit_hash: NO_ENTRY, counter: 0 }, { ifNew: true });
  const [made] = await lockedTenant(db, { name });
  if (made === undefined) throw new RegistryError('internal', 'a tenant was lost');
  return made;
}

class Ledger implements Change {
  readonly db: Transaction<Tables>;
  readonly by: Principal;
  readonly now: Date;
  readonly at: string;
  readonly #head: Head;
  #counter: number;
  readonly #entries: RecordedEntry[] = [];
  readonly #seals = new Map<string, () => Promise<Seal | undefined>>();

  constructor(db: Transaction<Tables>, by: Principal, now: Date, head: Head) {
    this.db = db;
    this.by = by;
    this.now = now;
    this.at = now.toISOString();
    this.#head = head;
    this.#counter = head.counter;
  }

  get tenant(): string {
    return this.by.tenant;
  }

  get recorded(): readonly RecordedEntry[] {
    return this.#entries;
  }

  next(): number {
    this.#counter++;
    return this.#counter;
  }

  record(action: string, subject: string, detail: Readonly<Record<string, unknown>> = {}): void {
    const seq = (this.#entries.at(-1)?.seq ?? this.#head.audit_seq) + 1;
    const { at, tenant } = this;
    // As it will be read again.
    const kept = JSON.parse(canonicalJson(detail)) as Record<string, unknown>;
    this.#entries.push({ seq, at, tenant, actor: nameOf(this.by), action, subject, detail: kept });
  }

  seal(label: string, now: () => Promise<Seal | undefined>): void {
    // The first knows what was there before the change.
    if (!this.#seals.has(label)) this.#seals.set(label, now);
  }

  /** Writes the audit entries, and the tenant's new head. */
  async close(): Promise<void> {
    await this.#sealAll();
    let last = { seq: this.#head.audit_seq, hash: this.#head.audit_hash };
    for (const one of this.#entries) {
      const entry = { ...one, previous: last.hash };
      const hash = hashOfEntry(entry);
      await insertRow(this.db, 'audit', { ...entry, detail: canonicalJson(entry.detail), hash });
      last = { seq: entry.seq, hash };
    }
    if (this.#entries.length === 0) {
      if (this.#counter === this.#head.counter) return;
      throw new RegistryError('internal', 'a change leaves no entry in the audit log');
    }
    await moveHead(this.db, {
      name: this.tenant,
      audit_seq: last.seq,
      audit_hash: last.hash,
      counter: this.#counter,
    });
  }

  /** The last entry holds what the records of all versions are after the change. */
  async #sealAll(): Promise<void> {
    const seals: (Seal & { readonly version: string })[] = [];
    for (const [version, now] of this.#seals) {
      const seal = await now();
      if (seal !== undefined) seals.push({ version, ...seal });
    }
    const [first] = seals;
    if (first === undefined) return;
    if (this.#entries.length === 0) this.record('version.sealed', first.version);
    const last = this.#entries.pop();
    if (last !== undefined) this.#entries.push({ ...last, detail: { ...last.detail, seals } });
  }
}
