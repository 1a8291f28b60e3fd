import type { DataCheck, RowToReview } from '../../core/data/index.ts';
import { type Engine, inDialect, statementNamed } from '../../provenance/index.ts';

/** A row to look at, as the list of them has it. */
export interface ReviewRow extends RowToReview {
  /** The id of the check. */
  readonly check: string;
}

interface Found {
  readonly check: DataCheck;
  readonly rows: readonly Omit<RowToReview, 'id'>[];
}

/** Ids that are looked up; a list of more rows has the numbers of the rest alone. */
const MAX_IDS = 100_000;
const AT_ONCE = 5_000;

/** Writes the id of each row beside its number. */
export async function withIds(
  engine: Engine,
  hasIds: boolean,
  found: readonly Found[],
): Promise<{ readonly checks: readonly DataCheck[]; readonly rows: readonly ReviewRow[] }> {
  const numbers = new Set(found.flatMap(({ rows }) => rows.flatMap(({ row }) => (row === null ? [] : [row]))));
  const ids = hasIds ? await idsOf(engine, [...numbers].slice(0, MAX_IDS)) : new Map<number, string>();
  const named = <T extends { readonly row: number | null }>(row: T) => ({
    ...row,
    id: row.row === null ? null : (ids.get(row.row) ?? null),
  });
  return {
    checks: found.map(({ check }) => ({ ...check, rows: check.rows.map(named) })),
    rows: found.flatMap(({ check: { id: check }, rows }) => rows.map((row) => ({ check, ...named(row) }))),
  };
}

async function idsOf(engine: Engine, numbers: readonly number[]): Promise<ReadonlyMap<number, string>> {
  if (numbers.length === 0) return new Map();
  await engine.run('CREATE TABLE wanted (row_number BIGINT)');
  for (let at = 0; at < numbers.length; at += AT_ONCE) {
    const values = numbers.slice(at, at + AT_ONCE).map((row) => `(${Math.trunc(row)})`);
    await engine.run(`INSERT INTO wanted VALUES ${values.join(', ')}`);
  }
  const { rows } = await engine.run(inDialect(statementNamed('ids'), engine.dialect));
  return new Map(rows.map(([row, id]) => [Number(row), String(id)]));
}
