import type { GraphValue } from '../../../formats/onnx/index.ts';
import { type Estimator, type Labels, labelCount } from '../../estimator/index.ts';
import type { Columns } from '../../operators/index.ts';
import { type Converter, classPrediction, type EstimatorContext } from '../context/index.ts';
import { interpolated } from '../preprocessing/index.ts';
import { classesOf, weightedMean } from './members.ts';

/** `CalibratedClassifierCV`: the mean of classifiers whose decisions became probabilities. */
export const calibrated: Converter = {
  inputs(estimator, context) {
    const [first] = estimator.estimators('calibrated_classifiers_');
    if (first === undefined) throw estimator.broken('it has no classifiers');
    return context.inputs(first.estimator(['estimator', 'base_estimator']));
  },
  predict(estimator, x, context) {
    const labels = estimator.labels('classes_', 2);
    const members = estimator.estimators('calibrated_classifiers_');
    const shares = members.map((member) => memberShares(member, labels, x, context));
    return classPrediction(labels, weightedMean(shares, undefined, context));
  },
};

function memberShares(member: Estimator, labels: Labels, x: Columns, context: EstimatorContext): GraphValue {
  const { ops } = context;
  const count = labelCount(labels);
  const inner = classesOf(member.estimator(['estimator', 'base_estimator']), x, context);
  if (labelCount(inner.labels) !== count) throw member.refuse('it met only some of the classes');
  const decision = inner.decision ?? inner.probabilities;
  if (decision === undefined) throw member.refuse('its classifier has neither a decision nor probabilities');
  const calibrators = member.estimators(['calibrators', 'calibrators_']);
  const binary = count === 2;
  if (calibrators.length !== (binary ? 1 : count))
    throw member.refuse(`it has ${calibrators.length} calibrators for ${count} classes`);
  const column = binary && inner.decision === undefined ? ops.columns(decision, [1]) : decision;
  const shares = calibrators.map((calibrator, index) =>
    calibration(calibrator, binary ? column : ops.columns(column, [index]), context),
  );
  const [first] = shares;
  if (binary && first !== undefined) return ops.bothShares(first);
  const uniform = ops.reals(new Float64Array(count).fill(1 / count), [1, count]);
  return ops.normalized(ops.concat(shares), uniform);
}

function calibration(calibrator: Estimator, x: GraphValue, { ops }: EstimatorContext): GraphValue {
  if (calibrator.cls.name === '_SigmoidCalibration') {
    const line = ops.add(ops.scale(x, calibrator.number('a_')), ops.real(calibrator.number('b_')));
    return ops.sigmoid(ops.op('Neg', [line]));
  }
  if (calibrator.name !== 'sklearn.isotonic.IsotonicRegression') throw calibrator.refuse('it is used as a calibrator');
  const points = calibrator.vector('X_thresholds_');
  const results = calibrator.vector('y_thresholds_', points.length);
  return interpolated(ops, x, [...points], [...results]);
}
