import type { GraphValue } from '../../../formats/onnx/index.ts';
import type { Estimator } from '../../estimator/index.ts';
import { labelCount } from '../../estimator/index.ts';
import type { ClassPrediction, Columns, ValuePrediction } from '../../operators/index.ts';
import type { EstimatorContext, ModelInputs } from '../context/index.ts';
import { matrixInputs } from '../context/index.ts';

/** What a member that classifies predicts. */
export function classesOf(member: Estimator, x: Columns, context: EstimatorContext): ClassPrediction {
  const prediction = context.predict(member, x);
  if (prediction.kind !== 'classes') throw member.refuse('it is used as a classifier');
  return prediction;
}

/** What a member that is a regressor predicts. */
export function valuesOf(member: Estimator, x: Columns, context: EstimatorContext, width?: number): ValuePrediction {
  const prediction = context.predict(member, x);
  if (prediction.kind !== 'values') throw member.refuse('it is used as a regressor');
  if (width !== undefined && prediction.width !== width) throw member.refuse(`it has ${prediction.width} outputs`);
  return prediction;
}

/** The probabilities that a member gives to `classes` classes, which it numbers from 0 on where it met only some. */
export function sharesFor(member: Estimator, x: Columns, context: EstimatorContext, classes: number): GraphValue {
  const { ops } = context;
  const { labels, probabilities, scores } = classesOf(member, x, context);
  const count = labelCount(labels);
  // A member without probabilities votes.
  const shares = probabilities ?? ops.oneHot(ops.best(scores), count);
  if (count === classes) return shares;
  const positions = labels.kind === 'integers' ? labels.values.map(Number) : [];
  if (positions.length !== count || positions.some((position) => position < 0 || position >= classes))
    throw member.broken(`it has ${count} classes, which are not some of ${classes}`);
  ops.budget.work(count * classes);
  const spread = new Float64Array(count * classes);
  for (const [from, to] of positions.entries()) spread[from * classes + to] = 1;
  return ops.product(shares, { rows: count, columns: classes, values: spread });
}

/** The inputs of the first member, where the estimator does not know them. */
export function memberInputs(attribute: string) {
  return (estimator: Estimator, context: Pick<EstimatorContext, 'inputs' | 'converter'>): ModelInputs => {
    if (!estimator.lacks('n_features_in_')) return matrixInputs(estimator);
    const [first] = estimator.estimators(attribute);
    if (first === undefined) throw estimator.broken(`${attribute} is empty`);
    return context.inputs(first);
  };
}

/** The weighted mean of some values. */
export function weightedMean(
  values: readonly GraphValue[],
  weights: readonly number[] | undefined,
  { ops }: EstimatorContext,
): GraphValue {
  const used = weights ?? values.map(() => 1);
  const total = used.reduce((sum, weight) => sum + weight, 0);
  return ops.sum(values.map((value, index) => ops.scale(value, (used[index] ?? 0) / total)));
}
