import { mean } from './layout.ts';
import type { Network } from './network.ts';
import { pad } from './padding.ts';
import { type GraphSize, type GraphTensor, shownShape } from './shape.ts';
import { checkWindow, type Padding, reach, stepsOver, type Window, windowAttributes } from './window.ts';

export interface Pooling extends Window {
  /** Count a last step that leaves the input, if it begins within. */
  readonly ceil: boolean;
}

export const NEEDS_SHAPE = 'give the shape of the input without the batch: --input-shape 3,224,224';

export function maxPool(net: Network, x: GraphTensor, options: Pooling): GraphTensor {
  const { window, shape } = pooled(net, x, options);
  return net.op('MaxPool', [x], { type: x.type, shape }, windowAttributes(window));
}

export interface AveragePooling extends Omit<Pooling, 'dilations'> {
  /** Whether padding counts as zeros. */
  readonly countPads: boolean;
  /** What the sum is divided by, where it is not the number of elements. */
  readonly divisor: number | undefined;
}

export function averagePool(net: Network, x: GraphTensor, options: AveragePooling): GraphTensor {
  const dilations = options.kernel.map(() => 1);
  const { pads, divisor } = options;
  if (divisor !== undefined) return dividedPool(net, x, { ...options, dilations }, divisor);
  if (!options.countPads || typeof pads === 'string' || pads.flat().every((one) => one === 0)) {
    const { window, shape } = pooled(net, x, { ...options, dilations });
    return average(net, x, window, shape, false);
  }
  // What a last step adds does not count, so the padding that does is made first.
  const whole = options.ceil ? pad(net, x, { kind: 'constant', value: 0 }, [[0, 0], [0, 0], ...pads]) : x;
  const rest = options.ceil ? pads.map((): [number, number] => [0, 0]) : pads;
  const { window, shape } = pooled(net, whole, { ...options, dilations, pads: rest });
  return average(net, whole, window, shape, !options.ceil);
}

function dividedPool(net: Network, x: GraphTensor, options: Pooling, divisor: number): GraphTensor {
  if (!Number.isFinite(divisor) || divisor === 0) throw net.broken(`its divisor is ${divisor}`);
  const { window, shape } = pooled(net, x, options);
  const elements = options.kernel.reduce((count, size) => count * size, 1);
  return net.mul(average(net, x, window, shape, true), elements / divisor);
}

function average(
  net: Network,
  x: GraphTensor,
  window: Window,
  shape: readonly GraphSize[],
  count: boolean,
): GraphTensor {
  const { dilations: _, ...attributes } = windowAttributes(window);
  return net.op('AveragePool', [x], { type: x.type, shape }, { ...attributes, count_include_pad: count });
}

/** `(sum of x ** p) ** (1 / p)`, without padding. */
export function powerPool(
  net: Network,
  x: GraphTensor,
  p: number,
  options: Omit<AveragePooling, 'pads' | 'divisor' | 'countPads'>,
) {
  const powers = net.binary('Pow', x, net.real(p));
  const pads = options.kernel.map((): [number, number] => [0, 0]);
  const sums = averagePool(net, powers, { ...options, pads, countPads: true, divisor: 1 });
  return net.binary('Pow', sums, net.real(1 / p));
}

/** The window of a pool whose last steps are made by more padding, and the shape of the result. */
function pooled(net: Network, x: GraphTensor, options: Pooling): { window: Window; shape: GraphSize[] } {
  checkWindow(net, x, options);
  const space = x.shape.slice(2);
  const pads = options.pads;
  const window =
    options.ceil && typeof pads !== 'string'
      ? { ...options, pads: pads.map((both, axis) => withLast(net, space[axis], options, both, axis)) }
      : options;
  const sizes = space.map((size, axis) => stepsOver(net, size, window, axis));
  return { window, shape: [x.shape[0], x.shape[1], ...sizes] };
}

function withLast(
  net: Network,
  size: GraphSize,
  options: Pooling,
  [before, behind]: Padding[number],
  axis: number,
): [number, number] {
  const stride = options.strides[axis] ?? 1;
  if (stride === 1) return [before, behind];
  if (typeof size !== 'number')
    throw net.refuse('ceil_mode needs the size of its input, which is not in the file', NEEDS_SHAPE);
  const left = size + before + behind - reach(options, axis);
  let steps = Math.ceil(left / stride) + 1;
  if ((steps - 1) * stride >= size + before) steps--;
  return [before, Math.max(behind, behind + (steps - 1) * stride - left)];
}

/** The mean or the maximum of all of space, which stays with the size 1. */
export function globalPool(net: Network, x: GraphTensor, kind: 'average' | 'max'): GraphTensor {
  const axes = x.shape.map((_, axis) => axis).slice(2);
  if (axes.length === 0) throw net.broken(`its input ${shownShape(x.shape)} has no dimensions of space`);
  if (kind === 'average') return mean(net, x, axes);
  const shape = x.shape.map((size, axis) => (axis < 2 ? size : 1));
  return net.op('ReduceMax', [x], { type: x.type, shape }, { axes, keepdims: true });
}

/** Parts of a weight matrix. */
const MAX_ELEMENTS = 2 ** 24;

/**
 * Pools into a result of given sizes; `undefined` keeps a size. The windows of a dimension differ by one element, as in PyTorch.
 * @throws AssayError `unsupported` for a size that the file does not contain
 */
export function adaptivePool(
  net: Network,
  x: GraphTensor,
  kind: 'average' | 'max',
  sizes: readonly (number | undefined)[],
): GraphTensor {
  if (
    sizes.length !== x.shape.length - 2 ||
    sizes.some((size) => size !== undefined && !(Number.isSafeInteger(size) && size > 0))
  )
    throw net.broken(`the sizes (${sizes.join(', ')}) are not those of an input ${shownShape(x.shape)}`);
  if (sizes.every((size) => size === 1)) return globalPool(net, x, kind);
  return sizes.reduce<GraphTensor>((pooling, size, axis) => {
    return size === undefined || pooling.shape[axis + 2] === size
      ? pooling
      : oneAxis(net, pooling, kind, axis + 2, size);
  }, x);
}

function oneAxis(net: Network, x: GraphTensor, kind: 'average' | 'max', axis: number, size: number): GraphTensor {
  const from = x.shape[axis];
  if (typeof from !== 'number') throw net.refuse(`pooling to ${size} needs the size of its input`, NEEDS_SHAPE);
  if (from * size > MAX_ELEMENTS) throw net.refuse(`pools ${from} elements into ${size}`);
  const bounds = Array.from({ length: size }, (_, i): [number, number] => [
    Math.floor((i * from) / size),
    Math.ceil(((i + 1) * from) / size),
  ]);
  const shape = x.shape.map((one, i) => (i === axis ? size : one));
  if (kind === 'max') {
    const width = Math.max(...bounds.map(([start, end]) => end - start));
    // A window that is shorter repeats its last element.
    const indexes = bounds.flatMap(([start, end]) =>
      Array.from({ length: width }, (_, i) => Math.min(start + i, end - 1)),
    );
    const parts = [...shape.slice(0, axis), size, width, ...shape.slice(axis + 1)];
    const taken = net.op('Gather', [x, net.ints(indexes, [size, width])], { type: x.type, shape: parts }, { axis });
    return net.op('ReduceMax', [taken], { type: x.type, shape }, { axes: [axis + 1], keepdims: false });
  }
  const shares = new Float32Array(from * size);
  for (const [i, [start, end]] of bounds.entries()) shares.fill(1 / (end - start), i * from + start, i * from + end);
  const last = x.shape.length - 1;
  const weights = net.reals(shares, [size, from]);
  // Space is [.., from, last] or [.., from]: the product is over the axis that is pooled.
  if (axis === last) {
    const turned = net.op('Transpose', [weights], { type: x.type, shape: [from, size] }, { perm: [1, 0] });
    return net.matmul(x, turned);
  }
  if (axis === last - 1) return net.matmul(weights, x);
  const perm = x.shape.map((_, i) => (i === axis ? last : i === last ? axis : i));
  const moved = net.op('Transpose', [x], { type: x.type, shape: perm.map((i) => x.shape[i]) }, { perm });
  const done = oneAxis(net, moved, kind, last, size);
  return net.op('Transpose', [done], { type: x.type, shape }, { perm });
}
