import type { SeededRandom } from '../../core/index.ts';
import { type Corruption, strengthOf, withPixels } from './picture.ts';

const GAUSSIAN = { small: [0.04, 0.06, 0.08, 0.09, 0.1], large: [0.08, 0.12, 0.18, 0.26, 0.38] } as const;
/** Photons of a pixel of 1. */
const SHOT = { small: [500, 250, 100, 75, 50], large: [60, 25, 12, 5, 3] } as const;
/** The share of pixels. */
const IMPULSE = { small: [0.01, 0.02, 0.03, 0.05, 0.07], large: [0.03, 0.06, 0.09, 0.17, 0.27] } as const;

export const gaussianNoise: Corruption = (picture, severity, random) => {
  const deviation = strengthOf(GAUSSIAN, picture, severity);
  return withPixels(picture, (value) => value + deviation * random.normal());
};

/** Photons are counted: a Poisson distribution. */
export const shotNoise: Corruption = (picture, severity, random) => {
  const photons = strengthOf(SHOT, picture, severity);
  return withPixels(picture, (value) => poisson(value * photons, random) / photons);
};

/** Salt and pepper. */
export const impulseNoise: Corruption = (picture, severity, random) => {
  const share = strengthOf(IMPULSE, picture, severity);
  return withPixels(picture, (value) => {
    if (random.unit() >= share) return value;
    return random.unit() < 0.5 ? 0 : 1;
  });
};

/** More at a time, and the first probability would be too small for a double. */
const PART = 30;

/** A draw of the Poisson distribution: by inversion, in parts. */
export function poisson(mean: number, random: SeededRandom): number {
  let count = 0;
  for (let left = mean; left > 0; left -= PART) {
    const part = Math.min(PART, left);
    let [probability, draw] = [Math.exp(-part), random.unit()];
    let own = 0;
    while (draw >= probability && probability > 0) {
      draw -= probability;
      own++;
      probability *= part / own;
    }
    count += own;
  }
  return count;
}
