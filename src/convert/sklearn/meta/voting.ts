import type { GraphValue } from '../../../formats/onnx/index.ts';
import { sequenceOf } from '../../../formats/pickle/inert/index.ts';
import { type Estimator, type Labels, labelCount } from '../../estimator/index.ts';
import type { Columns } from '../../operators/index.ts';
import { type Converter, classPrediction, type EstimatorContext } from '../context/index.ts';
import { classesOf, memberInputs, sharesFor, valuesOf, weightedMean } from './members.ts';

/** The weights of the members that were not dropped. */
function weightsOf(estimator: Estimator, members: number): number[] | undefined {
  if (estimator.lacks('weights')) return undefined;
  const weights = [...estimator.numbersOf(estimator.raw('weights'), 'weights')];
  const given = estimator.list('estimators').map((item) => sequenceOf(item)?.[1]);
  const used = weights.filter((_, index) => given[index] !== 'drop' && given[index] !== null);
  if (given.length !== weights.length || used.length !== members)
    throw estimator.broken(`it has ${used.length} weights for ${members} estimators`);
  return used;
}

export const votingClassifier: Converter = {
  inputs: memberInputs('estimators_'),
  predict(estimator, x, context) {
    const { ops } = context;
    const labels = estimator.labels();
    const count = labelCount(labels);
    const members = estimator.estimators('estimators_');
    const weights = weightsOf(estimator, members.length);
    if (members.length === 0) throw estimator.broken('it has no estimators');
    if (estimator.choice('voting', ['hard', 'soft'], 'hard') === 'soft') {
      const shares = members.map((member) => {
        if (classesOf(member, x, context).probabilities === undefined) throw member.refuse('it has no probabilities');
        return sharesFor(member, x, context, count);
      });
      return classPrediction(labels, weightedMean(shares, weights, context));
    }
    const votes = members.map((member, index) => {
      const { scores, labels: own } = classesOf(member, x, context);
      if (labelCount(own) !== count) throw member.refuse('it met only some of the classes');
      return ops.scale(ops.oneHot(ops.best(scores), count), weights?.[index] ?? 1);
    });
    return { kind: 'classes', labels, scores: ops.sum(votes), probabilities: undefined, decision: undefined };
  },
};

export const votingRegressor: Converter = {
  inputs: memberInputs('estimators_'),
  predict(estimator, x, context) {
    const members = estimator.estimators('estimators_');
    if (members.length === 0) throw estimator.broken('it has no estimators');
    const values = members.map((member) => valuesOf(member, x, context, 1).values);
    return { kind: 'values', values: weightedMean(values, weightsOf(estimator, members.length), context), width: 1 };
  },
};

/** What the final estimator is given: the predictions of the others, and the features where they are passed through. */
function stacked(estimator: Estimator, x: Columns, context: EstimatorContext): Columns {
  const { ops } = context;
  const members = estimator.estimators('estimators_');
  const methods = estimator.list('stack_method_');
  if (members.length === 0 || methods.length !== members.length)
    throw estimator.broken(`it has methods for ${methods.length} of ${members.length} estimators`);
  const parts: { value: GraphValue; width: number }[] = members.map((member, index) =>
    memberColumns(member, methods[index], x, context),
  );
  if (estimator.flag('passthrough', false)) parts.push(context.reals(estimator, x));
  const width = parts.reduce((sum, part) => sum + part.width, 0);
  return { kind: 'matrix', matrix: ops.result(ops.concat(parts.map(({ value }) => value)), width) };
}

function memberColumns(member: Estimator, method: unknown, x: Columns, context: EstimatorContext) {
  const { ops } = context;
  const prediction = context.predict(member, x);
  if (prediction.kind === 'values' && method === 'predict')
    return { value: prediction.values, width: prediction.width };
  if (prediction.kind !== 'classes') throw member.refuse(`its ${String(method)} is stacked`);
  const { labels, probabilities, decision, scores } = prediction;
  const width = labelCount(labels);
  if (method === 'predict_proba' && probabilities !== undefined) {
    // Of two classes, the second one says all.
    return width === 2 ? { value: ops.columns(probabilities, [1]), width: 1 } : { value: probabilities, width };
  }
  if (method === 'decision_function' && decision !== undefined)
    return { value: decision, width: width === 2 ? 1 : width };
  if (method !== 'predict' || labels.kind !== 'integers') throw member.refuse(`its ${String(method)} is stacked`);
  const label = ops.cast(ops.labelOf(scores, labels), ops.precision);
  return { value: ops.op('Unsqueeze', [label, ops.ints([1])]), width: 1 };
}

export const stackingClassifier: Converter = {
  inputs: memberInputs('estimators_'),
  predict(estimator, x, context) {
    const labels = stackLabels(estimator);
    const final = classesOf(estimator.estimator('final_estimator_'), stacked(estimator, x, context), context);
    if (labelCount(final.labels) !== labelCount(labels))
      throw estimator.broken('its final estimator has other classes');
    return { ...final, labels };
  },
};

/** The final estimator numbers the classes. */
function stackLabels(estimator: Estimator): Labels {
  if (estimator.has('classes_')) return estimator.labels();
  return estimator.estimator(['_label_encoder', '_le']).labels();
}

export const stackingRegressor: Converter = {
  inputs: memberInputs('estimators_'),
  predict: (estimator, x, context) =>
    context.predict(estimator.estimator('final_estimator_'), stacked(estimator, x, context)),
};
