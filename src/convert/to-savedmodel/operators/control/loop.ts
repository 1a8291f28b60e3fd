import { addLoop, type TfResult, type TfValue, tfTensor } from '../../../../formats/tensorflow/index.ts';
import type { Translation } from '../../call/index.ts';
import type { TfOps } from '../../ops/index.ts';

/** A loop whose values keep their type. What each round gives besides its values is not collected. */
export const loop: Translation = (call, tf) => {
  const inner = call.inner('body');
  const start = call.all().slice(2);
  if (inner.inputs.length !== start.length + 2) throw call.broken('has a body with other inputs');
  if (inner.outputs.length !== start.length + 1) throw call.refuse('it collects a result of each round');
  const most = call.optional(0);
  const go = call.optional(1);
  const scalar = (value: TfValue) => tf.reshape(value, tf.int64s([], [0]));
  const first = go === undefined ? tf.graph.constant(tfTensor('bool', Uint8Array.of(1), [])) : scalar(go);
  const bound = most === undefined ? undefined : scalar(most);
  const [, , ...results] = addLoop(tf.graph, {
    start: [
      { value: tf.int64s([0], []), each: { type: 'int64', shape: [] } },
      { value: first, each: { type: 'bool', shape: [] } },
      ...start.map((value) => ({ value, each: unsized(value) })),
    ],
    around: [...inner.around, ...(bound === undefined ? [] : [bound])],
    condition: ([round, goes], around) => {
      const limit = bound === undefined ? undefined : around.get(bound);
      if (round === undefined || goes === undefined) throw call.broken('has no values');
      return limit === undefined ? goes : tf.compare('LogicalAnd', goes, tf.compare('Less', round, limit));
    },
    body: ([round, goes, ...values], around) => {
      if (round === undefined || goes === undefined) throw call.broken('has no values');
      const [next, ...made] = inner.translate([round, goes, ...values], around);
      if (next === undefined) throw call.broken('has a body without results');
      return [tf.add(round, one(tf)), next, ...made];
    },
  });
  return results;
};

function one(tf: TfOps): TfValue {
  return tf.int64s([1], []);
}

/** Rounds may change sizes, but not how many there are. */
function unsized({ type, shape }: TfResult): TfResult {
  return { type, shape: shape?.map(() => undefined) };
}
