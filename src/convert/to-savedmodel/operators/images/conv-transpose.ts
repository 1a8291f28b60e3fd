import { attr, type TfValue } from '../../../../formats/tensorflow/index.ts';
import type { OperatorCall, Translation } from '../../call/index.ts';
import { axesFrom, type TfOps } from '../../ops/index.ts';
import { padWith } from '../padding/index.ts';
import { filterSizes } from './conv.ts';
import { atLeastTwo, extent, type ImageWindow, windowOf } from './window.ts';

/** The gradient of a convolution: the whole result, of which the padding is cut off. */
export const convTranspose: Translation = (call, tf) => {
  const [x, weights] = [call.input(0), call.input(1)];
  const sizes = filterSizes(call, weights);
  const rank = sizes.length + 2;
  if (sizes.length > 2) throw call.refuse('it has three dimensions');
  if (call.rankOf(x) !== rank) throw call.broken(`has a filter of ${sizes.length} dimensions for images of others`);
  if (call.integers('output_shape') !== undefined) throw call.refuse('it asks for an output shape');
  if (call.text('auto_pad', 'NOTSET') !== 'NOTSET') throw call.refuse('its padding is computed');
  const window = windowOf(call, x, sizes);
  if (window.dilations.some((one) => one !== 1))
    throw call.refuse('it has dilations, which TensorFlow lacks here on processors');
  const groups = call.integer('group', 1);
  const extra = call.integers('output_padding') ?? sizes.map(() => 0);
  if (extra.length !== sizes.length || extra.some((one) => one < 0)) throw call.broken('has an odd output padding');
  const image = tf.channelsLast(x, rank);
  // [inputs, outputs, sizes...] becomes [sizes..., outputs, inputs].
  const filter = tf.transpose(weights, [...axesFrom(2, rank), 1, 0]);
  const result = grouped(call, tf, groups, image, filter, (part, own) => whole(tf, part, own, window));
  const cut = trimmed(call, tf, result, window, extra);
  const bias = call.optional(2);
  return tf.channelsSecond(bias === undefined ? cut : tf.add(cut, bias), rank);
};

function grouped(
  call: OperatorCall,
  tf: TfOps,
  groups: number,
  image: TfValue,
  filter: TfValue,
  apply: (image: TfValue, filter: TfValue) => TfValue,
): TfValue {
  if (groups === 1) return apply(image, filter);
  const inputs = filter.shape?.at(-1);
  if (inputs === undefined || groups < 1 || inputs % groups !== 0)
    throw call.broken(`has ${groups} groups for ${inputs} channels`);
  const each = inputs / groups;
  const part = (value: TfValue, group: number) =>
    tf.gather(value, tf.int32s(axesFrom(group * each, (group + 1) * each)), -1);
  const parts = axesFrom(0, groups).map((group) => apply(part(image, group), part(filter, group)));
  return tf.concat(parts, (image.shape?.length ?? 4) - 1);
}

function whole(tf: TfOps, image: TfValue, given: TfValue, own: ImageWindow): TfValue {
  const flat = own.sizes.length === 1;
  const { image: wide, window } = atLeastTwo(tf, { image, window: own });
  const filter = flat ? tf.expandDims(given, 0) : given;
  const outputs = filter.shape?.[2];
  const sizes = window.sizes.map((size, axis) => {
    const stride = window.strides[axis] ?? 1;
    const known = wide.shape?.[axis + 1];
    const grown = extent(size, window.dilations[axis] ?? 1);
    if (known !== undefined)
      return { value: tf.int32s([(known - 1) * stride + grown]), size: (known - 1) * stride + grown };
    const count = tf.cast(tf.slice(tf.shapeOf(wide), [axis + 1], [axis + 2]), 'int32');
    const one = tf.int32s([1]);
    return { value: tf.add(tf.mul(tf.sub(count, one), tf.int32s([stride])), tf.int32s([grown])), size: undefined };
  });
  const batch = tf.cast(tf.slice(tf.shapeOf(wide), [0], [1]), 'int32');
  const shape = tf.concat([batch, ...sizes.map(({ value }) => value), tf.int32s([outputs ?? 0])], 0);
  const result = tf.graph.op(
    'Conv2DBackpropInput',
    [shape, filter, wide],
    { type: image.type, shape: [wide.shape?.[0], ...sizes.map(({ size }) => size), outputs] },
    {
      T: attr.type(image.type),
      strides: attr.ints([1, ...window.strides, 1]),
      padding: attr.text('VALID'),
    },
  );
  return flat ? tf.squeeze(result, [1]) : result;
}

/** Cuts off the padding, and adds what the output has besides. */
function trimmed(
  call: OperatorCall,
  tf: TfOps,
  x: TfValue,
  { padding }: ImageWindow,
  extra: readonly number[],
): TfValue {
  if (padding === 'SAME') throw call.refuse('its padding is computed');
  const behind = padding.map(([, after], axis) => after - (extra[axis] ?? 0));
  const grown = padWith(tf, x, [
    [0, 0],
    ...behind.map((size): readonly [number, number] => [0, Math.max(0, -size)]),
    [0, 0],
  ]);
  const ends = behind.map((size) => Math.max(0, size));
  if (padding.every(([before], axis) => before === 0 && ends[axis] === 0)) return grown;
  const rank = padding.length + 2;
  // An end of 0 is that of the axis.
  const open = ends.reduce((mask, end, axis) => mask + (end === 0 ? 2 ** (axis + 1) : 0), 1 + 2 ** (rank - 1));
  const shape = grown.shape?.map((size, axis) => {
    const before = padding[axis - 1]?.[0];
    return size === undefined || before === undefined ? size : size - before - (ends[axis - 1] ?? 0);
  });
  return tf.graph.op(
    'StridedSlice',
    [
      grown,
      tf.int64s([0, ...padding.map(([before]) => before), 0]),
      tf.int64s([0, ...ends.map((end) => -end), 0]),
      tf.int64s(Array<number>(rank).fill(1)),
    ],
    { type: x.type, shape },
    { T: attr.type(x.type), Index: attr.type('int64'), end_mask: attr.int(open) },
  );
}
