import { attr, type TfValue } from '../../../../formats/tensorflow/index.ts';
import type { Translation } from '../../call/index.ts';
import { axesFrom, type TfOps } from '../../ops/index.ts';

/** Indices that count from the end become ones that count from the start, which TensorFlow wants. */
export function fromStart(tf: TfOps, indices: TfValue, size: TfValue): TfValue {
  const known = tf.knownIntegers(indices);
  if (known?.every((index) => index >= 0) === true) return indices;
  const own = tf.cast(size, indices.type);
  return tf.select(tf.compare('Less', indices, tf.number(0, indices.type)), tf.add(indices, own), indices);
}

export const gatherAxis: Translation = (call, tf) => {
  const [x, indices] = [call.input(0), call.input(1)];
  const axis = call.axis(x, call.integer('axis', 0));
  const known = tf.knownIntegers(x);
  const places = tf.knownIntegers(indices);
  const value = tf.gather(x, fromStart(tf, indices, tf.sizeOf(x, axis)), axis);
  // What is looked up in a shape is a size.
  if (known !== undefined && places !== undefined && x.shape?.length === 1) {
    const found = places.map((place) => known.at(place));
    if (found.every((one) => one !== undefined)) tf.learnIntegers(value, found);
  }
  return value;
};

/** An index for each element of the result: along the last axis, those of each row. */
export const gatherElements: Translation = (call, tf) => {
  const [x, indices] = [call.input(0), call.input(1)];
  const rank = call.rankOf(x);
  const axis = call.axis(x, call.integer('axis', 0));
  if (rank === 0 || call.rankOf(indices) !== rank) throw call.broken('has indices of another number of dimensions');
  const differs = axesFrom(0, rank).some((at) => {
    const [own, other] = [x.shape?.[at], indices.shape?.[at]];
    return at !== axis && own !== undefined && other !== undefined && own !== other;
  });
  if (differs) throw call.refuse('its indices have another size than its input beside its axis');
  const places = fromStart(tf, indices, tf.sizeOf(x, axis));
  const order = [...axesFrom(0, axis), ...axesFrom(axis + 1, rank), axis];
  const back = order.map((_, at) => order.indexOf(at));
  const found = tf.gather(tf.transpose(x, order), tf.transpose(places, order), rank - 1, rank - 1);
  return tf.transpose(found, back);
};

export const gatherNd: Translation = (call, tf) => {
  if (call.integer('batch_dims', 0) !== 0) throw call.refuse('it has batch dimensions');
  const [x, indices] = [call.input(0), call.input(1)];
  const depth = indices.shape?.at(-1);
  if (depth === undefined) throw call.refuse('how many indices stand beside each other is not known');
  const sizes = tf.slice(tf.shapeOf(x), [0], [depth]);
  const shape =
    x.shape === undefined || indices.shape === undefined
      ? undefined
      : [...indices.shape.slice(0, -1), ...x.shape.slice(depth)];
  return tf.graph.op(
    'GatherNd',
    [x, fromStart(tf, indices, sizes)],
    { type: x.type, shape },
    {
      Tparams: attr.type(x.type),
      Tindices: attr.type(indices.type),
    },
  );
};

export const oneHot: Translation = (call, tf) => {
  const [indices, depth, values] = [call.input(0), call.input(1), call.input(2)];
  call.expect(indices, 'int64', 'int32');
  const axis = call.integer('axis', -1);
  const rank = call.rankOf(indices);
  const at = axis < 0 ? axis + rank + 1 : axis;
  const count = tf.cast(tf.reshape(depth, tf.int64s([], [0])), 'int32');
  const places = fromStart(tf, indices, count);
  const [size] = tf.knownIntegers(depth) ?? [];
  const own = indices.shape ?? [];
  const shape = [...own.slice(0, at), size, ...own.slice(at)];
  const element = (index: number) => tf.gather(values, tf.int32s([index], []), 0);
  return tf.graph.op(
    'OneHot',
    [places, count, element(1), element(0)],
    { type: values.type, shape },
    {
      T: attr.type(values.type),
      TI: attr.type(places.type),
      axis: attr.int(at === rank ? -1 : at),
    },
  );
};
