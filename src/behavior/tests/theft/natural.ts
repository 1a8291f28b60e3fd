import { AssayError, quotedName, SeededRandom } from '../../../core/index.ts';
import type { TestData } from '../kind.ts';
import { type RowNumbers, rowNumbers } from '../numbers.ts';
import { Distances } from './distances.ts';

/** Rows that queries are compared with: fewer where they are wide, because each is compared with each. */
const MOST = 1_000;
const WORK = 2e9;
/** Of natural rows, so large a share is at most this far from the nearest other one. */
const USUAL_SHARE = 0.99;

/** Natural rows, and how far they are from one another. */
export interface Natural {
  readonly rows: RowNumbers;
  /** A query that is further from all of them is not like them. */
  readonly far: number;
}

/**
 * How far natural rows are from one another, of so many that are drawn.
 * @throws AssayError `usage` for rows that are too few, or equal, or of other inputs
 */
export function naturalOf(data: TestData, width: number, seed: number): Natural {
  const all = rowNumbers(data.feeds, data.name);
  if (all.width !== width)
    throw new AssayError('usage', `rows of ${quotedName(data.name)} have ${all.width} numbers, and queries ${width}`);
  const most = Math.max(2, Math.min(MOST, Math.floor(Math.sqrt(WORK / width))));
  const order = new SeededRandom(seed).order(all.rows).subarray(0, most);
  const values = new Float64Array(order.length * width);
  for (const [at, row] of order.entries()) values.set(all.values.subarray(row * width, (row + 1) * width), at * width);
  const rows = { rows: order.length, width, values };
  const distances = new Distances(rows, Number.POSITIVE_INFINITY);
  const places = Array.from(order.keys());
  const nearest = Float64Array.from(places, (row) => distances.nearest(row, others(places, row)) ?? Number.NaN).sort();
  const far = nearest[Math.ceil(USUAL_SHARE * nearest.length) - 1];
  if (far === undefined || !Number.isFinite(far) || far === 0)
    throw new AssayError('usage', `the rows of ${quotedName(data.name)} are too few, or equal`, {
      hint: 'give rows like those that honest clients ask about',
    });
  return { rows, far };
}

function* others(places: readonly number[], row: number): Generator<number> {
  for (const place of places) if (place !== row) yield place;
}
