import { randomBytes } from 'node:crypto';
import type { ImageRows } from './load.ts';

/** Sides of the squares of pixels that are compared. */
export const SIDES = [1, 3] as const;

/** A place in an image. */
export interface PatchPlace {
  readonly top: number;
  readonly left: number;
  readonly side: number;
}

/** All squares that images of a size have. */
export function* windows({ height, width }: Pick<ImageRows, 'height' | 'width'>): Generator<PatchPlace> {
  for (const side of SIDES)
    for (let top = 0; top + side <= height; top++)
      for (let left = 0; left + side <= width; left++) yield { top, left, side };
}

/** Values of a channel that are one: of 256, 16 are told apart. */
const LEVELS = 4;

/**
 * Tells what images show in a window: images with one number show the same. The key is random, so that who makes the images cannot make
 * different ones the same.
 */
export class WindowKeys {
  readonly #images: ImageRows;
  readonly #low: number;
  readonly #high: number;

  constructor(images: ImageRows) {
    const key = randomBytes(8);
    this.#images = images;
    this.#low = key.readInt32LE(0) | 1;
    this.#high = key.readInt32LE(4) | 1;
  }

  of(image: number, { top, left, side }: PatchPlace): number {
    const { height, width, channels, pixels } = this.#images;
    let [low, high] = [this.#low, this.#high];
    for (let line = top; line < top + side; line++) {
      const from = ((image * height + line) * width + left) * channels;
      for (let at = from; at < from + side * channels; at++) {
        const level = ((pixels[at] ?? 0) >> LEVELS) + 1;
        low = Math.imul(low ^ level, this.#low);
        low ^= low >>> 15;
        high = Math.imul(high + level, this.#high);
        high ^= high >>> 13;
      }
    }
    return (low >>> 0) * 2 ** 21 + (high >>> 11);
  }
}
