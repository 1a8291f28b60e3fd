import { addLoop, type TfResult, type TfValue, tfTensor } from '../../../../formats/tensorflow/index.ts';
import type { OperatorCall, OperatorFamily, Translation } from '../../call/index.ts';
import type { TfOps } from '../../ops/index.ts';
import { COMPARISONS, type Ensemble, ensembleOf, treeNumbers } from './ensemble.ts';

/**
 * All trees at once: for each sample and tree the node at which it is, which takes one step to a child in each round of a loop, as
 * many rounds as the deepest tree has decisions. Sums are in 64 bits.
 */
const regressor: Translation = (call, tf) => {
  const x = call.input(0);
  call.expect(x, 'float32', 'float64');
  if (call.rankOf(x) !== 2) throw call.broken('is not given a matrix');
  const aggregate = call.text('aggregate_function', 'SUM');
  if (aggregate !== 'SUM' && aggregate !== 'AVERAGE')
    throw call.refuse(`its aggregate function is ${aggregate.slice(0, 40)}`);
  const transform = call.text('post_transform', 'NONE');
  if (transform !== 'NONE') throw call.refuse(`its transform is ${transform.slice(0, 40)}`);
  const ensemble = ensembleOf(call);
  const columns = x.shape?.[1];
  if (columns !== undefined && ensemble.features.some((feature) => feature >= columns))
    throw call.broken(`asks for a feature beyond ${columns}`);
  const sums = sumsOf(tf, ensemble, reachedLeaves(tf, x, ensemble));
  const scaled = aggregate === 'SUM' ? sums : tf.div(sums, tf.number(ensemble.roots.length, 'float64'));
  return tf.cast(withBase(call, tf, scaled, ensemble.leaves.targets), 'float32');
};

/** The leaf of each sample and tree. [N, trees] */
function reachedLeaves(tf: TfOps, x: TfValue, ensemble: Ensemble): TfValue {
  const { roots, depth, features, yes, no, missing } = ensemble;
  const rows = tf.slice(tf.shapeOf(x), [0], [1]);
  const shape = tf.concat([rows, tf.int64s([roots.length])], 0);
  const each: TfResult = { type: 'int32', shape: [undefined, roots.length] };
  const start = tf.broadcastTo(integers(tf, roots, [1, roots.length]), shape);
  if (depth === 0) return start;
  const table = {
    x,
    features: integers(tf, features),
    bounds: tf.graph.constant(boundsTensor(x.type, ensemble.bounds)),
    yes: integers(tf, yes),
    no: integers(tf, no),
    missing: missing.every((child, at) => child === no[at]) ? undefined : integers(tf, missing),
    comparisons: integers(tf, ensemble.comparisons),
  };
  const used = new Set(ensemble.comparisons);
  const around = Object.values(table).filter((value) => value !== undefined);
  const [, leaves] = addLoop(tf.graph, {
    start: [
      { value: tf.int32s([0], []), each: { type: 'int32', shape: [] } },
      { value: start, each },
    ],
    around,
    condition: ([round = start]) => tf.compare('Less', round, tf.int32s([depth], [])),
    body: ([round = start, at = start], inside) => {
      const of = (value: TfValue) => inside.get(value) ?? value;
      const here = (value: TfValue) => tf.gather(of(value), at, 0);
      const value = tf.gather(of(x), here(table.features), 1, 1);
      const holds = compared(tf, value, here(table.bounds), used, () => here(table.comparisons));
      const next = tf.select(holds, here(table.yes), here(table.no));
      const known = table.missing === undefined ? next : tf.select(tf.asked('IsNan', value), here(table.missing), next);
      return [tf.add(round, tf.int32s([1], [])), known];
    },
  });
  return leaves ?? start;
}

/** Whether the comparison of each node holds. */
function compared(tf: TfOps, value: TfValue, bound: TfValue, used: ReadonlySet<number>, kind: () => TfValue): TfValue {
  const answers = COMPARISONS.flatMap((op, index) =>
    used.has(index) ? [{ index, answer: tf.compare(op, value, bound) }] : [],
  );
  return answers
    .map(({ answer }) => answer)
    .reduce((before, answer, place) =>
      tf.select(tf.compare('Equal', kind(), tf.int32s([answers[place]?.index ?? 0], [])), answer, before),
    );
}

/** What the leaves add up to. [N, targets] */
function sumsOf(tf: TfOps, { roots, yes, no, leaves }: Ensemble, reached: TfValue): TfValue {
  const { rows, count, targets, weights } = leaves;
  const row = tf.gather(integers(tf, rows), reached, 0);
  const single = targets === 1 ? undefined : singleTargets({ roots, yes, no, leaves });
  if (single === undefined) {
    const table = tf.graph.constant(tfTensor('float64', weights, [count, targets]));
    return tf.reduce('Sum', tf.gather(table, row, 0), [1], false);
  }
  // Each tree has one target: its weights are a column, and the columns are added to their targets.
  const column = Float64Array.from({ length: count }, (_, leaf) => {
    let weight = 0;
    for (let target = 0; target < targets; target++) weight += weights[leaf * targets + target] ?? 0;
    return weight;
  });
  const places = new Float64Array(roots.length * targets);
  for (const [tree, target] of single.entries()) places[tree * targets + target] = 1;
  const table = tf.graph.constant(tfTensor('float64', column, [count]));
  return tf.matmul(tf.gather(table, row, 0), tf.graph.constant(tfTensor('float64', places, [roots.length, targets])));
}

/** The target of each tree; undefined when a tree has several, or a weight is not finite. */
function singleTargets({
  roots,
  yes,
  no,
  leaves,
}: Pick<Ensemble, 'roots' | 'yes' | 'no' | 'leaves'>): number[] | undefined {
  const { rows, targets, weights } = leaves;
  const found: number[] = [];
  for (const root of roots) {
    let target: number | undefined;
    const waiting = [root];
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      const [left, right] = [yes[at] ?? at, no[at] ?? at];
      if (left !== at) {
        waiting.push(left, right);
        continue;
      }
      for (let column = 0; column < targets; column++) {
        const weight = weights[(rows[at] ?? 0) * targets + column] ?? 0;
        if (weight === 0) continue;
        if (!Number.isFinite(weight) || (target !== undefined && target !== column)) return undefined;
        target = column;
      }
    }
    found.push(target ?? 0);
  }
  return found;
}

function withBase(call: OperatorCall, tf: TfOps, sums: TfValue, targets: number): TfValue {
  const base = treeNumbers(call, 'base_values');
  if (base.length === 0) return sums;
  if (base.length !== targets) throw call.broken(`has ${base.length} base values for ${targets} targets`);
  return tf.add(sums, tf.graph.constant(tfTensor('float64', Float64Array.from(base), [targets])));
}

function integers(tf: TfOps, values: Int32Array, dims: readonly number[] = [values.length]): TfValue {
  return tf.graph.constant(tfTensor('int32', values, dims));
}

function boundsTensor(type: TfValue['type'], bounds: Float64Array) {
  const values = type === 'float64' ? bounds : Float32Array.from(bounds);
  return tfTensor(type, values, [bounds.length]);
}

export const ENSEMBLES: OperatorFamily = { 'ai.onnx.ml.TreeEnsembleRegressor': regressor };
