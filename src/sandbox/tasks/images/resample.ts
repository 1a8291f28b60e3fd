import type { Pixels } from './pixels.ts';

/** How far a filter reaches, and its weight at a distance, in source pixels where the image is not made smaller. */
interface Filter {
  readonly support: number;
  readonly weight: (distance: number) => number;
}

const FILTERS = {
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { support: 2, weight: (x) => cubic(Math.abs(x)) },
  lanczos: { support: 3, weight: (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0) },
} as const satisfies Readonly<Record<string, Filter>>;

export type ResizeFilter = 'nearest' | keyof typeof FILTERS;
export const RESIZE_FILTERS: readonly string[] = ['nearest', ...Object.keys(FILTERS)];

export function isResizeFilter(value: unknown): value is ResizeFilter {
  return typeof value === 'string' && RESIZE_FILTERS.includes(value);
}

function cubic(x: number): number {
  const a = -0.5;
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}

/** Bits of a weight behind the point: sums of weighted bytes stay within 32 bits. */
const PRECISION = 22;
const ONE = 2 ** PRECISION;
const HALF = 2 ** (PRECISION - 1);

/** The weights of the source pixels that one pixel of the result is made of. */
interface Weights {
  readonly start: number;
  readonly weights: Int32Array;
}

/**
 * An image in another size, byte for byte as `Image.resize` of Pillow 12 makes it: filters reach over all source pixels that a pixel covers
 * (antialiasing), each row is resized before each column, and both are rounded to 8 bits. Pillow 13 takes the columns first for some sizes.
 */
export function resample(image: Pixels, width: number, height: number, filter: ResizeFilter): Pixels {
  if (width === image.width && height === image.height) return image;
  if (filter === 'nearest') return nearest(image, width, height);
  const wide = width === image.width ? image : acrossRows(image, weightsOf(image.width, width, FILTERS[filter]));
  return height === wide.height ? wide : downColumns(wide, weightsOf(wide.height, height, FILTERS[filter]));
}

function weightsOf(from: number, to: number, { support, weight }: Filter): Weights[] {
  const scale = from / to;
  const stretch = Math.max(1, scale);
  const reach = support * stretch;
  return Array.from({ length: to }, (_, at) => {
    const center = (at + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - reach + 0.5));
    const end = Math.min(from, Math.trunc(center + reach + 0.5));
    const exact = Array.from({ length: end - start }, (_, x) => weight((x + start - center + 0.5) * (1 / stretch)));
    const sum = exact.reduce((total, value) => total + value, 0);
    const fixed = exact.map((value) => {
      const share = (sum === 0 ? value : value * (1 / sum)) * ONE;
      return Math.trunc(share < 0 ? share - 0.5 : share + 0.5);
    });
    return { start, weights: Int32Array.from(fixed) };
  });
}

function acrossRows({ width, height, channels, data }: Pixels, weights: readonly Weights[]): Pixels {
  const result = new Uint8Array(weights.length * height * channels);
  for (let y = 0, to = 0; y < height; y++) {
    for (const one of weights) {
      const from = (y * width + one.start) * channels;
      for (let channel = 0; channel < channels; channel++) result[to++] = sumOf(data, from + channel, channels, one);
    }
  }
  return { width: weights.length, height, channels, data: result };
}

function downColumns({ width, channels, data }: Pixels, weights: readonly Weights[]): Pixels {
  const line = width * channels;
  const result = new Uint8Array(weights.length * line);
  for (const [y, one] of weights.entries()) {
    for (let x = 0; x < line; x++) result[y * line + x] = sumOf(data, one.start * line + x, line, one);
  }
  return { width, height: weights.length, channels, data: result };
}

function sumOf(data: Uint8Array, from: number, step: number, { weights }: Weights): number {
  let sum = HALF;
  for (let i = 0, at = from; i < weights.length; i++, at += step) sum += (data[at] ?? 0) * (weights[i] ?? 0);
  return Math.min(255, Math.max(0, Math.floor(sum / ONE)));
}

function nearest({ width: from, height: tall, channels, data }: Pixels, width: number, height: number): Pixels {
  const [xs, ys] = [sourcesOf(from, width), sourcesOf(tall, height)];
  const result = new Uint8Array(width * height * channels);
  let to = 0;
  for (const y of ys) {
    for (const x of xs) {
      const at = (y * from + x) * channels;
      for (let channel = 0; channel < channels; channel++) result[to++] = data[at + channel] ?? 0;
    }
  }
  return { width, height, channels, data: result };
}

/** The source pixel of each; the place is a sum, as it is in Pillow, whose last digits count. */
function sourcesOf(from: number, to: number): number[] {
  const step = from / to;
  let place = step * 0.5;
  return Array.from({ length: to }, () => {
    const source = Math.min(from - 1, Math.trunc(place));
    place += step;
    return source;
  });
}
