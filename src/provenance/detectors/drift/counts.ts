import { isObject } from '../../../core/schema/index.ts';

/** How often each value was seen; the least frequent are together. */
export interface ValueCounts {
  readonly values: readonly (readonly [value: string, count: number])[];
  readonly rest: number;
}

/** Counts that a profile holds. */
export function readCounts(sketch: unknown): ValueCounts | undefined {
  if (!isObject(sketch) || !Array.isArray(sketch.values) || !isCount(sketch.rest)) return undefined;
  const values = sketch.values.flatMap((pair: unknown) =>
    Array.isArray(pair) && typeof pair[0] === 'string' && isCount(pair[1]) ? [[pair[0], pair[1]] as const] : [],
  );
  return { values, rest: sketch.rest };
}

export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** Keeps the most frequent values. */
export function frequent(values: readonly (readonly [string, number])[], total: number, most: number): ValueCounts {
  const kept = values.slice(0, most);
  return { values: kept, rest: total - kept.reduce((sum, [, count]) => sum + count, 0) };
}

/** The counts of two sets over the values of the first, and of all others together. */
export function aligned(before: ValueCounts, after: ValueCounts): readonly [readonly number[], readonly number[]] {
  const found = new Map(after.values);
  const same = before.values.map(([value]) => found.get(value) ?? 0);
  const total = after.values.reduce((sum, [, count]) => sum + count, after.rest);
  const rest = total - same.reduce((sum, count) => sum + count, 0);
  return [
    [...before.values.map(([, count]) => count), before.rest],
    [...same, rest],
  ];
}
