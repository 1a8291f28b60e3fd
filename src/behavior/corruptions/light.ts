import { type Corruption, strengthOf, withPixels } from './picture.ts';

/** What differences from the mean are multiplied by. */
const CONTRAST = { small: [0.75, 0.5, 0.4, 0.3, 0.15], large: [0.4, 0.3, 0.2, 0.1, 0.05] } as const;
/** What is added to the value of HSV. */
const BRIGHTNESS = { small: [0.05, 0.1, 0.15, 0.2, 0.3], large: [0.1, 0.2, 0.3, 0.4, 0.5] } as const;
/** The share of the image that is covered. */
const OCCLUSION = { small: [0.05, 0.1, 0.15, 0.2, 0.3], large: [0.05, 0.1, 0.15, 0.2, 0.3] } as const;
const GRAY = 0.5;

/** Each channel nearer to its mean. */
export const contrast: Corruption = (picture, severity) => {
  const factor = strengthOf(CONTRAST, picture, severity);
  const { channels, height, width, pixels } = picture;
  const size = height * width;
  const means = Array.from({ length: channels }, (_, channel) => {
    const own = pixels.subarray(channel * size, (channel + 1) * size);
    return own.reduce((sum, value) => sum + value, 0) / size;
  });
  return withPixels(picture, (value, at) => {
    const mean = means[Math.floor(at / size)] ?? 0;
    return mean + factor * (value - mean);
  });
};

/** Hue and saturation stay: the channels of a pixel grow in proportion. */
export const brightness: Corruption = (picture, severity) => {
  const added = strengthOf(BRIGHTNESS, picture, severity);
  const { channels, height, width, pixels } = picture;
  const size = height * width;
  return withPixels(picture, (value, at) => {
    const place = at % size;
    let most = 0;
    for (let channel = 0; channel < channels; channel++) most = Math.max(most, pixels[channel * size + place] ?? 0);
    const grown = Math.min(1, most + added);
    return most === 0 ? grown : value * (grown / most);
  });
};

/** A gray square somewhere. */
export const occlusion: Corruption = (picture, severity, random) => {
  const { height, width } = picture;
  const size = height * width;
  const side = Math.max(1, Math.round(Math.sqrt(strengthOf(OCCLUSION, picture, severity) * size)));
  const [high, wide] = [Math.min(side, height), Math.min(side, width)];
  const [top, left] = [random.below(height - high + 1), random.below(width - wide + 1)];
  return withPixels(picture, (value, at) => {
    const [y, x] = [Math.floor((at % size) / width), at % width];
    return y >= top && y < top + high && x >= left && x < left + wide ? GRAY : value;
  });
};
