import type { GraphValue } from '../../../formats/onnx/index.ts';
import { type Estimator, labelCount } from '../../estimator/index.ts';
import type { Columns, Operators, Prediction } from '../../operators/index.ts';
import { binaryPrediction, type EstimatorContext } from '../context/index.ts';
import { pairsOf, pairVotes, pairwiseDecision } from '../pairs/index.ts';
import { coupled } from './coupling.ts';
import { kernel, supportVectors } from './kernel.ts';

/** A decision for each two classes, positive for the first (libsvm, `svm_predict_values`). [N, pairs] */
function pairDecisions(estimator: Estimator, x: Columns, context: EstimatorContext, count: number): GraphValue {
  const { ops } = context;
  const { value, width } = context.reals(estimator, x);
  const vectors = supportVectors(estimator, width);
  const pairs = pairsOf(count);
  const coefficients = estimator.matrix(['_dual_coef_', 'dual_coef_'], { rows: count - 1, columns: vectors.rows });
  const intercepts = estimator.vector(['_intercept_', 'intercept_'], pairs.length);
  const sizes = [...estimator.vector(['_n_support', 'n_support_'], count)];
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (sizes.some((size) => !Number.isSafeInteger(size) || size < 0) || total !== vectors.rows)
    throw estimator.broken(`its classes have ${total} of ${vectors.rows} support vectors`);
  const starts = sizes.map((_, index) => sizes.slice(0, index).reduce((sum, size) => sum + size, 0));
  ops.budget.work(pairs.length * vectors.rows);
  const weights = new Float64Array(pairs.length * vectors.rows);
  for (const [pair, [i, j]] of pairs.entries()) {
    const copy = (cls: number, row: number) => {
      const start = starts[cls] ?? 0;
      for (let k = start; k < start + (sizes[cls] ?? 0); k++)
        weights[pair * vectors.rows + k] = coefficients.values[row * vectors.rows + k] ?? 0;
    };
    copy(i, j - 1);
    copy(j, i);
  }
  const rows = { rows: pairs.length, columns: vectors.rows, values: weights };
  return ops.affine(kernel(estimator, value, vectors, ops), rows, intercepts);
}

export function supportClassifier(estimator: Estimator, x: Columns, context: EstimatorContext): Prediction {
  const { ops } = context;
  const labels = estimator.labels('classes_', 2);
  const count = labelCount(labels);
  const decisions = pairDecisions(estimator, x, context, count);
  const shares = pairShares(estimator, decisions, ops, (count * (count - 1)) / 2);
  if (count === 2) {
    // libsvm couples the two shares of one pair, too: it ends before they are those of the pair.
    const probabilities = shares === undefined ? undefined : coupled(estimator, shares, ops, count);
    return { ...binaryPrediction(ops, labels, ops.op('Neg', [decisions]), undefined), probabilities };
  }
  const second = ops.cast(ops.op('LessOrEqual', [decisions, ops.real(0)]), ops.precision);
  const negative = ops.cast(ops.op('Less', [decisions, ops.real(0)]), ops.precision);
  const shape = estimator.choice('decision_function_shape', ['ovr', 'ovo'], 'ovr');
  const confident = pairwiseDecision(ops, negative, ops.op('Neg', [decisions]), count);
  const ties = estimator.flag('break_ties', false) && shape === 'ovr';
  const scores = ties ? confident : pairVotes(ops, second, count);
  const probabilities = shares === undefined ? undefined : coupled(estimator, shares, ops, count);
  return { kind: 'classes', labels, scores, probabilities, decision: confident };
}

/** The share of the first class of each pair, where the model was trained with `probability=True`. */
function pairShares(
  estimator: Estimator,
  decisions: GraphValue,
  ops: Operators,
  pairs: number,
): GraphValue | undefined {
  const names = { a: ['_probA', 'probA_'], b: ['_probB', 'probB_'] };
  if (estimator.lacks(names.a) || estimator.array(names.a).size === 0) return undefined;
  const [a, b] = [estimator.vector(names.a, pairs), estimator.vector(names.b, pairs)];
  const line = ops.add(ops.mul(decisions, ops.reals(a, [1, pairs])), ops.reals(b, [1, pairs]));
  // libsvm keeps shares away from 0 and 1.
  return ops.graph.op('Clip', [ops.sigmoid(ops.op('Neg', [line])), ops.real(1e-7), ops.real(1 - 1e-7)]);
}
