import type { Measure } from '../../core/behavior/index.ts';
import { optionalOf, realNumber } from '../../core/schema/index.ts';

/** What a suite asks of a share, of which more is better. */
export const SHARE_BOUNDS = {
  min: optionalOf(realNumber({ minimum: 0, maximum: 1, description: 'The least share that passes, from 0 to 1.' })),
  drop: optionalOf(
    realNumber({
      minimum: 0,
      maximum: 1,
      description: 'How far it may be below the approved version (--baseline); 0.01 when neither is given.',
    }),
  ),
};

export interface ShareBounds {
  readonly min?: number;
  readonly drop?: number;
}

/** How far a share may fall below that of the approved version, when the suite does not say it. */
const USUAL_DROP = 0.01;
/** Of 95 %. */
const Z = 1.959963984540054;
const LEVEL = 0.95;

/** Rows that are so, of all rows. */
export interface Share {
  readonly count: number;
  readonly of: number;
}

/**
 * A share, its interval and whether it passes: it is not below `min`, and not below that of the approved version by more than `drop`.
 * @param baseline the share of the approved version, where there is one
 */
export function shareMeasure(name: string, share: Share, bounds: ShareBounds, baseline: Share | undefined): Measure {
  const value = share.of === 0 ? null : share.count / share.of;
  const before = baseline === undefined || baseline.of === 0 ? null : baseline.count / baseline.of;
  const drop = bounds.drop ?? (before !== null && bounds.min === undefined ? USUAL_DROP : null);
  const asked: boolean[] = [];
  if (bounds.min !== undefined) asked.push(value !== null && value >= bounds.min);
  if (drop !== null && before !== null) asked.push(value !== null && value >= before - drop - ROUNDING);
  return {
    name,
    value,
    interval: value === null ? null : wilson(share),
    min: bounds.min ?? null,
    max: null,
    baseline: before,
    drop,
    rise: null,
    // What is asked beside an approved version that is not there stays open.
    pass: asked.includes(false) ? false : asked.length === 0 || (drop !== null && before === null) ? null : true,
  };
}

/** Differences of shares are not exact: 0.95 - 0.94 > 0.01. */
const ROUNDING = 1e-12;

/** Wilson's interval of a share (1927), which holds for few rows and for shares near 0 and 1, too. */
export function wilson({ count, of }: Share): NonNullable<Measure['interval']> {
  const share = count / of;
  const center = share + Z ** 2 / (2 * of);
  const half = Z * Math.sqrt((share * (1 - share)) / of + Z ** 2 / (4 * of ** 2));
  const scale = 1 + Z ** 2 / of;
  // Exact where rounding would say 3e-18.
  const low = count === 0 ? 0 : Math.max(0, (center - half) / scale);
  const high = count === of ? 1 : Math.min(1, (center + half) / scale);
  return { low, high, level: LEVEL };
}

/** What a suite asks of a number. */
export interface NumberBounds {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

/** A number that is asked for, and cannot be told without an approved version. */
export function openMeasure(name: string, max: number): Measure {
  return { ...numberMeasure(name, Number.NaN, { max }), pass: null };
}

/** A number, and whether it lies within bounds. One that is not finite does not. */
export function numberMeasure(name: string, value: number, { min, max }: NumberBounds): Measure {
  const asked = min !== undefined || max !== undefined;
  const within = value >= (min ?? Number.NEGATIVE_INFINITY) && value <= (max ?? Number.POSITIVE_INFINITY);
  return {
    name,
    value: Number.isFinite(value) ? value : null,
    interval: null,
    min: min ?? null,
    max: max ?? null,
    baseline: null,
    drop: null,
    rise: null,
    pass: asked ? Number.isFinite(value) && within : null,
  };
}

/** What a suite asks of a number of which less is better. */
export interface RiseBounds {
  readonly max?: number | undefined;
  /** How far it may be above that of the approved version. */
  readonly rise?: number | undefined;
  /** The same where a suite gives neither. */
  readonly usualRise?: number | undefined;
}

/** A number, and whether it passes: it is not above `max`, and not above that of the approved version by more than `rise`. */
export function riseMeasure(
  name: string,
  value: number,
  interval: Measure['interval'],
  bounds: RiseBounds,
  before: number | undefined,
): Measure {
  const { max } = bounds;
  const rise = bounds.rise ?? (before !== undefined && max === undefined ? (bounds.usualRise ?? null) : null);
  const asked: boolean[] = [];
  if (max !== undefined) asked.push(value <= max);
  if (rise !== null && before !== undefined) asked.push(value <= before + rise + ROUNDING);
  return {
    ...numberMeasure(name, value, {}),
    interval,
    max: max ?? null,
    baseline: before ?? null,
    rise,
    pass: asked.includes(false) ? false : asked.length === 0 || (rise !== null && before === undefined) ? null : true,
  };
}
