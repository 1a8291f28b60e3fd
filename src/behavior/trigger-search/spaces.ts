import type { Figure } from '../../core/behavior/index.ts';
import type { TriggerSpace } from './trigger.ts';

/** A row that can be shown as an image. */
export interface ImageLayout {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly channelsLast: boolean;
}

/** What the sizes of a row mean: an image of one or three channels, which come first or last. */
export function pictureShapeOf(shape: readonly number[]): ImageLayout | undefined {
  const [a = 0, b = 0, c = 0] = shape;
  if (shape.length === 2) return { height: a, width: b, channels: 1, channelsLast: false };
  if (shape.length !== 3) return undefined;
  if (isColor(a)) return { height: b, width: c, channels: a, channelsLast: false };
  return isColor(c) ? { height: a, width: b, channels: c, channelsLast: true } : undefined;
}

function isColor(count: number): boolean {
  return count === 1 || count === 3;
}

/** Where triggers of rows of a shape lie: a position of an image is a pixel with all of its channels. */
export function triggerSpaceOf(shape: readonly number[], lower: number, upper: number): TriggerSpace {
  const width = shape.reduce((product, size) => product * size, 1);
  const { channels = 1, channelsLast = false } = pictureShapeOf(shape) ?? {};
  return { positions: width / channels, channels, channelsLast, lower, upper };
}

/** The numbers of a row as an image, from black (`lower`) to white (`upper`). */
export function pictureOf(
  title: string,
  { height, width, channels, channelsLast }: ImageLayout,
  numbers: Float32Array,
  { lower, upper, positions }: TriggerSpace,
): Figure {
  const pixels = new Uint8Array(numbers.length);
  for (let at = 0; at < pixels.length; at++) {
    const from = channelsLast ? at : (at % channels) * positions + Math.floor(at / channels);
    const share = ((numbers[from] ?? lower) - lower) / (upper - lower);
    pixels[at] = Math.round(255 * Math.min(1, Math.max(0, share)));
  }
  return { kind: 'image', title, height, width, channels, pixels: Buffer.from(pixels).toString('base64') };
}
