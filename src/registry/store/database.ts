import type { Kysely, Transaction } from 'kysely';
import type { Dialect } from './dialect.ts';
import type { Tables } from './tables.ts';

/** An open database. All other code is the same for both kinds. */
export interface Database {
  readonly dialect: Dialect;
  /** Changes go through `change`, which uses a transaction of this. */
  readonly write: Kysely<Tables>;
  /**
   * For what workers write, which they do again when it is lost: no commit waits for the disk. When the machine loses its
   * power, the last of them are gone, in order; what `write` committed, and all before it, is not.
   */
  readonly work: Kysely<Tables>;
  /** A transaction of `work`. It may be made a second time: when another that came at the same moment failed. */
  change<T>(work: (db: Transaction<Tables>) => Promise<T>): Promise<T>;
  /** Sees what was committed, and never waits for a writer. */
  readonly read: Kysely<Tables>;
  close(): Promise<void>;
}

export type Reader = Kysely<Tables> | Transaction<Tables>;
