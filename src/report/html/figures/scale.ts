/** The values that an axis shows, and where each is in the drawing. */
export interface Scale {
  readonly ticks: readonly number[];
  place(value: number): number;
}

/** Steps of an axis, of which people think in tens. */
const STEPS = [1, 2, 2.5, 5, 10];
const MOST_TICKS = 6;
/** What is between an axis and its next round numbers must be finite, too. */
export const MAX_DRAWN = 1e300;
/** Of the larger of two numbers: less is not seen, and its steps have no numbers of their own. */
const SAME = 1e-9;

/** A linear axis over all values, from a round number to a round one. @param values at least one, none beyond `MAX_DRAWN` */
export function scaleOf(values: readonly number[], from: number, to: number): Scale {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const size = Math.max(Math.abs(low), Math.abs(high));
  // One value alone, or what cannot be told from it, stands in the middle.
  if (high / 2 - low / 2 <= size * SAME) [low, high] = size === 0 ? [-1, 1] : [low - size / 2, low + size / 2];
  const step = stepOf(high / (MOST_TICKS - 1) - low / (MOST_TICKS - 1));
  const first = Math.floor(low / step);
  const last = Math.ceil(high / step);
  const length = Math.min(last - first, 2 * MOST_TICKS) + 1;
  const ticks = Array.from({ length }, (_, i) => rounded((first + i) * step));
  const [least = low, most = high] = [ticks[0], ticks.at(-1)];
  const range = most / 2 - least / 2;
  return {
    ticks,
    // Halved, because the difference of two finite numbers may not be one.
    place: (value) => {
      const share = Math.min(1, Math.max(0, (value / 2 - least / 2) / range));
      return Math.round((from + share * (to - from)) * 10) / 10;
    },
  };
}

function stepOf(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(least, Number.MIN_VALUE * 1e20)));
  return (STEPS.find((step) => step * power >= least) ?? 10) * power;
}

/** Without the last digits of sums of binary fractions. */
function rounded(value: number): number {
  return Number(value.toPrecision(10));
}

/** A number as people read it: four digits. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) return 'not a finite number';
  return String(Number(value.toPrecision(4)));
}
