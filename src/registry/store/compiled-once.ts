import { type Compilable, CompiledQuery } from 'kysely';
import type { Reader } from './database.ts';

/** What stands for a value while a query is built; no database keeps a NUL, so it is no value. */
const PLACE = '\0';

interface Built {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/**
 * A query for the hot path, where putting one together costs more than running it: it is built once for each database, and run
 * with other values each time.
 * @param names of the values
 * @param build puts the query together with what stands for each of them
 */
export function compiledOnce<R, N extends string>(
  names: readonly N[],
  build: (db: Reader, places: Readonly<Record<N, string>>) => Compilable<R>,
): (db: Reader, values: Readonly<Record<N, string>>) => Promise<R[]> {
  const places = Object.fromEntries(names.map((name) => [name, PLACE + name])) as Record<N, string>;
  const known = new WeakMap<Reader, Built>();
  return async (db, values) => {
    let built = known.get(db);
    if (built === undefined) {
      built = build(db, places).compile();
      known.set(db, built);
    }
    const named: ReadonlyMap<unknown, unknown> = new Map(names.map((name) => [places[name], values[name]]));
    const parameters = built.parameters.map((value) => (named.has(value) ? named.get(value) : value));
    return (await db.executeQuery<R>(CompiledQuery.raw(built.sql, parameters))).rows;
  };
}
