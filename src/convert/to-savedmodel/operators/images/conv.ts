import { attr, type TfValue } from '../../../../formats/tensorflow/index.ts';
import type { OperatorCall, Translation } from '../../call/index.ts';
import { axesFrom, type TfOps } from '../../ops/index.ts';
import { padWith } from '../padding/index.ts';
import { atLeastTwo, type ImageWindow, sizesAfter, windowOf } from './window.ts';

/**
 * TensorFlow on processors wants channels last, and filters as [sizes..., inputs, outputs]. Constants are turned by operations,
 * which TensorFlow does once, when it loads the graph.
 */
export const conv: Translation = (call, tf) => {
  const [x, weights] = [call.input(0), call.input(1)];
  const sizes = filterSizes(call, weights);
  const rank = sizes.length + 2;
  if (call.rankOf(x) !== rank) throw call.broken(`has a filter of ${sizes.length} dimensions for images of others`);
  const window = windowOf(call, x, sizes);
  const groups = call.integer('group', 1);
  if (groups < 1) throw call.broken(`has ${groups} groups`);
  const filter = tf.transpose(weights, [...axesFrom(2, rank), 1, 0]);
  const image = tf.channelsLast(x, rank);
  const result =
    sizes.length === 3 ? conv3d(call, tf, { image, filter, window, groups }) : conv2d(tf, { image, filter, window });
  const bias = call.optional(2);
  const shifted = bias === undefined ? result : tf.add(result, bias);
  return tf.channelsSecond(shifted, rank);
};

interface Convolution {
  readonly image: TfValue;
  readonly filter: TfValue;
  readonly window: ImageWindow;
}

/** The sizes of a filter [outputs, inputs, sizes...]. */
export function filterSizes(call: OperatorCall, weights: TfValue): number[] {
  const [, , ...sizes] = weights.shape ?? [];
  if (sizes.length < 1 || sizes.length > 3) throw call.refuse(`its filter has ${sizes.length} dimensions`);
  return sizes.map((size) => {
    if (size === undefined) throw call.refuse('the size of its filter is not known');
    return size;
  });
}

/** TensorFlow sees groups in the number of inputs that the filter has. */
function conv2d(tf: TfOps, given: Convolution): TfValue {
  const flat = given.window.sizes.length === 1;
  const { image, window } = atLeastTwo(tf, given);
  const filter = flat ? tf.expandDims(given.filter, 0) : given.filter;
  const padded = padImage(tf, image, window);
  const shape = [padded.shape?.[0], ...sizesAfter(padded.shape?.slice(1, -1) ?? [], window), filter.shape?.at(-1)];
  const result = tf.graph.op(
    'Conv2D',
    [padded, filter],
    { type: image.type, shape },
    {
      T: attr.type(image.type),
      strides: attr.ints([1, ...window.strides, 1]),
      dilations: attr.ints([1, ...window.dilations, 1]),
      padding: attr.text(window.padding === 'SAME' ? 'SAME' : 'VALID'),
    },
  );
  return flat ? tf.squeeze(result, [1]) : result;
}

function conv3d(call: OperatorCall, tf: TfOps, given: Convolution & { readonly groups: number }): TfValue {
  const { image, filter, window, groups } = given;
  if (groups !== 1)
    throw call.refuse(`it has ${groups} groups in three dimensions, which TensorFlow lacks on processors`);
  if (window.dilations.some((one) => one !== 1))
    throw call.refuse('it has dilations in three dimensions, which TensorFlow lacks on processors');
  const padded = padImage(tf, image, window);
  const shape = [padded.shape?.[0], ...sizesAfter(padded.shape?.slice(1, -1) ?? [], window), filter.shape?.at(-1)];
  return tf.graph.op(
    'Conv3D',
    [padded, filter],
    { type: image.type, shape },
    {
      T: attr.type(image.type),
      strides: attr.ints([1, ...window.strides, 1]),
      padding: attr.text(window.padding === 'SAME' ? 'SAME' : 'VALID'),
    },
  );
}

/** Images [N, sizes..., C] with the padding of a window. */
export function padImage(tf: TfOps, image: TfValue, { padding }: ImageWindow, fill?: TfValue): TfValue {
  return padding === 'SAME' ? image : padWith(tf, image, [[0, 0], ...padding, [0, 0]], fill);
}
