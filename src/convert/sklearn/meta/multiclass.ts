import type { GraphValue } from '../../../formats/onnx/index.ts';
import { type Estimator, labelCount } from '../../estimator/index.ts';
import type { Columns } from '../../operators/index.ts';
import { binaryPrediction, type Converter, type EstimatorContext } from '../context/index.ts';
import { pairwiseDecision } from '../pairs/index.ts';
import { classesOf, memberInputs } from './members.ts';

/** One classifier a class, against all others. */
export const oneVsRest: Converter = {
  inputs: memberInputs('estimators_'),
  predict(estimator, x, context) {
    const { ops } = context;
    const labels = estimator.has('classes_') ? estimator.labels() : estimator.estimator('label_binarizer_').labels();
    const count = labelCount(labels);
    const members = estimator.estimators('estimators_');
    if (members.length !== (count === 2 ? 1 : count))
      throw estimator.broken(`it has ${members.length} estimators for ${count} classes`);
    const parts = members.map((member) => binaryOf(member, x, context));
    const [first] = parts;
    const shares = parts.flatMap(({ share }) => (share === undefined ? [] : [share]));
    if (count === 2 && first !== undefined) return binaryPrediction(ops, labels, first.centred, first.share);
    const probabilities = shares.length === count ? ops.normalized(ops.concat(shares)) : undefined;
    const decision = ops.concat(parts.map(({ confidence }) => confidence));
    return { kind: 'classes', labels, scores: decision, probabilities, decision };
  },
};

/** What a classifier of two classes says for the second one. */
function binaryOf(member: Estimator, x: Columns, context: EstimatorContext) {
  const { ops } = context;
  const { labels, decision, probabilities } = classesOf(member, x, context);
  if (labelCount(labels) !== 2) throw member.refuse('it is used for two classes');
  const share = probabilities === undefined ? undefined : ops.columns(probabilities, [1]);
  const confidence = decision ?? share;
  if (confidence === undefined) throw member.refuse('it has neither a decision nor probabilities');
  const centred = decision === undefined ? ops.sub(confidence, ops.real(0.5)) : confidence;
  return { confidence, share, centred };
}

/** One classifier for each two classes. */
export const oneVsOne: Converter = {
  inputs: memberInputs('estimators_'),
  predict(estimator, x, context) {
    const { ops } = context;
    const labels = estimator.labels('classes_', 2);
    const count = labelCount(labels);
    const members = estimator.estimators('estimators_');
    if (members.length !== (count * (count - 1)) / 2)
      throw estimator.broken(`it has ${members.length} estimators for ${count} classes`);
    if (!estimator.lacks('pairwise_indices_')) throw estimator.refuse('it takes distances instead of features');
    const pairs = members.map((member) => binaryOf(member, x, context));
    const [first] = pairs;
    if (count === 2 && first !== undefined) return binaryPrediction(ops, labels, first.centred, undefined);
    const wins: GraphValue = ops.concat(
      pairs.map(({ centred }) => ops.cast(ops.op('Greater', [centred, ops.real(0)]), ops.precision)),
    );
    const decision = pairwiseDecision(ops, wins, ops.concat(pairs.map(({ confidence }) => confidence)), count);
    return { kind: 'classes', labels, scores: decision, probabilities: undefined, decision };
  },
};
