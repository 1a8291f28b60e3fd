import type { GraphValue } from '../../../formats/onnx/index.ts';
import type { Estimator } from '../../estimator/index.ts';
import type { Operators } from '../../operators/index.ts';

/** What TfidfTransformer makes of counts (sklearn/feature_extraction/text.py). [N, width] */
export function weighted(ops: Operators, estimator: Estimator, counts: GraphValue, width: number): GraphValue {
  const scaled = estimator.flag('sublinear_tf', false) ? sublinear(ops, counts) : counts;
  const weights = estimator.flag('use_idf', true) ? ops.mul(scaled, ops.reals(frequencies(estimator, width))) : scaled;
  return normed(ops, estimator, weights);
}

/** Zeros stay zeros. */
function sublinear(ops: Operators, counts: GraphValue): GraphValue {
  const none = ops.op('Equal', [counts, ops.real(0)]);
  const logarithm = ops.op('Log', [ops.where(none, ops.real(1), counts)]);
  return ops.where(none, ops.real(0), ops.add(logarithm, ops.real(1)));
}

/** A weight for each term; versions before 1.4 keep it as a diagonal matrix of SciPy. */
function frequencies(estimator: Estimator, width: number): Float64Array {
  if (!estimator.lacks('idf_')) return estimator.vector('idf_', width);
  const diagonal = estimator.estimator('_idf_diag');
  const columns = diagonal.vector('indices', width);
  if (columns.some((column, row) => column !== row)) throw estimator.broken('_idf_diag is not a diagonal matrix');
  return diagonal.vector('data', width);
}

/** Rows of zeros stay as they are. */
function normed(ops: Operators, estimator: Estimator, weights: GraphValue): GraphValue {
  if (estimator.lacks('norm')) return weights;
  const norm = estimator.choice('norm', ['l1', 'l2']);
  const length =
    norm === 'l1'
      ? ops.reduce('ReduceSum', ops.op('Abs', [weights]))
      : ops.op('Sqrt', [ops.reduce('ReduceSum', ops.square(weights))]);
  const zero = ops.op('Equal', [length, ops.real(0)]);
  return ops.div(weights, ops.where(zero, ops.real(1), length));
}
