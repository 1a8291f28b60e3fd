import { type Compilable, CompiledQuery, type InsertObject, SqliteAdapter } from 'kysely';
import type { Reader } from './database.ts';
import type { Dialect } from './dialect.ts';
import type { Tables } from './tables.ts';

/** A placeholder for a value while a query is built; no database stores a NUL, so it is never a value. */
const PLACE = '\0';

interface Kinds {
  readonly text: string;
  readonly number: number;
}

type Names = Readonly<Record<string, keyof Kinds>>;
type Values<N extends Names> = { readonly [K in keyof N]: Kinds[N[K]] };

/** SQL, and what is put in for its parameters: a name stands for a value that is given later. */
interface Built {
  readonly sql: string;
  readonly parameters: readonly (string | { readonly value: unknown })[];
}

/**
 * A query for the hot path, where putting one together costs more than running it: it is built once for each kind of database,
 * and run with other values each time. What never changes and may decide the plan (a state that an index is for, a limit) is
 * best a literal: SQLite plans again whenever such a parameter is given a value.
 * @param names of the values
 * @param build puts the query together with what stands for each of them
 */
export function compiledOnce<R, const N extends Names>(
  names: N,
  build: (db: Reader, places: Values<N>, dialect: Dialect) => Compilable<R>,
): (db: Reader, values: Values<N>) => Promise<R[]> {
  const places = placesOf(Object.keys(names)) as Values<N>;
  const known = new Map<Dialect, Built>();
  return async (db, values) => {
    const dialect = dialectOf(db);
    let built = known.get(dialect);
    if (built === undefined) {
      built = builtOf(build(db, places, dialect));
      known.set(dialect, built);
    }
    return run<R>(db, built, values);
  };
}

const insertions = new Map<string, Built>();

/** Inserts a row. @param ifNew leaves one that is there as it is */
export async function insertRow<T extends keyof Tables & string>(
  db: Reader,
  table: T,
  row: InsertObject<Tables, T>,
  { ifNew = false } = {},
): Promise<void> {
  // A row is written in one place, always with the same columns: there are few of them.
  const key = [dialectOf(db), table, ifNew, ...Object.keys(row)].join();
  let built = insertions.get(key);
  if (built === undefined) {
    const insertion = db.insertInto(table).values(placesOf(Object.keys(row)) as InsertObject<Tables, T>);
    built = builtOf(ifNew ? insertion.onConflict((conflict) => conflict.doNothing()) : insertion);
    insertions.set(key, built);
  }
  await run(db, built, row);
}

function dialectOf(db: Reader): Dialect {
  return db.getExecutor().adapter instanceof SqliteAdapter ? 'sqlite' : 'postgres';
}

function placesOf(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, PLACE + name]));
}

function builtOf(query: Compilable<unknown>): Built {
  const { sql, parameters } = query.compile();
  const named = (value: unknown) => (typeof value === 'string' && value.startsWith(PLACE) ? value.slice(1) : { value });
  return { sql, parameters: parameters.map(named) };
}

async function run<R>(db: Reader, { sql, parameters }: Built, values: object): Promise<R[]> {
  const given = parameters.map((one) => (typeof one === 'string' ? Reflect.get(values, one) : one.value));
  return (await db.executeQuery<R>(CompiledQuery.raw(sql, given))).rows;
}
