import type { Kysely, Transaction } from 'kysely';
import type { Tables } from './tables.ts';

type Work<T> = (db: Transaction<Tables>) => Promise<T>;

/**
 * Concurrent changes in one transaction: a commit takes longer than its changes. A failed change does not fail the others: each
 * is then made again in its own transaction, so changes must be repeatable.
 */
export class GroupCommit {
  readonly #db: Kysely<Tables>;
  #waiting: Member[] = [];

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  change<T>(work: Work<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push(member(work, resolve, reject));
      // After all changes that have arrived so far.
      if (this.#waiting.length === 1) setImmediate(() => this.#commit());
    });
  }

  async #commit(): Promise<void> {
    const group = this.#waiting;
    this.#waiting = [];
    const [only, ...others] = group;
    if (only !== undefined && others.length === 0) return only.alone(this.#db);
    if ((await this.#together(group)) === 'ended') return;
    for (const { alone } of group) await alone(this.#db);
  }

  /** @returns `spoilt` when nothing was changed because one of them failed: each caller then gets its own result. */
  async #together(group: readonly Member[]): Promise<'ended' | 'spoilt'> {
    let making = false;
    try {
      const told = await this.#db.transaction().execute(async (db) => {
        const tellers: (() => void)[] = [];
        for (const { within } of group) {
          making = true;
          tellers.push(await within(db));
          making = false;
        }
        return tellers;
      });
      for (const tell of told) tell();
    } catch (error) {
      if (making) return 'spoilt';
      // The database takes no change, or could not keep this one.
      for (const { reject } of group) reject(error);
    }
    return 'ended';
  }
}

interface Member {
  /** Makes its change; the returned function reports the result after the commit. */
  within(db: Transaction<Tables>): Promise<() => void>;
  alone(db: Kysely<Tables>): Promise<void>;
  reject(error: unknown): void;
}

function member<T>(work: Work<T>, resolve: (result: T) => void, reject: (error: unknown) => void): Member {
  return {
    async within(db) {
      const result = await work(db);
      return () => resolve(result);
    },
    alone: (db) => db.transaction().execute(work).then(resolve, reject),
    reject,
  };
}
