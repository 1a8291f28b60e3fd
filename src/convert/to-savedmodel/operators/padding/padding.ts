import { attr, type TfValue } from '../../../../formats/tensorflow/index.ts';
import type { TfOps } from '../../ops/index.ts';

/** Sizes before and behind each axis: `[[1, 1], [0, 2]]`. */
export type PadAmounts = readonly (readonly [before: number, behind: number])[];

/** @param fill zero when absent */
export function padWith(tf: TfOps, x: TfValue, sizes: PadAmounts, fill: TfValue = tf.number(0, x.type)): TfValue {
  if (sizes.every(([before, behind]) => before === 0 && behind === 0)) return x;
  return tf.graph.op(
    'PadV2',
    [x, paddings(tf, sizes), fill],
    { type: x.type, shape: paddedShape(x, sizes) },
    {
      T: attr.type(x.type),
      Tpaddings: attr.type('int32'),
    },
  );
}

export function mirrored(tf: TfOps, x: TfValue, sizes: PadAmounts): TfValue {
  return tf.graph.op(
    'MirrorPad',
    [x, paddings(tf, sizes)],
    { type: x.type, shape: paddedShape(x, sizes) },
    {
      T: attr.type(x.type),
      Tpaddings: attr.type('int32'),
      mode: attr.text('REFLECT'),
    },
  );
}

function paddings(tf: TfOps, sizes: PadAmounts): TfValue {
  return tf.int32s(sizes.flat(), [sizes.length, 2]);
}

function paddedShape(x: TfValue, sizes: PadAmounts) {
  return x.shape?.map((size, axis) => {
    const [before, behind] = sizes[axis] ?? [0, 0];
    return size === undefined ? undefined : size + before + behind;
  });
}
