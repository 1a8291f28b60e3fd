import type { FeatureRows } from './feature-rows.ts';
import { principalComponents } from './principal-components.ts';

/** Columns beyond these are summed up by principal components. */
const MOST_COLUMNS = 64;
const COMPONENTS = 40;
/** Values that are among the lowest or the highest so much of a column do not stretch it. */
const TAIL = 0.005;
/** Values of a column that are looked at to tell its range. */
const SAMPLE = 20_000;

/**
 * The columns from 0 to 1 each, without those that have one value; at most 64, or 40 principal components of more. One odd number cannot
 * squeeze the rest of its column together: what is beyond the range of most values is cut.
 * @param values finite numbers, `columns` of each row
 * @param used the columns that are features
 */
export function scaledFeatures(
  values: Float64Array | Uint8Array,
  rows: number,
  columns: number,
  used: readonly number[],
  seed: number,
): FeatureRows {
  const ranges = used.map((column) => ({ column, ...rangeOf(values, rows, columns, column) }));
  const kept = ranges.filter(({ low, high }) => high > low);
  const scaled = new Float32Array(rows * kept.length);
  for (const [place, { column, low, high }] of kept.entries()) {
    for (let row = 0; row < rows; row++) {
      const value = values[row * columns + column] ?? 0;
      // Halves, so that the difference of two large numbers is one.
      const share = (value / 2 - low / 2) / (high / 2 - low / 2);
      scaled[row * kept.length + place] = Math.min(1, Math.max(0, share));
    }
  }
  const matrix = { rows, width: kept.length, values: scaled };
  return kept.length > MOST_COLUMNS ? principalComponents(matrix, COMPONENTS, seed) : matrix;
}

/** Where most values of a column lie; where these are all one, all of them. */
function rangeOf(
  values: Float64Array | Uint8Array,
  rows: number,
  columns: number,
  column: number,
): { low: number; high: number } {
  const step = Math.max(1, Math.floor(rows / SAMPLE));
  const sample = Float64Array.from(
    { length: Math.ceil(rows / step) },
    (_, at) => values[at * step * columns + column] ?? 0,
  );
  sample.sort();
  const cut = Math.floor(sample.length * TAIL);
  const [low = 0, high = 0] = [sample[cut], sample[sample.length - 1 - cut]];
  if (high > low) return { low, high };
  let [least, most] = [low, high];
  for (let row = 0; row < rows; row++) {
    const value = values[row * columns + column] ?? 0;
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return { low: least, high: most };
}
