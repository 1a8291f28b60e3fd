import type { DataFigure, DataMeasure } from '../../core/data/index.ts';
import { cut } from '../../core/index.ts';

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

/** Bars that a figure keeps, and characters of a name. */
const MAX_BARS = 40;
const MAX_NAME = 200;

/** A figure of the first bars, and none without bars. */
export function barsFigure(
  title: string,
  value: string,
  bars: readonly { readonly name: string; readonly value: number; readonly baseline?: number }[],
): readonly DataFigure[] {
  const drawn = bars.filter((bar) => Number.isFinite(bar.value)).slice(0, MAX_BARS);
  if (drawn.length === 0) return [];
  const shown = drawn.map((bar) => ({
    name: cut(bar.name, MAX_NAME),
    value: bar.value,
    baseline: bar.baseline ?? null,
  }));
  return [{ kind: 'bars', title, value, bars: shown }];
}
