import type { Estimator } from '../../estimator/index.ts';
import type { Columns, Matrix } from '../../operators/index.ts';
import type { EstimatorContext } from '../context/index.ts';

/** Columns of the result, and factors of one. */
const MAX_COLUMNS = 1_000_000;
const MAX_DEGREE = 64;

/** Products of features. Each is a product of columns, where a column of ones stands for a factor that is missing. */
export function polynomialFeatures(estimator: Estimator, x: Columns, { ops, reals }: EstimatorContext): Matrix {
  const { value, width } = reals(estimator, x);
  const { least, most } = degrees(estimator);
  const products = [...combinations(estimator, width, least, most)];
  ops.budget.work(products.length * (most + 1));
  const ones = ops.add(ops.mul(ops.columns(value, [0]), ops.real(0)), ops.real(1));
  const clean = ops.where(ops.op('IsNaN', [ones]), ops.real(1), ones);
  const extended = ops.concat([value, clean]);
  const factors = Array.from({ length: Math.max(1, most) }, (_, position) =>
    ops.columns(
      extended,
      products.map((product) => product[position] ?? width),
    ),
  );
  return ops.result(
    factors.reduce((result, factor) => ops.mul(result, factor)),
    products.length,
  );
}

function degrees(estimator: Estimator): { readonly least: number; readonly most: number } {
  const degree = estimator.has('_max_degree') ? undefined : estimator.raw('degree');
  const pair = degree === undefined ? undefined : estimator.numbersOf(degree, 'degree');
  const least = pair === undefined ? estimator.count('_min_degree') : pair.length === 2 ? (pair[0] ?? 0) : 0;
  const most = pair === undefined ? estimator.count('_max_degree') : (pair.at(-1) ?? 0);
  if (!Number.isSafeInteger(most) || !Number.isSafeInteger(least) || least < 0 || most < least || most > MAX_DEGREE)
    throw estimator.refuse(`its degree ${least} to ${most} is not between 0 and ${MAX_DEGREE}`);
  return { least, most };
}

/** The features of each product, in the order of `itertools.combinations` (with replacement). */
function* combinations(estimator: Estimator, width: number, least: number, most: number): Generator<readonly number[]> {
  const step = estimator.flag('interaction_only', false) ? 1 : 0;
  let count = 0;
  const bounded = <T>(one: T): T => {
    if (++count > MAX_COLUMNS) throw estimator.refuse(`its result has more than ${MAX_COLUMNS} columns`);
    return one;
  };
  if (estimator.flag('include_bias', true)) yield bounded([]);
  for (let degree = Math.max(1, least); degree <= most; degree++) {
    const product = Array.from({ length: degree }, (_, position) => position * step);
    while ((product.at(-1) ?? 0) < width) {
      yield bounded([...product]);
      let position = degree - 1;
      while (position > 0 && (product[position] ?? 0) >= width - 1 - step * (degree - 1 - position)) position--;
      const first = (product[position] ?? 0) + 1;
      for (let next = position; next < degree; next++) product[next] = first + step * (next - position);
    }
  }
}
