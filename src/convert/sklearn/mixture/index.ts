import type { GraphValue } from '../../../formats/onnx/index.ts';
import type { Estimator, RealMatrix } from '../../estimator/index.ts';
import type { Columns, Matrix, Operators, Prediction } from '../../operators/index.ts';
import type { EstimatorContext, Family } from '../context/index.ts';
import { squaredDistances } from '../svm/index.ts';

function centres(estimator: Estimator, x: Columns, context: EstimatorContext) {
  const { value, width } = context.reals(estimator, x);
  const points = estimator.matrix('cluster_centers_', { columns: width });
  const squares = squaredDistances(value, points, context.ops);
  return { squares, count: points.rows };
}

/** Clusters around centres. */
function kMeans(estimator: Estimator, x: Columns, context: EstimatorContext): Prediction {
  const { ops } = context;
  const { squares, count } = centres(estimator, x, context);
  const distances = ops.op('Sqrt', [squares]);
  return { kind: 'clusters', count, scores: ops.op('Neg', [squares]), distances, probabilities: undefined };
}

function distancesTo(estimator: Estimator, x: Columns, context: EstimatorContext): Matrix {
  const { squares, count } = centres(estimator, x, context);
  return context.ops.result(context.ops.op('Sqrt', [squares]), count);
}

/** Clusters that are normal distributions (sklearn/mixture/_gaussian_mixture.py). */
function gaussianMixture(estimator: Estimator, x: Columns, context: EstimatorContext): Prediction {
  const { ops } = context;
  const { value, width } = context.reals(estimator, x);
  const means = estimator.matrix('means_', { columns: width });
  const count = means.rows;
  const weights = estimator.vector('weights_', count);
  const logs = Array.from({ length: count }, (_, component) => {
    const mean = means.values.slice(component * width, (component + 1) * width);
    const { norm, determinant } = distanceTo(estimator, ops, value, mean, component, { ...means, rows: count });
    const base = -0.5 * width * Math.log(2 * Math.PI) + determinant + Math.log(weights[component] ?? 0);
    return ops.add(ops.scale(norm, -0.5), ops.real(base));
  });
  const scores = ops.concat(logs);
  return { kind: 'clusters', count, scores, distances: undefined, probabilities: ops.softmax(scores) };
}

/** The squared distance to one component, and the logarithm of the determinant of its Cholesky factor. */
function distanceTo(
  estimator: Estimator,
  ops: Operators,
  x: GraphValue,
  mean: Float64Array,
  component: number,
  { rows: count, columns: width }: RealMatrix,
): { readonly norm: GraphValue; readonly determinant: number } {
  const kind = estimator.choice('covariance_type', ['full', 'tied', 'diag', 'spherical'], 'full');
  const all = estimator.numbersOf(estimator.raw('precisions_cholesky_'), 'precisions_cholesky_');
  const sizes = { full: count * width * width, tied: width * width, diag: count * width, spherical: count };
  if (all.length !== sizes[kind])
    throw estimator.broken(`precisions_cholesky_ has ${all.length} numbers instead of ${sizes[kind]}`);
  const centred = ops.sub(x, ops.reals(mean));
  if (kind === 'diag' || kind === 'spherical') {
    const scale = Float64Array.from(
      { length: width },
      (_, j) => all[kind === 'diag' ? component * width + j : component] ?? 0,
    );
    const norm = ops.reduce('ReduceSum', ops.square(ops.mul(centred, ops.reals(scale))));
    return { norm, determinant: scale.reduce((sum, one) => sum + Math.log(one), 0) };
  }
  const start = kind === 'full' ? component * width * width : 0;
  const values = all.slice(start, start + width * width);
  const norm = ops.reduce('ReduceSum', ops.square(ops.product(centred, { rows: width, columns: width, values })));
  let determinant = 0;
  for (let j = 0; j < width; j++) determinant += Math.log(values[j * width + j] ?? 0);
  return { norm, determinant };
}

/** Clusters. */
export const CLUSTERS: Family = {
  'sklearn.cluster.KMeans': { predict: kMeans, transform: distancesTo },
  'sklearn.cluster.MiniBatchKMeans': { predict: kMeans, transform: distancesTo },
  'sklearn.mixture.GaussianMixture': { predict: gaussianMixture },
};
