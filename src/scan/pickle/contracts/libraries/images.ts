import type { Value } from '../../../../formats/pickle/index.ts';
import { type Contract, textAt, unexpected } from '../contract.ts';
import { numbersOf } from '../numbers.ts';
import { placeOf } from '../spelled-bytes.ts';

/** Bits of one pixel, as `tobytes` writes it. */
const BITS: Readonly<Record<string, number>> = {
  '1': 1,
  ...Object.fromEntries(['L', 'P'].map((mode) => [mode, 8])),
  ...Object.fromEntries(['LA', 'PA', 'La', 'I;16', 'I;16L', 'I;16B'].map((mode) => [mode, 16])),
  ...Object.fromEntries(['RGB', 'YCbCr', 'LAB', 'HSV'].map((mode) => [mode, 24])),
  ...Object.fromEntries(['RGBA', 'RGBa', 'RGBX', 'CMYK', 'I', 'F'].map((mode) => [mode, 32])),
};

const UNTOLD = unexpected('the state of the image is unknown');

/** `[info, mode, size, palette, pixels]` (PIL/Image.py): memory for all pixels is allocated before the pixels are read. */
const imageState: Contract = (parts, context) => {
  const fields = parts.length === 1 && parts[0] !== undefined ? context.state.elementsOf(parts[0]) : parts;
  if (fields?.length !== 5) return UNTOLD;
  const [, , size, , pixels] = fields;
  const mode = textAt(fields, 1, context);
  const sizes = numbersOf(size, context);
  const bits = mode === undefined || !Object.hasOwn(BITS, mode) ? undefined : BITS[mode];
  const length = lengthOf(pixels, context.state);
  if (context.state.waits) return undefined;
  if (sizes.kind === 'broken') return sizes.breach;
  const [wide, high] = sizes.numbers;
  if (bits === undefined || length === undefined || wide === undefined || high === undefined) return UNTOLD;
  const needed = Math.ceil((wide * bits) / 8) * high;
  return sizes.numbers.length === 2 && wide >= 0 && high >= 0 && needed <= length
    ? undefined
    : unexpected('the image has fewer pixels than its size requires');
};

function lengthOf(of: Value | undefined, state: Parameters<typeof placeOf>[2]): number | undefined {
  return of === undefined ? undefined : placeOf(of, false, state)?.length;
}

export const IMAGE_STATES: readonly (readonly [string, Contract])[] = [['PIL.Image:Image', imageState]];
