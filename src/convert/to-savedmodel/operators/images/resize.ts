import { attr, type TfAttributes, type TfValue } from '../../../../formats/tensorflow/index.ts';
import type { OperatorCall, Translation } from '../../call/index.ts';
import { axesFrom, type TfOps } from '../../ops/index.ts';

interface Scaling {
  /** The sizes of the result. int32 */
  readonly sizes: TfValue;
  readonly known: readonly (number | undefined)[];
  /** Whether each size is a multiple of what it was. */
  readonly whole: boolean;
}

export const translateResize: Translation = (call, tf) => {
  const x = call.input(0);
  if (call.rankOf(x) !== 4) throw call.refuse(`it resizes ${call.rankOf(x) - 2} dimensions instead of two`);
  for (const [name, usual] of [
    ['antialias', 0],
    ['exclude_outside', 0],
  ] as const)
    if (call.integer(name, usual) !== usual) throw call.refuse(`its ${name} is ${call.integer(name, usual)}`);
  if (call.integers('axes') !== undefined) throw call.refuse('it names axes');
  if (call.text('keep_aspect_ratio_policy', 'stretch') !== 'stretch') throw call.refuse('it keeps the ratio of sizes');
  const scaling = call.optional(3) === undefined ? scaled(call, tf, x) : sized(call, tf, x);
  const { op, attributes } = operationOf(call, scaling);
  const last = tf.channelsLast(x, 4);
  const shape = [last.shape?.[0], ...scaling.known, last.shape?.[3]];
  // Linear interpolation gives float32, always.
  const type = op === 'ResizeBilinear' ? 'float32' : x.type;
  if (type !== x.type) throw call.refuse(`it interpolates ${x.type}`);
  const result = tf.graph.op(op, [last, scaling.sizes], { type, shape }, { T: attr.type(x.type), ...attributes });
  return tf.channelsSecond(result, 4);
};

/** Both formats name a way from a place in the result to one in the image; few of them are the same. */
function operationOf(
  call: OperatorCall,
  { known, whole }: Scaling,
): { readonly op: 'ResizeBilinear' | 'ResizeNearestNeighbor'; readonly attributes: TfAttributes } {
  const mode = call.text('mode', 'nearest');
  const given = call.text('coordinate_transformation_mode', 'half_pixel');
  const several = known.every((size) => size !== undefined && size > 1);
  const way = given === 'pytorch_half_pixel' && several ? 'half_pixel' : given;
  const attributes = {
    align_corners: attr.bool(way === 'align_corners'),
    half_pixel_centers: attr.bool(way === 'half_pixel'),
  };
  const refused = () => call.refuse(`TensorFlow has no ${mode} interpolation with ${given}`);
  if (way !== 'align_corners' && way !== 'half_pixel' && way !== 'asymmetric') throw refused();
  if (mode === 'linear') return { op: 'ResizeBilinear', attributes };
  if (mode !== 'nearest') throw refused();
  const rounding = call.text('nearest_mode', 'round_prefer_floor');
  const same =
    way === 'asymmetric'
      ? rounding === 'floor'
      : way === 'half_pixel'
        ? // No place lies between two pixels where each pixel becomes some whole ones.
          rounding === 'round_prefer_ceil' || (rounding === 'round_prefer_floor' && whole)
        : rounding === 'round_prefer_ceil';
  if (!same) throw call.refuse(`TensorFlow has no ${mode} interpolation with ${given} and ${rounding}`);
  return { op: 'ResizeNearestNeighbor', attributes };
}

/** ONNX cuts sizes off, and goes over the image with the scale; TensorFlow with the ratio of sizes, which has to be the same. */
function scaled(call: OperatorCall, tf: TfOps, x: TfValue): Scaling {
  const scales = call.optional(2);
  const factors = scales === undefined ? undefined : tf.knownNumbers(scales);
  if (factors?.length !== 4) throw call.refuse('its scales are known only when the model runs');
  const [batch, channels, ...sides] = factors;
  if (batch !== 1 || channels !== 1) throw call.refuse('it resizes more than images');
  const known = sides.map((factor, axis) => {
    const size = x.shape?.[axis + 2];
    if (!(factor > 0)) throw call.broken(`has the scale ${factor}`);
    if (size === undefined && Number.isInteger(factor)) return undefined;
    if (size === undefined || !Number.isInteger(size * factor))
      throw call.refuse(`a side of ${size ?? 'unknown'} pixels times ${factor} is not a whole number`);
    return size * factor;
  });
  const each = known.map((size, axis) => {
    if (size !== undefined) return tf.int32s([size]);
    const own = tf.cast(tf.slice(tf.shapeOf(x), [axis + 2], [axis + 3]), 'int32');
    return tf.mul(own, tf.int32s([sides[axis] ?? 1]));
  });
  return { sizes: tf.concat(each, 0), known, whole: sides.every((factor) => Number.isInteger(factor)) };
}

function sized(call: OperatorCall, tf: TfOps, x: TfValue): Scaling {
  const sizes = call.input(3);
  const known = tf.knownIntegers(sizes);
  const own = x.shape ?? [];
  if (known === undefined) {
    const part = tf.cast(tf.slice(sizes, [2], [4]), 'int32');
    return { sizes: part, known: [undefined, undefined], whole: false };
  }
  if (known.length !== 4) throw call.broken(`has ${known.length} sizes for 4 dimensions`);
  if (axesFrom(0, 2).some((axis) => own[axis] !== undefined && own[axis] !== known[axis]))
    throw call.refuse('it resizes more than images');
  const sides = known.slice(2);
  const whole = sides.every((side, axis) => side % (own[axis + 2] ?? Number.NaN) === 0);
  return { sizes: tf.int32s(sides), known: sides, whole };
}
