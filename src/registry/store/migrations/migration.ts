import type { Kysely } from 'kysely';
import type { Dialect } from '../dialect.ts';

/** One step of the schema, forward. What was released is never edited: another step follows. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  up(db: Kysely<unknown>, dialect: Dialect): Promise<void>;
}
