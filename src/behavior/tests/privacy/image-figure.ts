import type { Figure } from '../../../core/behavior/index.ts';
import { AssayError } from '../../../core/index.ts';

export interface FigureShape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** Bytes of one figure. */
const MAX_PIXELS = 512 * 512;

/**
 * The image that a row is: by its shape (channels, height, width), or as the suite says for a row of numbers.
 * @returns `undefined` for a row that is not an image, and one that is too large to show
 * @throws AssayError `usage` for a height and a width that do not fit
 */
export function imageShape(
  shape: readonly number[],
  { height, width }: { readonly height?: number; readonly width?: number },
): FigureShape | undefined {
  const size = shape.reduce((product, one) => product * one, 1);
  const [channels = 0, rows = 0, columns = 0] =
    height === undefined || width === undefined ? shape : [size / (height * width), height, width];
  const isImage = (channels === 1 || channels === 3) && channels * rows * columns === size;
  if (!isImage && (height !== undefined || width !== undefined))
    throw new AssayError('usage', `a row of ${size} numbers is not an image of ${height ?? '?'} by ${width ?? '?'}`, {
      hint: 'give the height and the width of an image of 1 or 3 channels, or neither',
    });
  return isImage && size <= MAX_PIXELS ? { channels, height: rows, width: columns } : undefined;
}

/** A row as a picture, channel after channel. */
export function imageFigure(
  title: string,
  row: Float32Array,
  { channels, height, width }: FigureShape,
  lower: number,
  upper: number,
): Figure {
  const bytes = new Uint8ClampedArray(row.length);
  const plane = height * width;
  for (const [at, value] of row.entries())
    bytes[(at % plane) * channels + Math.floor(at / plane)] = (255 * (value - lower)) / (upper - lower);
  return { kind: 'image', title, height, width, channels, pixels: Buffer.from(bytes).toString('base64') };
}
