/** So much of the rows of a finding must be rows of another one for both to be one. */
const SHARED = 0.5;

/** Findings that are about the same rows. */
export interface RowGroup<T> {
  /** The first that was given. */
  readonly best: T;
  readonly all: readonly T[];
  /** Rows of any of them, in order. */
  readonly rows: readonly number[];
}

/** @param found the least likely first */
export function groupBySharedRows<T extends { readonly hits: readonly number[] }>(
  found: readonly T[],
): readonly RowGroup<T>[] {
  const groups: { readonly best: T; readonly all: T[]; readonly rows: Set<number> }[] = [];
  for (const one of found) {
    const group = groups.find(({ rows }) => one.hits.filter((row) => rows.has(row)).length >= SHARED * one.hits.length);
    if (group === undefined) groups.push({ best: one, all: [one], rows: new Set(one.hits) });
    else {
      group.all.push(one);
      for (const row of one.hits) group.rows.add(row);
    }
  }
  return groups.map(({ best, all, rows }) => ({ best, all, rows: [...rows].sort((a, b) => a - b) }));
}
