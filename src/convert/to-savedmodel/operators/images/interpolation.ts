import { attr, type TfValue, tfTensor } from '../../../../formats/tensorflow/index.ts';
import type { OperatorCall } from '../../call/index.ts';
import type { TfOps } from '../../ops/index.ts';

/** How one axis is resized: all of it is known before the model runs. */
export interface AxisScaling {
  readonly axis: number;
  readonly size: number;
  readonly result: number;
  /** Result through size, as ONNX was given it. */
  readonly scale: number;
}

/** Elements of the largest table of weights: an axis of 4,096 that becomes one of 4,096. */
const MAX_WEIGHTS = 2 ** 24;

/**
 * Resizes one axis after the other, by a product with the weights that each element of the result gives to those of the input. ONNX
 * defines its interpolations for each axis alone (onnx.ai/onnx/operators/onnx__Resize.html), and TensorFlow lacks some of them.
 */
export function resizedAxes(call: OperatorCall, tf: TfOps, x: TfValue, axes: readonly AxisScaling[]): TfValue {
  const mode = call.text('mode', 'nearest');
  return axes
    .filter(({ size, result, scale }) => size !== result || scale !== 1)
    .reduce((value, axis) => (mode === 'nearest' ? nearest(call, tf, value, axis) : weighed(call, tf, value, axis)), x);
}

function nearest(call: OperatorCall, tf: TfOps, x: TfValue, scaling: AxisScaling): TfValue {
  const round = ROUNDINGS.get(call.text('nearest_mode', 'round_prefer_floor'));
  if (round === undefined) throw call.broken('has a rounding that is not one');
  const places = Array.from({ length: scaling.result }, (_, at) =>
    inside(round(placeOf(call, scaling, at)), scaling.size),
  );
  return tf.gather(x, tf.int32s(places), scaling.axis);
}

const ROUNDINGS: ReadonlyMap<string, (place: number) => number> = new Map([
  ['floor', Math.floor],
  ['ceil', Math.ceil],
  ['round_prefer_floor', (place: number) => Math.ceil(place - 0.5)],
  ['round_prefer_ceil', (place: number) => Math.floor(place + 0.5)],
]);

function weighed(call: OperatorCall, tf: TfOps, x: TfValue, scaling: AxisScaling): TfValue {
  call.expect(x, 'float32');
  const { axis, size, result } = scaling;
  if (size * result > MAX_WEIGHTS) throw call.refuse(`it interpolates ${size} elements into ${result}`);
  call.budget.work(size * result);
  call.budget.hold(4 * size * result);
  const weights = new Float32Array(size * result);
  for (let at = 0; at < result; at++)
    for (const [place, weight] of neighbours(call, placeOf(call, scaling, at), size)) {
      const index = at * size + inside(place, size);
      weights[index] = (weights[index] ?? 0) + weight;
    }
  const table = tf.graph.constant(tfTensor('float32', weights, [result, size]), 'interpolation');
  const names = Array.from(x.shape ?? [], (_, index) => String.fromCharCode(97 + index));
  const from = names.join('');
  const to = names.map((name, index) => (index === axis ? 'z' : name)).join('');
  const shape = x.shape?.map((one, index) => (index === axis ? result : one));
  const attributes = { N: attr.int(2), T: attr.type(x.type), equation: attr.text(`${from},z${names[axis]}->${to}`) };
  return tf.graph.op('Einsum', [x, table], { type: x.type, shape }, attributes);
}

/** The elements around a place, which may lie beyond the ends, with their weights. */
function neighbours(
  call: OperatorCall,
  place: number,
  size: number,
): readonly (readonly [at: number, weight: number])[] {
  if (call.text('mode', 'nearest') === 'linear') {
    const within = Math.max(0, Math.min(size - 1, place));
    const first = Math.floor(within);
    const part = within - first;
    return [
      [first, 1 - part],
      [first + 1, part],
    ];
  }
  const first = Math.floor(place);
  const part = place - first;
  const a = call.number('cubic_coeff_a', -0.75);
  const near = (t: number) => ((a + 2) * t - (a + 3)) * t * t + 1;
  const far = (t: number) => ((a * t - 5 * a) * t + 8 * a) * t - 4 * a;
  return [
    [first - 1, far(part + 1)],
    [first, near(part)],
    [first + 1, near(1 - part)],
    [first + 2, far(2 - part)],
  ];
}

/** Where an element of the result lies in the input; in 32 bits, as runtimes compute it. */
function placeOf(call: OperatorCall, { size, result, scale }: AxisScaling, at: number): number {
  const factor = Math.fround(scale);
  const half = () => Math.fround(Math.fround(Math.fround(at + 0.5) / factor) - 0.5);
  const way = call.text('coordinate_transformation_mode', 'half_pixel');
  switch (way) {
    case 'half_pixel':
      return half();
    case 'pytorch_half_pixel':
      return result > 1 ? half() : 0;
    case 'align_corners':
      return result === 1 ? 0 : Math.fround((at * (size - 1)) / (result - 1));
    case 'asymmetric':
      return Math.fround(at / factor);
    default:
      throw call.refuse(`TensorFlow has no interpolation with ${way.slice(0, 40)}`);
  }
}

function inside(place: number, size: number): number {
  return Math.max(0, Math.min(size - 1, place));
}
