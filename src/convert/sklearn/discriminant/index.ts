import { type Estimator, labelCount } from '../../estimator/index.ts';
import type { Columns, Matrix, Prediction } from '../../operators/index.ts';
import { binaryPrediction, classPrediction, type EstimatorContext, type Family } from '../context/index.ts';
import { weightedSums } from '../linear/index.ts';

function linear(estimator: Estimator, x: Columns, context: EstimatorContext): Prediction {
  const { ops } = context;
  const labels = estimator.labels('classes_', 2);
  const count = labelCount(labels);
  const { value } = weightedSums(estimator, x, context, count === 2 ? 1 : count);
  if (count === 2) return binaryPrediction(ops, labels, value, ops.sigmoid(value));
  return classPrediction(labels, value, ops.softmax(value), value);
}

/** The axes along which the classes differ most. */
function axes(estimator: Estimator, x: Columns, { ops, reals }: EstimatorContext): Matrix {
  const { value, width } = reals(estimator, x);
  const solver = estimator.choice('solver', ['svd', 'eigen'], 'svd');
  const { columns, values } = estimator.matrix('scalings_', { rows: width });
  const kept = Math.min(columns, estimator.count('_max_components', columns));
  const centred = solver === 'svd' ? ops.sub(value, ops.reals(estimator.vector('xbar_', width))) : value;
  const all = ops.product(centred, { rows: width, columns, values });
  return ops.result(kept === columns ? all : ops.columns(all, [...Array(kept).keys()]), kept);
}

function quadratic(estimator: Estimator, x: Columns, context: EstimatorContext): Prediction {
  const { ops } = context;
  const { value, width } = context.reals(estimator, x);
  const labels = estimator.labels('classes_', 2);
  const count = labelCount(labels);
  const means = estimator.matrix('means_', { rows: count, columns: width });
  const priors = estimator.vector('priors_', count);
  const [rotations, scalings] = [estimator.list('rotations_'), estimator.list('scalings_')];
  if (rotations.length !== count || scalings.length !== count) throw estimator.broken(`it is not for ${count} classes`);
  const logs = Array.from({ length: count }, (_, cls) => {
    const rotation = estimator.matrixOf(rotations[cls], 'rotations_', { rows: width });
    const scaling = estimator.numbersOf(scalings[cls], 'scalings_');
    if (scaling.length !== rotation.columns) throw estimator.broken(`scalings_[${cls}] has ${scaling.length} numbers`);
    const turned = rotation.values.map((one, at) => one / Math.sqrt(scaling[at % rotation.columns] ?? 1));
    const centred = ops.sub(value, ops.reals(means.values.slice(cls * width, (cls + 1) * width)));
    const norm = ops.reduce('ReduceSum', ops.square(ops.product(centred, { ...rotation, values: turned })));
    const base = scaling.reduce((sum, one) => sum + Math.log(one), 0);
    return ops.add(ops.scale(norm, -0.5), ops.real(-0.5 * base + Math.log(priors[cls] ?? 0)));
  });
  const scores = ops.concat(logs);
  const decision = count === 2 ? ops.sub(ops.columns(scores, [1]), ops.columns(scores, [0])) : scores;
  return classPrediction(labels, scores, ops.softmax(scores), decision);
}

/** Discriminant analysis. */
export const DISCRIMINANT: Family = {
  'sklearn.discriminant_analysis.LinearDiscriminantAnalysis': { predict: linear, transform: axes },
  'sklearn.discriminant_analysis.QuadraticDiscriminantAnalysis': { predict: quadratic },
};
