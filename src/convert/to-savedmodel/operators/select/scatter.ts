import { attr, type TfValue } from '../../../../formats/tensorflow/index.ts';
import type { OperatorCall, Translation } from '../../call/index.ts';
import { axesFrom, type TfOps } from '../../ops/index.ts';
import { fromStart } from './gather.ts';

const OPERATIONS: ReadonlyMap<string, string> = new Map([
  ['none', 'TensorScatterUpdate'],
  ['add', 'TensorScatterAdd'],
  ['max', 'TensorScatterMax'],
  ['min', 'TensorScatterMin'],
]);

function scattered(call: OperatorCall, tf: TfOps, x: TfValue, indices: TfValue, updates: TfValue): TfValue {
  const mode = call.text('reduction', 'none');
  const op = OPERATIONS.get(mode);
  if (op === undefined) throw call.refuse(`its reduction is ${mode}`);
  return tf.graph.op(op, [x, indices, updates], x, { T: attr.type(x.type), Tindices: attr.type(indices.type) });
}

export const scatterNd: Translation = (call, tf) => {
  const [x, indices, updates] = [call.input(0), call.input(1), call.input(2)];
  const depth = indices.shape?.at(-1);
  if (depth === undefined) throw call.refuse('how many indices stand beside each other is not known');
  return scattered(call, tf, x, fromStart(tf, indices, tf.slice(tf.shapeOf(x), [0], [depth])), updates);
};

/** Each element of the updates goes to its own place but for one axis, whose index is given. */
export const scatterElements: Translation = (call, tf) => {
  const [x, indices, updates] = [call.input(0), call.input(1), call.input(2)];
  const rank = call.rankOf(x);
  const axis = call.axis(x, call.integer('axis', 0));
  const places = tf.cast(fromStart(tf, indices, tf.sizeOf(x, axis)), 'int64');
  const sizes = tf.shapeOf(indices);
  const each = axesFrom(0, rank).map((at) => {
    if (at === axis) return tf.expandDims(places, -1);
    const size = tf.gather(sizes, tf.int32s([at], []), 0);
    const line = tf.graph.op(
      'Range',
      [tf.int64s([0], []), size, tf.int64s([1], [])],
      { type: 'int64', shape: [undefined] },
      { Tidx: attr.type('int64') },
    );
    const shape = axesFrom(0, rank).map((one) => (one === at ? -1 : 1));
    return tf.expandDims(tf.broadcastTo(tf.reshape(line, tf.int64s(shape)), sizes), -1);
  });
  return scattered(call, tf, x, tf.concat(each, rank), updates);
};
