import type { TfValue } from '../../../../formats/tensorflow/index.ts';
import type { OperatorCall } from '../../call/index.ts';
import { axesFrom, type TfOps } from '../../ops/index.ts';
import type { PadAmounts } from '../padding/index.ts';

/** How a window goes over an image: a number for each of its dimensions. */
export interface ImageWindow {
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** PadAmounts, or that of TensorFlow's own name, which depends on a size that is not known. */
  readonly padding: PadAmounts | 'SAME';
}

/** The largest size, stride and dilation that is translated. */
const MAX_SIZE = 2 ** 20;

/** @param x [N, C, sizes...] */
export function windowOf(call: OperatorCall, x: TfValue, sizes: readonly number[]): ImageWindow {
  const count = sizes.length;
  const list = (name: string, fallback: number): readonly number[] => {
    const given = call.integers(name) ?? Array<number>(count).fill(fallback);
    if (given.length !== count || given.some((one) => one < 1 || one > MAX_SIZE))
      throw call.broken(`has the ${name} ${given.join(', ')}`);
    return given;
  };
  if (sizes.some((size) => size < 1 || size > MAX_SIZE)) throw call.broken(`has a window of ${sizes.join(' x ')}`);
  const window = { sizes, strides: list('strides', 1), dilations: list('dilations', 1) };
  return { ...window, padding: paddingOf(call, x, window) };
}

function paddingOf(call: OperatorCall, x: TfValue, window: Omit<ImageWindow, 'padding'>): ImageWindow['padding'] {
  const count = window.sizes.length;
  const mode = call.text('auto_pad', 'NOTSET');
  if (mode === 'VALID') return window.sizes.map(() => [0, 0]);
  if (mode === 'NOTSET') {
    const pads = call.integers('pads') ?? Array<number>(2 * count).fill(0);
    if (pads.length !== 2 * count || pads.some((pad) => pad < 0 || pad > MAX_SIZE))
      throw call.broken(`has the pads ${pads.join(', ')}`);
    return window.sizes.map((_, axis) => [pads[axis] ?? 0, pads[axis + count] ?? 0]);
  }
  if (mode !== 'SAME_UPPER' && mode !== 'SAME_LOWER') throw call.broken(`has the padding ${mode.slice(0, 40)}`);
  const sizes = axesFrom(2, 2 + count).map((axis) => x.shape?.[axis]);
  if (sizes.some((size) => size === undefined)) {
    if (mode === 'SAME_UPPER') return 'SAME';
    throw call.refuse('its padding is SAME_LOWER, and the size of its images is not known');
  }
  return sizes.map((size, axis) => samePadding(size ?? 0, window, axis, mode === 'SAME_LOWER'));
}

function samePadding(
  size: number,
  { sizes, strides, dilations }: Omit<ImageWindow, 'padding'>,
  axis: number,
  lower: boolean,
): readonly [number, number] {
  const stride = strides[axis] ?? 1;
  const needed = (Math.ceil(size / stride) - 1) * stride + extent(sizes[axis] ?? 1, dilations[axis] ?? 1) - size;
  const total = Math.max(0, needed);
  const small = Math.floor(total / 2);
  return lower ? [total - small, small] : [small, total - small];
}

/** What a window with gaps covers. */
export function extent(size: number, dilation: number): number {
  return (size - 1) * dilation + 1;
}

/** The sizes of the result, of images that are padded already. */
export function sizesAfter(
  sizes: readonly (number | undefined)[],
  { sizes: window, strides, dilations, padding }: ImageWindow,
): (number | undefined)[] {
  return sizes.map((size, axis) => {
    if (size === undefined) return undefined;
    const stride = strides[axis] ?? 1;
    if (padding === 'SAME') return Math.ceil(size / stride);
    return Math.max(0, Math.floor((size - extent(window[axis] ?? 1, dilations[axis] ?? 1)) / stride) + 1);
  });
}

/** Images of one dimension are ones of two dimensions, of which the first has the size 1. */
export function atLeastTwo<T extends { readonly window: ImageWindow; readonly image: TfValue }>(
  tf: TfOps,
  given: T,
): T {
  const { window, image } = given;
  if (window.sizes.length !== 1) return given;
  const padding: ImageWindow['padding'] = window.padding === 'SAME' ? 'SAME' : [[0, 0], ...window.padding];
  return {
    ...given,
    window: {
      sizes: [1, ...window.sizes],
      strides: [1, ...window.strides],
      dilations: [1, ...window.dilations],
      padding,
    },
    image: tf.expandDims(image, 1),
  };
}
