import type { Estimator } from '../../estimator/index.ts';
import type { Columns, Matrix } from '../../operators/index.ts';
import type { EstimatorContext, Family } from '../context/index.ts';

/** `(x - mean) @ components.T`. @param centre the attribute with the mean */
function projected(
  estimator: Estimator,
  x: Columns,
  { ops, reals }: EstimatorContext,
  { components = 'components_', centre }: { readonly components?: string; readonly centre?: string } = {},
): Matrix {
  const { value, width } = reals(estimator, x);
  const weights = estimator.matrix(components, { columns: width });
  const has = centre !== undefined && !estimator.lacks(centre);
  const centred = has ? ops.sub(value, ops.reals(estimator.vector(centre, width))) : value;
  return ops.result(ops.affine(centred, weights), weights.rows);
}

/** Principal components; those of unit variance where they are whitened. */
function pca(estimator: Estimator, x: Columns, context: EstimatorContext): Matrix {
  const result = projected(estimator, x, context, { centre: 'mean_' });
  if (!estimator.flag('whiten', false)) return result;
  const { ops } = context;
  // Variances that rounding leaves of zero are kept above it (sklearn/decomposition/_base.py, `_transform`).
  const least = estimator.isBefore(1, 4) ? 0 : 2 ** -52;
  const scale = estimator.vector('explained_variance_', result.width).map((one) => Math.max(Math.sqrt(one), least));
  return ops.result(ops.div(result.value, ops.reals(scale)), result.width);
}

/** `FactorAnalysis`: the expected factors of a sample. */
function factors(estimator: Estimator, x: Columns, { ops, reals }: EstimatorContext): Matrix {
  const { value, width } = reals(estimator, x);
  const { rows, values } = estimator.matrix('components_', { columns: width });
  const noise = estimator.vector('noise_variance_', width);
  ops.budget.work(rows * rows * width);
  const weighted = Float64Array.from(values, (one, at) => one / (noise[at % width] ?? 1));
  const gram = Array.from({ length: rows }, (_, i) =>
    Array.from({ length: rows }, (__, j) => {
      let sum = i === j ? 1 : 0;
      for (let k = 0; k < width; k++) sum += (weighted[i * width + k] ?? 0) * (values[j * width + k] ?? 0);
      return sum;
    }),
  );
  const solved = solve(gram, rows, weighted, width);
  if (solved === undefined) throw estimator.broken('its factors are not independent');
  const centred = ops.sub(value, ops.reals(estimator.vector('mean_', width)));
  return ops.result(ops.affine(centred, { rows, columns: width, values: solved }), rows);
}

/** `a^-1 @ b` of a symmetric positive matrix, by elimination. @returns undefined for a singular one */
function solve(a: number[][], size: number, b: Float64Array, width: number): Float64Array | undefined {
  const result = Float64Array.from(b);
  for (let i = 0; i < size; i++) {
    const pivot = a[i]?.[i] ?? 0;
    if (!(Math.abs(pivot) > 0)) return undefined;
    for (let row = 0; row < size; row++) {
      if (row === i) continue;
      const factor = (a[row]?.[i] ?? 0) / pivot;
      const target = a[row] ?? [];
      for (let k = i; k < size; k++) target[k] = (target[k] ?? 0) - factor * (a[i]?.[k] ?? 0);
      for (let k = 0; k < width; k++)
        result[row * width + k] = (result[row * width + k] ?? 0) - factor * (result[i * width + k] ?? 0);
    }
  }
  for (let i = 0; i < size; i++)
    for (let k = 0; k < width; k++) result[i * width + k] = (result[i * width + k] ?? 0) / (a[i]?.[i] ?? 1);
  return result;
}

/** A projection whose components do not stand as a plain array. */
function randomProjection(estimator: Estimator, x: Columns, context: EstimatorContext): Matrix {
  if (estimator.arrayOf(estimator.raw('components_')) === undefined)
    throw estimator.refuse('its components are a sparse matrix', 'use GaussianRandomProjection');
  return projected(estimator, x, context);
}

const at = (name: string) => `sklearn.decomposition.${name}`;

/** Projections to fewer features. */
export const DECOMPOSITION: Family = {
  [at('PCA')]: { transform: pca },
  [at('IncrementalPCA')]: { transform: pca },
  [at('TruncatedSVD')]: { transform: (estimator, x, context) => projected(estimator, x, context) },
  [at('FastICA')]: { transform: (estimator, x, context) => projected(estimator, x, context, { centre: 'mean_' }) },
  [at('FactorAnalysis')]: { transform: factors },
  'sklearn.random_projection.GaussianRandomProjection': { transform: randomProjection },
  'sklearn.random_projection.SparseRandomProjection': { transform: randomProjection },
};
