import type { DataMeasure } from '../../core/data/index.ts';

/** Why a comparison is not assessed. */
export const NO_BASELINE = 'there is no approved baseline to compare with; give --baseline';

/** A number of which nothing is asked. */
export function shownMeasure(name: string, value: number, baseline: number | null = null): DataMeasure {
  return { name, value: finite(value), baseline, max: null, pass: null };
}

/** A number that is to be no larger than `max`. */
export function boundedMeasure(name: string, value: number, max: number, baseline: number | null = null): DataMeasure {
  return { name, value: finite(value), baseline, max, pass: Number.isFinite(value) && value <= max };
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** A share as people read it: `1.25 %`. */
export function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}

/** `1 row`, `2 rows`. */
export function countText(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
