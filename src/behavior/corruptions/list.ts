import { blur } from './blur.ts';
import { jpeg } from './jpeg.ts';
import { brightness, contrast, occlusion } from './light.ts';
import { gaussianNoise, impulseNoise, shotNoise } from './noise.ts';
import type { Corruption } from './picture.ts';

export const CORRUPTIONS = [
  'gaussian-noise',
  'shot-noise',
  'impulse-noise',
  'blur',
  'contrast',
  'brightness',
  'jpeg',
  'occlusion',
] as const;

export type CorruptionName = (typeof CORRUPTIONS)[number];

/** Those of Hendrycks and Dietterich (2019) by their constants; `jpeg` is the loss without the file, and `occlusion` is not theirs. */
const BY_NAME: Readonly<Record<CorruptionName, Corruption>> = {
  'gaussian-noise': gaussianNoise,
  'shot-noise': shotNoise,
  'impulse-noise': impulseNoise,
  blur,
  contrast,
  brightness,
  jpeg,
  occlusion,
};

export function corruptionOf(name: CorruptionName): Corruption {
  return BY_NAME[name];
}
