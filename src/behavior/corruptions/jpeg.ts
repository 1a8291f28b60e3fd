import { type Corruption, type Picture, strengthOf, withPixels } from './picture.ts';

const QUALITY = { small: [80, 65, 58, 50, 40], large: [25, 18, 15, 10, 7] } as const;
/** ITU-T T.81, tables K.1 and K.2: brightness, and the two differences of colour. */
const LUMINANCE = [
  16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51,
  87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101,
  72, 92, 95, 98, 112, 100, 103, 99,
];
const CHROMINANCE = [
  17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99,
  99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
  99, 99, 99, 99, 99, 99,
];
const SIDE = 8;
const LEVELS = 255;
const MIDDLE = 128;

/** What JPEG loses: the coefficients of the cosine transform of blocks of 8 x 8 are rounded. Colours keep their size (4:4:4). */
export const jpeg: Corruption = (picture, severity) => quantised(picture, strengthOf(QUALITY, picture, severity));

/** @param quality from 1 to 100, as libjpeg has it */
export function quantised(picture: Picture, quality: number): Picture {
  const { channels, height, width } = picture;
  const size = height * width;
  const levels = Float64Array.from(picture.pixels, (value) => Math.round(value * LEVELS));
  const isColour = channels === 3;
  const planes = isColour ? toYcc(levels, size) : levels;
  for (let channel = 0; channel < channels; channel++) {
    const table = scaled(isColour && channel > 0 ? CHROMINANCE : LUMINANCE, quality);
    quantisePlane(planes.subarray(channel * size, (channel + 1) * size), height, width, table);
  }
  const back = isColour ? toRgb(planes, size) : planes;
  return withPixels(picture, (_, at) => Math.round(back[at] ?? 0) / LEVELS);
}

function scaled(table: readonly number[], quality: number): readonly number[] {
  const scale = quality < 50 ? Math.floor(5000 / quality) : 200 - 2 * quality;
  return table.map((one) => Math.min(255, Math.max(1, Math.floor((one * scale + 50) / 100))));
}

/** Blocks that reach beyond the edge go on with the pixels of the edge. */
function quantisePlane(plane: Float64Array, height: number, width: number, table: readonly number[]): void {
  const block = new Float64Array(SIDE * SIDE);
  for (let top = 0; top < height; top += SIDE)
    for (let left = 0; left < width; left += SIDE) {
      for (let y = 0; y < SIDE; y++)
        for (let x = 0; x < SIDE; x++) {
          const at = Math.min(height - 1, top + y) * width + Math.min(width - 1, left + x);
          block[y * SIDE + x] = (plane[at] ?? 0) - MIDDLE;
        }
      const coefficients = transformed(block, BASIS);
      for (let at = 0; at < coefficients.length; at++) {
        const step = table[at] ?? 1;
        coefficients[at] = Math.round((coefficients[at] ?? 0) / step) * step;
      }
      const back = transformed(coefficients, INVERSE);
      for (let y = 0; y < Math.min(SIDE, height - top); y++)
        for (let x = 0; x < Math.min(SIDE, width - left); x++) {
          const value = Math.round((back[y * SIDE + x] ?? 0) + MIDDLE);
          plane[(top + y) * width + left + x] = Math.min(LEVELS, Math.max(0, value));
        }
    }
}

/** The orthonormal cosine transform, a row a frequency, and its inverse. */
const BASIS = Float64Array.from({ length: SIDE * SIDE }, (_, at) => {
  const [frequency, place] = [Math.floor(at / SIDE), at % SIDE];
  const scale = frequency === 0 ? Math.sqrt(1 / SIDE) : Math.sqrt(2 / SIDE);
  return scale * Math.cos(((2 * place + 1) * frequency * Math.PI) / (2 * SIDE));
});
const INVERSE = BASIS.map((_, at) => BASIS[(at % SIDE) * SIDE + Math.floor(at / SIDE)] ?? 0);

/** matrix x block x matrix transposed. */
function transformed(block: Float64Array, matrix: Float64Array): Float64Array {
  const product = (a: Float64Array, b: (row: number, column: number) => number) =>
    Float64Array.from({ length: SIDE * SIDE }, (_, at) => {
      const [row, column] = [Math.floor(at / SIDE), at % SIDE];
      let sum = 0;
      for (let k = 0; k < SIDE; k++) sum += (a[row * SIDE + k] ?? 0) * b(k, column);
      return sum;
    });
  const left = product(matrix, (row, column) => block[row * SIDE + column] ?? 0);
  return product(left, (row, column) => matrix[column * SIDE + row] ?? 0);
}

function toYcc(rgb: Float64Array, size: number): Float64Array {
  return mixed(rgb, size, (r, g, b) => [
    0.299 * r + 0.587 * g + 0.114 * b,
    -0.168736 * r - 0.331264 * g + 0.5 * b + MIDDLE,
    0.5 * r - 0.418688 * g - 0.081312 * b + MIDDLE,
  ]);
}

function toRgb(ycc: Float64Array, size: number): Float64Array {
  return mixed(ycc, size, (y, cb, cr) => [
    y + 1.402 * (cr - MIDDLE),
    y - 0.344136 * (cb - MIDDLE) - 0.714136 * (cr - MIDDLE),
    y + 1.772 * (cb - MIDDLE),
  ]);
}

function mixed(
  planes: Float64Array,
  size: number,
  mix: (a: number, b: number, c: number) => readonly [number, number, number],
): Float64Array {
  const result = new Float64Array(planes.length);
  for (let at = 0; at < size; at++) {
    const all = mix(planes[at] ?? 0, planes[size + at] ?? 0, planes[2 * size + at] ?? 0);
    for (const [channel, value] of all.entries())
      result[channel * size + at] = Math.min(LEVELS, Math.max(0, Math.round(value)));
  }
  return result;
}
