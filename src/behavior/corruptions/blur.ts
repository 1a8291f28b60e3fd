import { type Corruption, type Picture, strengthOf } from './picture.ts';

/** Standard deviations, in pixels. */
const BLUR = { small: [0.4, 0.6, 0.7, 0.8, 1], large: [1, 2, 3, 4, 6] } as const;
/** A kernel ends at so many standard deviations. */
const TRUNCATED = 4;

/** A Gaussian blur, in which pixels at the edge go on. */
export const blur: Corruption = (picture, severity) => {
  const kernel = kernelOf(strengthOf(BLUR, picture, severity));
  return alongRows(alongColumns(picture, kernel), kernel);
};

function kernelOf(deviation: number): Float64Array {
  const reach = Math.floor(TRUNCATED * deviation + 0.5);
  const weights = Float64Array.from({ length: 2 * reach + 1 }, (_, at) =>
    Math.exp(-((at - reach) ** 2) / (2 * deviation ** 2)),
  );
  const sum = weights.reduce((total, one) => total + one, 0);
  return weights.map((one) => one / sum);
}

function alongColumns(picture: Picture, kernel: Float64Array): Picture {
  return convolved(picture, kernel, picture.height, picture.width);
}

function alongRows(picture: Picture, kernel: Float64Array): Picture {
  return convolved(picture, kernel, picture.width, 1);
}

/** @param size of the axis, and how far pixels of it lie apart */
function convolved(picture: Picture, kernel: Float64Array, size: number, apart: number): Picture {
  const reach = (kernel.length - 1) / 2;
  const { pixels } = picture;
  const blurred = pixels.map((_, at) => {
    const place = Math.floor(at / apart) % size;
    let sum = 0;
    for (let k = 0; k < kernel.length; k++) {
      const other = Math.min(size - 1, Math.max(0, place + k - reach));
      sum += (kernel[k] ?? 0) * (pixels[at + (other - place) * apart] ?? 0);
    }
    return sum;
  });
  return { ...picture, pixels: blurred };
}
