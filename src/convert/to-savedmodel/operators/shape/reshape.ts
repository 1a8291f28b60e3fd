import { attr, type TfValue } from '../../../../formats/tensorflow/index.ts';
import type { OperatorCall, Translation } from '../../call/index.ts';
import { axesFrom, type TfOps } from '../../ops/index.ts';

/** A size of 0 is that of the input, unless `allowzero` says that it is 0. */
export const tfReshape: Translation = (call, tf) => {
  const [x, shape] = [call.input(0), call.input(1)];
  const sizes = tf.knownIntegers(shape);
  if (call.integer('allowzero', 0) === 1) return tf.reshape(x, shape);
  if (sizes !== undefined && !sizes.includes(0)) return tf.reshape(x, shape);
  const rank = call.rankOf(x);
  if (sizes === undefined) return tf.reshape(x, withInputSizes(call, tf, x, shape));
  const parts = sizes.map((size, axis) => {
    if (size !== 0) return tf.int64s([size]);
    if (axis >= rank) throw call.broken(`keeps the size of axis ${axis}, of ${rank}`);
    const known = x.shape?.[axis];
    return known === undefined ? tf.slice(tf.shapeOf(x), [axis], [axis + 1]) : tf.int64s([known]);
  });
  return tf.reshape(x, tf.concat(parts, 0));
};

/** Sizes that are computed, with those of the input in place of zeros. */
function withInputSizes(call: OperatorCall, tf: TfOps, x: TfValue, shape: TfValue): TfValue {
  const [length] = shape.shape ?? [];
  const rank = call.rankOf(x);
  if (length === undefined) throw call.refuse('how many dimensions it makes is known only when the model runs');
  const own = tf.shapeOf(x);
  const kept = tf.concat([own, tf.int64s(Array<number>(Math.max(0, length - rank)).fill(0))], 0);
  const beside = length < rank ? tf.slice(kept, [0], [length]) : kept;
  return tf.select(tf.compare('Equal', shape, tf.int64s([0], [])), beside, shape);
}

export const tfFlatten: Translation = (call, tf) => {
  const x = call.input(0);
  const rank = call.rankOf(x);
  const given = call.integer('axis', 1);
  const axis = given < 0 ? given + rank : given;
  if (axis < 0 || axis > rank) throw call.broken(`has the axis ${given}, of ${rank}`);
  const rows = axis === 0 ? tf.int64s([1]) : product(tf, x, axesFrom(0, axis));
  const columns = axis === rank ? tf.int64s([1]) : product(tf, x, axesFrom(axis, rank));
  return tf.reshape(x, tf.concat([rows, columns], 0));
};

/** The product of some sizes, as a vector of one element. */
function product(tf: TfOps, x: TfValue, axes: readonly number[]): TfValue {
  const sizes = axes.map((axis) => x.shape?.[axis]);
  if (sizes.every((size) => size !== undefined)) return tf.int64s([sizes.reduce((all, size) => all * size, 1)]);
  return tf.reduce('Prod', tf.gather(tf.shapeOf(x), tf.int32s(axes), 0), [0], true);
}

export const tfTranspose: Translation = (call, tf) => {
  const x = call.input(0);
  const order = call.integers('perm') ?? axesFrom(0, call.rankOf(x)).reverse();
  const sorted = [...order].sort((a, b) => a - b);
  if (sorted.some((axis, index) => axis !== index)) throw call.broken(`has the order ${order.join(', ')}`);
  return tf.transpose(x, order);
};

export const tfSqueeze: Translation = (call, tf) =>
  tf.squeeze(call.input(0), call.optional(1) === undefined ? undefined : call.known(1, tf));

export const tfUnsqueeze: Translation = (call, tf) => {
  const x = call.input(0);
  const axes = call.known(1, tf);
  const rank = x.shape === undefined ? undefined : x.shape.length + axes.length;
  if (rank === undefined && axes.some((axis) => axis < 0) && axes.some((axis) => axis >= 0))
    throw call.refuse('its axes count from both ends, and how many there are is not known');
  const places = axes.map((axis) => (axis < 0 && rank !== undefined ? axis + rank : axis));
  if (new Set(places).size !== places.length) throw call.broken(`has an axis twice: ${axes.join(', ')}`);
  const fromEnd = places.some((axis) => axis < 0);
  const ordered = places.sort((a, b) => (fromEnd ? b - a : a - b));
  return ordered.reduce((value, axis) => tf.expandDims(value, axis), x);
};

/** Both shapes are broadcast to each other. */
export const expandTo: Translation = (call, tf) => {
  const [x, shape] = [call.input(0), call.input(1)];
  const known = tf.knownIntegers(shape);
  if (known !== undefined && x.shape !== undefined && x.shape.length <= known.length) {
    const own = [...Array<number>(known.length - x.shape.length).fill(1), ...x.shape];
    if (known.every((size, axis) => size !== 1 || own[axis] === 1)) return tf.broadcastTo(x, shape);
  }
  const rank =
    x.shape === undefined || shape.shape?.[0] === undefined ? undefined : Math.max(x.shape.length, shape.shape[0]);
  const both = tf.graph.op(
    'BroadcastArgs',
    [tf.shapeOf(x), tf.cast(shape, 'int64')],
    { type: 'int64', shape: [rank] },
    { T: attr.type('int64') },
  );
  return tf.broadcastTo(x, both);
};

/** Blocks of channels beside each other: DCR as TensorFlow has them, CRD with the block behind the channel. */
export const depthToSpace: Translation = (call, tf) => {
  const x = call.input(0);
  const block = call.integer('blocksize', 0);
  if (call.rankOf(x) !== 4 || block < 1) throw call.broken('is not given images and a block size');
  const last = tf.channelsLast(x, 4);
  if (call.text('mode', 'DCR') === 'DCR') return tf.channelsSecond(blocks(tf, 'DepthToSpace', last, block), 4);
  const depth = last.shape?.[3];
  if (depth === undefined || depth % (block * block) !== 0) throw call.refuse('its number of channels is not known');
  const channels = depth / block ** 2;
  const order = axesFrom(0, depth).map((at) => (at % channels) * block ** 2 + Math.floor(at / channels));
  const sorted = tf.gather(last, tf.int32s(order), -1);
  return tf.channelsSecond(blocks(tf, 'DepthToSpace', sorted, block), 4);
};

export const spaceToDepth: Translation = (call, tf) => {
  const x = call.input(0);
  const block = call.integer('blocksize', 0);
  if (call.rankOf(x) !== 4 || block < 1) throw call.broken('is not given images and a block size');
  return tf.channelsSecond(blocks(tf, 'SpaceToDepth', tf.channelsLast(x, 4), block), 4);
};

function blocks(tf: TfOps, op: 'DepthToSpace' | 'SpaceToDepth', x: TfValue, block: number): TfValue {
  const factor = op === 'DepthToSpace' ? block : 1 / block;
  const scale = (size: number | undefined, by: number) => (size === undefined ? undefined : size * by);
  const [n, height, width, depth] = x.shape ?? [];
  const shape = [n, scale(height, factor), scale(width, factor), scale(depth, 1 / factor ** 2)];
  return tf.graph.op(op, [x], { type: x.type, shape }, { T: attr.type(x.type), block_size: attr.int(block) });
}
