import { attr, type TfValue } from '../../../../formats/tensorflow/index.ts';
import type { OperatorCall, Translation } from '../../call/index.ts';
import { axesFrom, type TfOps } from '../../ops/index.ts';
import { mirrored, type PadAmounts, padWith } from '../padding/index.ts';

export const tfPad: Translation = (call, tf) => {
  const x = call.input(0);
  const rank = call.rankOf(x);
  const pads = call.known(1, tf);
  const axes = (call.knownIfGiven(3, tf) ?? axesFrom(0, rank)).map((axis) => call.axis(x, axis));
  if (pads.length !== 2 * axes.length) throw call.broken(`has ${pads.length} sizes for ${axes.length} axes`);
  const sizes = axesFrom(0, rank).map((axis): readonly [number, number] => {
    const at = axes.indexOf(axis);
    return at < 0 ? [0, 0] : [pads[at] ?? 0, pads[at + axes.length] ?? 0];
  });
  const cut = (size: number) => Math.min(0, size);
  const added = (size: number) => Math.max(0, size);
  const rest = cutOff(
    call,
    tf,
    x,
    sizes.map(([before, behind]) => [cut(before), cut(behind)]),
  );
  return padded(
    call,
    tf,
    rest,
    sizes.map(([before, behind]) => [added(before), added(behind)]),
  );
};

/** ONNX cuts off what is padded by less than nothing. */
function cutOff(call: OperatorCall, tf: TfOps, x: TfValue, sizes: PadAmounts): TfValue {
  if (sizes.every(([before, behind]) => before === 0 && behind === 0)) return x;
  const shape = x.shape?.map((size, axis) => {
    const [before, behind] = sizes[axis] ?? [0, 0];
    if (size !== undefined && size + before + behind < 0)
      throw call.broken(`cuts more than the ${size} of axis ${axis}`);
    return size === undefined ? undefined : size + before + behind;
  });
  // An end of 0 is that of the axis.
  const open = sizes.reduce((mask, [, behind], axis) => mask + (behind === 0 ? 2 ** axis : 0), 0);
  return tf.graph.op(
    'StridedSlice',
    [
      x,
      tf.int64s(sizes.map(([before]) => -before)),
      tf.int64s(sizes.map(([, behind]) => behind)),
      tf.int64s(sizes.map(() => 1)),
    ],
    { type: x.type, shape },
    { T: attr.type(x.type), Index: attr.type('int64'), end_mask: attr.int(open) },
  );
}

/** The first and the last element of an axis as often as there is padding. */
function repeated(tf: TfOps, x: TfValue, axis: number, before: number, behind: number): TfValue {
  if (before === 0 && behind === 0) return x;
  const size = tf.cast(tf.sizeOf(x, axis), 'int32');
  const number = (value: number) => tf.int32s([value], []);
  const places = tf.graph.op(
    'Range',
    [number(-before), tf.add(size, number(behind)), number(1)],
    { type: 'int32', shape: [undefined] },
    { Tidx: attr.type('int32') },
  );
  const within = tf.binary('Minimum', tf.binary('Maximum', places, number(0)), tf.sub(size, number(1)));
  const value = tf.gather(x, within, axis);
  const known = x.shape?.[axis];
  if (known === undefined) return value;
  // The size of what is gathered is that of the places.
  return tf.sized(value, axis, known + before + behind);
}

function padded(call: OperatorCall, tf: TfOps, x: TfValue, sizes: PadAmounts): TfValue {
  const mode = call.text('mode', 'constant');
  const fill = call.optional(2);
  switch (mode) {
    case 'constant':
      return padWith(tf, x, sizes, fill === undefined ? undefined : tf.reshape(fill, tf.int64s([], [0])));
    case 'reflect':
      return mirrored(tf, x, sizes);
    case 'edge':
      return sizes.reduce((value, [before, behind], axis) => repeated(tf, value, axis, before, behind), x);
    default:
      throw call.refuse(`its mode is ${mode}`);
  }
}
