/** The odds that each shadow model gives the true class of each row, and whether it was trained on that row. */
export interface ShadowOdds {
  readonly rows: number;
  /** Shadow after shadow: the odds of every row. */
  readonly odds: readonly Float64Array[];
  /** Row after row: 1 for each shadow that was trained on the row. */
  readonly inside: Uint8Array;
}

export type LiraVariant = 'online' | 'offline';

/** Models of a kind that a row needs: with fewer, the spread of that kind cannot be told. */
const NEEDED = 2;

/** Equal shadows differ by no more: means are rounded. */
const LEAST_VARIANCE = 1e-12;

/** How many shadows were trained on each row, or not. */
function countOf({ odds, inside }: ShadowOdds, row: number, wanted: 0 | 1): number {
  return odds.reduce((count, _, shadow) => count + (inside[row * odds.length + shadow] === wanted ? 1 : 0), 0);
}

/** The first row that has too few shadows of a kind. */
export function rowWithFew(shadows: ShadowOdds, wanted: 0 | 1): number | undefined {
  for (let row = 0; row < shadows.rows; row++) if (countOf(shadows, row, wanted) < NEEDED) return row;
  return undefined;
}

interface Fitted {
  /** Of each row. */
  readonly means: Float64Array;
  /** Of all rows together, because a row has few shadows. */
  readonly variance: number;
}

/** Normal distributions of the odds of each row, of shadows that were trained on it, or of those that were not. */
function fitted({ rows, odds, inside }: ShadowOdds, wanted: 0 | 1): Fitted {
  const means = new Float64Array(rows);
  let [squares, free] = [0, 0];
  for (let row = 0; row < rows; row++) {
    const own = odds.flatMap((values, shadow) =>
      inside[row * odds.length + shadow] === wanted ? [values[row] ?? Number.NaN] : [],
    );
    const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
    means[row] = mean;
    squares += own.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    free += own.length - 1;
  }
  return { means, variance: squares / free };
}

/**
 * The likelihood-ratio attack (Carlini et al. 2022), with one variance for all rows. Online, how much likelier the odds of a row are of
 * shadows that were trained on it than of others; offline, how many standard deviations they are above those of others.
 * @param target the odds that the model gives each row
 * @returns the larger, the more a row looks like a member; `undefined` where shadows do not differ
 */
export function liraScores(target: Float64Array, shadows: ShadowOdds, variant: LiraVariant): Float64Array | undefined {
  const out = fitted(shadows, 0);
  if (!(out.variance > LEAST_VARIANCE)) return undefined;
  if (variant === 'offline') {
    const deviation = Math.sqrt(out.variance);
    return target.map((odds, row) => (odds - (out.means[row] ?? 0)) / deviation);
  }
  const within = fitted(shadows, 1);
  if (!(within.variance > LEAST_VARIANCE)) return undefined;
  return target.map((odds, row) => logDensity(odds, within, row) - logDensity(odds, out, row));
}

/** But for a constant. */
function logDensity(odds: number, { means, variance }: Fitted, row: number): number {
  return -((odds - (means[row] ?? 0)) ** 2) / (2 * variance) - Math.log(variance) / 2;
}
