import type { Estimator } from '../../estimator/index.ts';
import type { Columns, Matrix } from '../../operators/index.ts';
import type { EstimatorContext } from '../context/index.ts';

/** `KBinsDiscretizer`: how many inner edges of a feature's bins are at or below a value. */
export function kBins(estimator: Estimator, x: Columns, { ops, reals }: EstimatorContext): Matrix {
  const { value, width } = reals(estimator, x);
  const encode = estimator.choice('encode', ['onehot', 'onehot-dense', 'ordinal'], 'onehot');
  const edges = estimator.list('bin_edges_');
  if (edges.length !== width) throw estimator.broken(`bin_edges_ is for ${edges.length} features instead of ${width}`);
  const old = estimator.isBefore(1, 1);
  const parts = edges.map((list, feature) => {
    const all = [...estimator.numbersOf(list, 'bin_edges_')];
    const column = ops.columns(value, [feature]);
    const inner = all.slice(1, -1);
    if (all.length < 2) throw estimator.broken('bin_edges_ has a feature without a bin');
    // Before 1.1 values just below an edge counted as at it.
    const shifted = old ? ops.add(column, tolerance(column)) : column;
    const above = ops.op('GreaterOrEqual', [shifted, ops.reals(inner, [1, inner.length])]);
    const zero = ops.mul(column, ops.real(0));
    const index = inner.length === 0 ? zero : ops.reduce('ReduceSum', ops.cast(above, ops.precision));
    if (encode === 'ordinal') return { value: index, width: 1 };
    const bins = inner.length + 1;
    const each = ops.reals(
      Array.from({ length: bins }, (_, bin) => bin),
      [1, bins],
    );
    return { value: ops.cast(ops.op('Equal', [index, each]), ops.precision), width: bins };
  });
  return ops.result(
    ops.concat(parts.map((part) => part.value)),
    parts.reduce((sum, part) => sum + part.width, 0),
  );

  /** numpy.isclose with rtol 1e-5 and atol 1e-8. */
  function tolerance(column: Parameters<typeof ops.mul>[0]) {
    return ops.add(ops.scale(ops.op('Abs', [column]), 1e-5), ops.real(1e-8));
  }
}
