import type { SeededRandom } from '../../core/index.ts';

/** PixelRows of an image from 0 to 1, channel after channel, row after row. */
export interface Picture {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly pixels: Float32Array;
}

/** From 1 to 5. */
export type CorruptionSeverity = 1 | 2 | 3 | 4 | 5;

export const CORRUPTION_SEVERITIES: readonly CorruptionSeverity[] = [1, 2, 3, 4, 5];

/** Another picture of the same sizes, its pixels from 0 to 1. */
export type Corruption = (picture: Picture, severity: CorruptionSeverity, random: SeededRandom) => Picture;

/** What a corruption does at each severity. */
export interface Strengths {
  /** Of images up to 64 pixels high or wide, as in CIFAR-10-C. */
  readonly small: readonly [number, number, number, number, number];
  /** Of others, as in ImageNet-C. */
  readonly large: readonly [number, number, number, number, number];
}

const SMALL = 64;

export function strengthOf(
  { small, large }: Strengths,
  { height, width }: Picture,
  severity: CorruptionSeverity,
): number {
  const all = Math.min(height, width) <= SMALL ? small : large;
  return all[severity - 1] ?? 0;
}

/** The same picture with other pixels, cut off at 0 and 1. */
export function withPixels(picture: Picture, pixelAt: (value: number, at: number) => number): Picture {
  return { ...picture, pixels: picture.pixels.map((value, at) => Math.min(1, Math.max(0, pixelAt(value, at)))) };
}
