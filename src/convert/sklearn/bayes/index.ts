import type { GraphValue } from '../../../formats/onnx/index.ts';
import { type Estimator, labelCount } from '../../estimator/index.ts';
import type { Columns, Prediction } from '../../operators/index.ts';
import { classPrediction, type EstimatorContext, type Family } from '../context/index.ts';

/** Logarithms of likelihoods become shares. */
function fromLogs(estimator: Estimator, logs: GraphValue, { ops }: EstimatorContext): Prediction {
  return classPrediction(estimator.labels(), logs, ops.softmax(logs));
}

function gaussian(estimator: Estimator, x: Columns, context: EstimatorContext): Prediction {
  const { ops } = context;
  const { value, width } = context.reals(estimator, x);
  const count = labelCount(estimator.labels());
  const means = estimator.matrix('theta_', { rows: count, columns: width });
  const variances = estimator.matrix(['var_', 'sigma_'], { rows: count, columns: width });
  const prior = estimator.vector('class_prior_', count);
  const base = prior.map((share, cls) => {
    let sum = Math.log(share);
    for (let j = 0; j < width; j++) sum -= 0.5 * Math.log(2 * Math.PI * (variances.values[cls * width + j] ?? 1));
    return sum;
  });
  const each = ops.op('Unsqueeze', [value, ops.ints([1])]);
  const distances = ops.square(ops.sub(each, ops.reals(means.values, [1, count, width])));
  const scaled = ops.div(distances, ops.reals(variances.values, [1, count, width]));
  const sums = ops.op('Squeeze', [ops.reduce('ReduceSum', scaled, 2), ops.ints([2])]);
  return fromLogs(estimator, ops.add(ops.scale(sums, -0.5), ops.reals(base, [1, count])), context);
}

function multinomial(estimator: Estimator, x: Columns, context: EstimatorContext): Prediction {
  const { value, width } = context.reals(estimator, x);
  const count = labelCount(estimator.labels());
  const weights = estimator.matrix('feature_log_prob_', { rows: count, columns: width });
  return fromLogs(estimator, context.ops.affine(value, weights, estimator.vector('class_log_prior_', count)), context);
}

function complement(estimator: Estimator, x: Columns, context: EstimatorContext): Prediction {
  const { value, width } = context.reals(estimator, x);
  const count = labelCount(estimator.labels());
  const weights = estimator.matrix('feature_log_prob_', { rows: count, columns: width });
  const prior = count === 1 ? estimator.vector('class_log_prior_', count) : new Float64Array(count);
  return fromLogs(estimator, context.ops.affine(value, weights, prior), context);
}

function bernoulli(estimator: Estimator, x: Columns, context: EstimatorContext): Prediction {
  const { ops } = context;
  const { value, width } = context.reals(estimator, x);
  const count = labelCount(estimator.labels());
  const present = estimator.matrix('feature_log_prob_', { rows: count, columns: width });
  const absent = present.values.map((log) => Math.log(1 - Math.exp(log)));
  const base = estimator.vector('class_log_prior_', count).map((log, cls) => {
    let sum = log;
    for (let j = 0; j < width; j++) sum += absent[cls * width + j] ?? 0;
    return sum;
  });
  const weights = present.values.map((log, at) => log - (absent[at] ?? 0));
  const bits = estimator.lacks('binarize')
    ? value
    : ops.cast(ops.op('Greater', [value, ops.real(estimator.number('binarize'))]), ops.precision);
  return fromLogs(estimator, ops.affine(bits, { rows: count, columns: width, values: weights }, base), context);
}

function categorical(estimator: Estimator, x: Columns, context: EstimatorContext): Prediction {
  const { ops } = context;
  const { value, width } = context.reals(estimator, x);
  const count = labelCount(estimator.labels());
  const features = estimator.list('feature_log_prob_');
  if (features.length !== width)
    throw estimator.broken(`feature_log_prob_ is for ${features.length} of ${width} features`);
  const logs = features.map((item, feature) => {
    const table = estimator.matrixOf(item, 'feature_log_prob_', { rows: count });
    const code = ops.cast(ops.op('Squeeze', [ops.columns(value, [feature]), ops.ints([1])]), 'int64');
    return ops.graph.op('Gather', [ops.transposed(table), code], { axis: 0 });
  });
  const prior = ops.reals(estimator.vector('class_log_prior_', count), [1, count]);
  return fromLogs(estimator, ops.add(ops.sum(logs), prior), context);
}

const at = (name: string) => `sklearn.naive_bayes.${name}`;

/** Models of independent features. */
export const BAYES: Family = {
  [at('GaussianNB')]: { predict: gaussian },
  [at('MultinomialNB')]: { predict: multinomial },
  [at('ComplementNB')]: { predict: complement },
  [at('BernoulliNB')]: { predict: bernoulli },
  [at('CategoricalNB')]: { predict: categorical },
};
