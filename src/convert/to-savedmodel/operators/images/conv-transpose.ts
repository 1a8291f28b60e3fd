import { attr, type TfValue } from '../../../../formats/tensorflow/index.ts';
import type { OperatorCall, Translation } from '../../call/index.ts';
import { axesFrom, isKnownShape, type TfOps } from '../../ops/index.ts';
import { padWith } from '../padding/index.ts';
import { filterSizes } from './conv.ts';
import { atLeastTwo, extent, type ImageWindow, windowOf } from './window.ts';

/** The gradient of a convolution: the whole result, of which the padding is cut off. */
export const convTranspose: Translation = (call, tf) => {
  const [x, weights] = [call.input(0), call.input(1)];
  const sizes = filterSizes(call, weights);
  const rank = sizes.length + 2;
  if (call.rankOf(x) !== rank) throw call.broken(`has a filter of ${sizes.length} dimensions for images of others`);
  if (call.integers('output_shape') !== undefined) throw call.refuse('it asks for an output shape');
  if (call.text('auto_pad', 'NOTSET') !== 'NOTSET') throw call.refuse('its padding is computed');
  const window = windowOf(call, x, sizes);
  const spreadTo = sizes.map((_, axis) => spreadSize(window, axis));
  if (spreadTo.reduce((all, size) => all * size, 1) > MAX_SPREAD)
    throw call.refuse(`its dilations make a filter of ${spreadTo.join(' x ')}`);
  const groups = call.integer('group', 1);
  const extra = call.integers('output_padding') ?? sizes.map(() => 0);
  if (extra.length !== sizes.length || extra.some((one) => one < 0)) throw call.broken('has an odd output padding');
  const image = tf.channelsLast(x, rank);
  // [inputs, outputs, sizes...] becomes [sizes..., outputs, inputs].
  const filter = spread(tf, tf.transpose(weights, [...axesFrom(2, rank), 1, 0]), window);
  const dense = { ...window, sizes: spreadTo, dilations: sizes.map(() => 1) };
  const result = grouped(call, tf, groups, image, filter, (part, own) => whole(tf, part, own, dense));
  const cut = trimmed(call, tf, result, window, extra);
  const bias = call.optional(2);
  return tf.channelsSecond(bias === undefined ? cut : tf.add(cut, bias), rank);
};

/** Elements of a filter that is written without its dilations: 64 x 64. */
const MAX_SPREAD = 4_096;

function spreadSize({ sizes, dilations }: ImageWindow, axis: number): number {
  return extent(sizes[axis] ?? 1, dilations[axis] ?? 1);
}

/** A filter with dilations as one without, with zeros between its elements: processors have no other. @param filter [sizes..., outputs, inputs] */
function spread(tf: TfOps, filter: TfValue, window: ImageWindow): TfValue {
  return window.dilations.reduce((value, dilation, axis) => {
    const { shape } = value;
    if (dilation === 1 || !isKnownShape(shape)) return value;
    const behind = (list: readonly number[]) => [...list.slice(0, axis), ...list.slice(axis + 1)];
    const order = [axis, ...behind(axesFrom(0, shape.length))];
    const rest = behind(shape);
    const first = tf.reshape(tf.transpose(value, order), tf.int64s([shape[axis] ?? 1, 1, ...rest]));
    const zeros = [[0, 0] as const, [0, dilation - 1] as const, ...rest.map(() => [0, 0] as const)];
    const wide = tf.reshape(padWith(tf, first, zeros), tf.int64s([(shape[axis] ?? 1) * dilation, ...rest]));
    const back = order.map((_, at) => order.indexOf(at));
    return tf.transpose(tf.slice(wide, [0], [spreadSize(window, axis)]), back);
  }, filter);
}

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
  const deep = window.sizes.length === 3;
  const outputs = filter.shape?.at(-2);
  const sizes = window.sizes.map((size, axis) => {
    const stride = window.strides[axis] ?? 1;
    const known = wide.shape?.[axis + 1];
    if (known !== undefined)
      return { value: tf.int32s([(known - 1) * stride + size]), size: (known - 1) * stride + size };
    const count = tf.cast(tf.slice(tf.shapeOf(wide), [axis + 1], [axis + 2]), 'int32');
    const one = tf.int32s([1]);
    return { value: tf.add(tf.mul(tf.sub(count, one), tf.int32s([stride])), tf.int32s([size])), size: undefined };
  });
  const batch = tf.cast(tf.slice(tf.shapeOf(wide), [0], [1]), 'int32');
  const shape = tf.concat([batch, ...sizes.map(({ value }) => value), tf.int32s([outputs ?? 0])], 0);
  const result = tf.graph.op(
    deep ? 'Conv3DBackpropInputV2' : 'Conv2DBackpropInput',
    [shape, filter, wide],
    { type: image.type, shape: [wide.shape?.[0], ...sizes.map(({ size }) => size), outputs] },
    {
      T: attr.type(image.type),
      strides: attr.ints([1, ...window.strides, 1]),
      padding: attr.text('VALID'),
      ...(deep ? { Tshape: attr.type('int32') } : {}),
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
