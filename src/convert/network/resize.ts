import { float } from '../../formats/onnx/index.ts';
import type { Network } from './network.ts';
import { type GraphSize, type GraphTensor, shownShape } from './shape.ts';

/** How a resized image is computed. */
export interface Resizing {
  readonly mode: 'nearest' | 'linear' | 'cubic';
  /** Where the elements of the result are in the input. */
  readonly coordinates: 'half_pixel' | 'pytorch_half_pixel' | 'align_corners' | 'asymmetric';
  /** How the nearest element is found. */
  readonly rounding?: 'floor' | 'round_prefer_floor' | 'round_prefer_ceil' | 'ceil';
}

/** A new size of each dimension of space, or factors. */
export type NewSizes = { readonly sizes: readonly number[] } | { readonly factors: readonly number[] };

/** The third coefficient of cubic interpolation, of PyTorch and of TensorFlow before 2. */
const CUBIC = -0.75;

export function resize(net: Network, x: GraphTensor, to: NewSizes, options: Resizing): GraphTensor {
  const space = x.shape.slice(2);
  const given = 'sizes' in to ? to.sizes : to.factors;
  if (space.length === 0 || given.length !== space.length || !given.every((one) => one > 0 && Number.isFinite(one)))
    throw net.broken(`the new sizes (${given.join(', ')}) are not those of ${shownShape(x.shape)}`);
  const attributes = {
    mode: options.mode,
    coordinate_transformation_mode: options.coordinates,
    ...(options.mode === 'nearest' ? { nearest_mode: options.rounding ?? 'floor' } : {}),
    ...(options.mode === 'cubic' ? { cubic_coeff_a: float(CUBIC) } : {}),
  };
  if ('factors' in to) {
    const shape: GraphSize[] = [...x.shape.slice(0, 2), ...space.map((size, i) => scaled(size, to.factors[i] ?? 1))];
    const factors = net.reals([1, 1, ...to.factors]);
    return net.op('Resize', [x, undefined, factors], { type: x.type, shape }, attributes);
  }
  const sizes = [net.size(x, 0), net.size(x, 1), net.ints(to.sizes)].map(({ value }) => value);
  const shape: GraphSize[] = [...x.shape.slice(0, 2), ...to.sizes];
  return net.op('Resize', [x, undefined, undefined, net.ops.concat(sizes, 0)], { type: x.type, shape }, attributes);
}

function scaled(size: GraphSize, factor: number): GraphSize {
  return typeof size === 'number' ? Math.floor(size * factor) : undefined;
}
