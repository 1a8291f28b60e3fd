import { attr, type TfValue } from '../../../../formats/tensorflow/index.ts';
import type { OperatorCall, Translation } from '../../call/index.ts';
import { axesFrom, type TfOps } from '../../ops/index.ts';
import { type PadAmounts, padWith } from '../padding/index.ts';
import { padImage } from './conv.ts';
import { atLeastTwo, type ImageWindow, sizesAfter, windowOf } from './window.ts';

interface Pool {
  readonly image: TfValue;
  readonly window: ImageWindow;
  readonly rank: number;
}

export const tfMaxPool: Translation = (call, tf) => {
  if (call.gives(1)) throw call.refuse('the places of its results are asked for');
  const pool = poolOf(call, tf);
  const { image, window, rank } = pool;
  const lowest = tf.number(Number.NEGATIVE_INFINITY, image.type);
  const padded = padImage(tf, image, window, lowest);
  const grown = padWith(tf, padded, roundedUp(call, pool), lowest);
  return tf.channelsSecond(pooled(tf, 'MaxPool', grown, window), rank);
};

/**
 * Means of what lies within the image, or within its padding, too: what is beyond counts as nothing, so that the sum is divided by
 * how much of the window counts.
 */
export const tfAveragePool: Translation = (call, tf) => {
  const pool = poolOf(call, tf);
  const { image, window, rank } = pool;
  const beyond = roundedUp(call, pool);
  const all = call.integer('count_include_pad', 0) === 1;
  const padded = padImage(tf, image, window);
  const mean = pooled(tf, 'AvgPool', padWith(tf, padded, beyond), window);
  const counts = beyond.flat().some((size) => size > 0) || (!all && padded !== image);
  if (!counts) return tf.channelsSecond(mean, rank);
  const ones = (value: TfValue) => tf.unary('OnesLike', value);
  const counted = padWith(tf, all ? ones(padded) : padImage(tf, ones(image), window), beyond);
  return tf.channelsSecond(tf.div(mean, pooled(tf, 'AvgPool', counted, window)), rank);
};

export function tfGlobalPool(op: 'Mean' | 'Max'): Translation {
  return (call, tf) => {
    const x = call.input(0);
    const rank = call.rankOf(x);
    if (rank < 3) throw call.broken('is not given images');
    return tf.channelsSecond(tf.reduce(op, tf.channelsLast(x, rank), axesFrom(1, rank - 1), true), rank);
  };
}

function poolOf(call: OperatorCall, tf: TfOps): Pool {
  const x = call.input(0);
  call.expect(x, 'float32', 'float64');
  const sizes = call.integers('kernel_shape') ?? [];
  const rank = sizes.length + 2;
  if (sizes.length < 1 || sizes.length > 3 || call.rankOf(x) !== rank)
    throw call.broken(`has a window of ${sizes.length} dimensions for images of ${call.rankOf(x)}`);
  const window = windowOf(call, x, sizes);
  if (window.dilations.some((one) => one !== 1)) throw call.refuse('it has dilations, which TensorFlow lacks');
  return { image: tf.channelsLast(x, rank), window, rank };
}

/** What has to lie behind the image so that sizes are rounded up. */
function roundedUp(call: OperatorCall, { image, window, rank }: Pool): PadAmounts {
  const none: readonly [number, number] = [0, 0];
  const { padding, sizes, strides } = window;
  if (call.integer('ceil_mode', 0) !== 1) return axesFrom(0, rank).map(() => none);
  if (padding === 'SAME') throw call.refuse('its sizes are rounded up, and those of its images are not known');
  const beyond = padding.map(([before, behind], axis): readonly [number, number] => {
    const size = image.shape?.[axis + 1];
    const [kernel, stride] = [sizes[axis] ?? 1, strides[axis] ?? 1];
    if (size === undefined) {
      // Without padding, the last window always starts within the image.
      if (before === 0 && behind === 0 && kernel >= stride) return [0, stride - 1];
      throw call.refuse('its sizes are rounded up, and those of its images are not known');
    }
    const over = size + before + behind - kernel;
    let count = Math.ceil(over / stride) + 1;
    if ((count - 1) * stride >= size + before) count--;
    return [0, Math.max(0, (count - 1) * stride - over)];
  });
  return [none, ...beyond, none];
}

function pooled(tf: TfOps, op: 'MaxPool' | 'AvgPool', image: TfValue, given: ImageWindow): TfValue {
  const { image: wide, window } = atLeastTwo(tf, { image, window: given });
  const shape = [wide.shape?.[0], ...sizesAfter(wide.shape?.slice(1, -1) ?? [], window), wide.shape?.at(-1)];
  const result = tf.graph.op(
    window.sizes.length === 3 ? `${op}3D` : op,
    [wide],
    { type: wide.type, shape },
    {
      T: attr.type(wide.type),
      ksize: attr.ints([1, ...window.sizes, 1]),
      strides: attr.ints([1, ...window.strides, 1]),
      padding: attr.text(window.padding === 'SAME' ? 'SAME' : 'VALID'),
    },
  );
  return given.sizes.length === 1 ? tf.squeeze(result, [1]) : result;
}
