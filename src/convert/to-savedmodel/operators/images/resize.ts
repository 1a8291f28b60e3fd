import { attr, type TfAttributes, type TfValue } from '../../../../formats/tensorflow/index.ts';
import type { OperatorCall, Translation } from '../../call/index.ts';
import { axesFrom, type TfOps } from '../../ops/index.ts';
import { type AxisScaling, resizedAxes } from './interpolation.ts';

interface Scaling {
  /** The sizes of the result. int32 */
  readonly sizes: TfValue;
  readonly known: readonly (number | undefined)[];
  /** Whether each size is a multiple of what it was. */
  readonly whole: boolean;
}

export const translateResize: Translation = (call, tf) => {
  const x = call.input(0);
  const rank = call.rankOf(x);
  if (rank < 3) throw call.broken('is not given images');
  for (const [name, usual] of [
    ['antialias', 0],
    ['exclude_outside', 0],
  ] as const)
    if (call.integer(name, usual) !== usual) throw call.refuse(`its ${name} is ${call.integer(name, usual)}`);
  if (call.integers('axes') !== undefined) throw call.refuse('it names axes');
  if (call.text('keep_aspect_ratio_policy', 'stretch') !== 'stretch') throw call.refuse('it keeps the ratio of sizes');
  const known = knownScaling(call, tf, x);
  if (known !== undefined && !isTensorflows(call, x, known)) return resizedAxes(call, tf, x, known);
  if (rank !== 4) throw call.refuse(`it resizes ${rank - 2} dimensions, whose sizes are not known`);
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

/** What is known of each axis of the images, where all of it is; undefined where sizes are known only when the model runs. */
function knownScaling(call: OperatorCall, tf: TfOps, x: TfValue): readonly AxisScaling[] | undefined {
  const [scales, sizes] = [call.optional(2), call.optional(3)];
  const factors = scales === undefined ? undefined : tf.knownNumbers(scales);
  const given = sizes === undefined ? undefined : tf.partlyKnown(sizes);
  const images = axesFrom(2, call.rankOf(x)).map((axis): AxisScaling | undefined => {
    const size = x.shape?.[axis];
    const factor = factors?.[axis];
    const result =
      sizes === undefined ? size !== undefined && factor !== undefined && Math.floor(size * factor) : given?.[axis];
    if (size === undefined || typeof result !== 'number' || result < 1) return undefined;
    return { axis, size, result, scale: sizes === undefined ? (factor ?? 1) : result / size };
  });
  const all = images.flatMap((one) => one ?? []);
  const others = sizes === undefined ? factors?.slice(0, 2).every((factor) => factor === 1) : isBatchKept(given, x);
  return all.length === images.length && others === true ? all : undefined;
}

/** Whether the batch and the channels keep their sizes, as far as these are known. */
function isBatchKept(given: readonly (number | undefined)[] | undefined, x: TfValue): boolean {
  return [0, 1].every((axis) => {
    const [own, wanted] = [x.shape?.[axis], given?.[axis]];
    return own === undefined || wanted === undefined || own === wanted;
  });
}

/** Whether TensorFlow has an operation for it: for two dimensions, and some ways alone. */
function isTensorflows(call: OperatorCall, x: TfValue, axes: readonly AxisScaling[]): boolean {
  if (axes.length !== 2 || x.type !== 'float32') return false;
  if (call.optional(3) === undefined && axes.some(({ size, scale }) => !Number.isInteger(size * scale))) return false;
  const whole = axes.every(({ size, result }) => result % size === 0);
  return wayOf(call, { known: axes.map(({ result }) => result), whole }) !== undefined;
}

type Way = { readonly op: 'ResizeBilinear' | 'ResizeNearestNeighbor'; readonly attributes: TfAttributes };

/** Both formats name a way from a place in the result to one in the image; few of them are the same. */
function wayOf(call: OperatorCall, { known, whole }: Pick<Scaling, 'known' | 'whole'>): Way | undefined {
  const mode = call.text('mode', 'nearest');
  const given = call.text('coordinate_transformation_mode', 'half_pixel');
  const several = known.every((size) => size !== undefined && size > 1);
  const way = given === 'pytorch_half_pixel' && several ? 'half_pixel' : given;
  const attributes = {
    align_corners: attr.bool(way === 'align_corners'),
    half_pixel_centers: attr.bool(way === 'half_pixel'),
  };
  if (way !== 'align_corners' && way !== 'half_pixel' && way !== 'asymmetric') return undefined;
  if (mode === 'linear') return { op: 'ResizeBilinear', attributes };
  if (mode !== 'nearest') return undefined;
  const rounding = call.text('nearest_mode', 'round_prefer_floor');
  const same =
    way === 'asymmetric'
      ? rounding === 'floor'
      : way === 'half_pixel'
        ? // No place lies between two pixels where each pixel becomes some whole ones.
          rounding === 'round_prefer_ceil' || (rounding === 'round_prefer_floor' && whole)
        : rounding === 'round_prefer_ceil';
  return same ? { op: 'ResizeNearestNeighbor', attributes } : undefined;
}

function operationOf(call: OperatorCall, scaling: Scaling): Way {
  const way = wayOf(call, scaling);
  if (way !== undefined) return way;
  const names = [call.text('mode', 'nearest'), call.text('coordinate_transformation_mode', 'half_pixel')];
  throw call.refuse(
    `TensorFlow has no ${names[0]} interpolation with ${names[1]} for images whose sizes are not known`,
  );
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
