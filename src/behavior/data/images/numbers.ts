import { AssayError } from '../../../core/index.ts';
import type { ImageShape } from '../../../formats/decoded-images/index.ts';
import type { Preprocess } from './spec.ts';

const DIVISOR = 255;

/**
 * Where pixels go as the numbers of an input: `(value / divisor - mean) / std`, each step in 32 bits as torch does it.
 * @throws AssayError `usage` when the number of means is not the number of channels
 */
export function pixelWriter(preprocess: Preprocess, { height, width, channels }: ImageShape) {
  const { dtype, divisor, mean, std, layout } = preprocess;
  if (dtype === 'uint8' && (divisor !== undefined || mean !== undefined || std !== undefined))
    throw new AssayError('usage', '`divisor`, `mean` and `std` make numbers that uint8 does not have', {
      hint: 'leave them out, or set `dtype: float32`',
    });
  const tables = Array.from({ length: channels }, (_, channel) => {
    const by = Math.fround(divisor ?? DIVISOR);
    const off = Math.fround(ofChannel(mean, channel, channels) ?? 0);
    const spread = Math.fround(ofChannel(std, channel, channels) ?? 1);
    return Float64Array.from({ length: 256 }, (_, value) => {
      if (dtype === 'uint8') return value;
      return Math.fround(Math.fround(Math.fround(value / by) - off) / spread);
    });
  });
  const plane = height * width;
  return (pixels: Uint8Array, into: { [index: number]: number }, start: number): void => {
    for (let at = 0, pixel = 0; pixel < plane; pixel++) {
      for (let channel = 0; channel < channels; channel++, at++) {
        const to = layout === 'nchw' ? channel * plane + pixel : at;
        into[start + to] = tables[channel]?.[pixels[at] ?? 0] ?? 0;
      }
    }
  };
}

function ofChannel(
  values: number | readonly number[] | undefined,
  channel: number,
  channels: number,
): number | undefined {
  if (values === undefined || typeof values === 'number') return values;
  if (values.length === channels) return values[channel];
  throw new AssayError(
    'usage',
    `\`mean\` and \`std\` have ${values.length} numbers, and images have ${channels} channels`,
    {
      hint: 'give one number for each channel',
    },
  );
}
