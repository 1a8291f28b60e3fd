import { expect, it } from 'vitest';
import { PixelRows } from '../../../src/behavior/corruptions/pixel-rows.ts';
import { SeededRandom } from '../../../src/core/random.ts';
import type { Feeds } from '../../../src/formats/arrays/feeds.ts';

const feeds = (dims: readonly number[], data: readonly number[]): Feeds => ({
  tensors: new Map([['x', { type: 'float32', dims, data: Float32Array.from(data) }]]),
  rows: dims[0] ?? 1,
  rounded: false,
});

const brighter = (pixels: PixelRows) => {
  const tensor = pixels.damaged('brightness', 5, new SeededRandom(1)).tensors.get('x');
  return tensor?.type === 'float32' ? [...tensor.data].map((value) => Math.round(value * 1000) / 1000) : [];
};

it('reads channels first and last alike', () => {
  // Two pixels of three channels.
  const first = new PixelRows('d', feeds([1, 3, 1, 2], [0.1, 0.4, 0.2, 0.5, 0.4, 0.2]), {});
  const last = new PixelRows('d', feeds([1, 1, 2, 3], [0.1, 0.2, 0.4, 0.4, 0.5, 0.2]), { layout: 'nhwc' });
  const flat = new PixelRows('d', feeds([1, 6], [0.1, 0.2, 0.4, 0.4, 0.5, 0.2]), { layout: 'nhwc', image: [3, 1, 2] });
  expect(brighter(first)).toEqual([0.175, 0.64, 0.35, 0.8, 0.7, 0.32]);
  expect(brighter(last)).toEqual([0.175, 0.35, 0.7, 0.64, 0.8, 0.32]);
  expect(brighter(flat)).toEqual(brighter(last));
});

it('has a range for each channel', () => {
  const pixels = new PixelRows('d', feeds([1, 3, 1, 1], [-1, 0, 255]), { lower: [-1, -1, 0], upper: [1, 1, 510] });
  // 0, 1/2 and 1/2 of their ranges.
  expect(brighter(pixels)).toEqual([-1, 0.6, 408]);
});

it.each([[Number.NaN], [Number.POSITIVE_INFINITY], [-0.1], [1.1]])('refuses a pixel of %d', (value) => {
  expect(() => new PixelRows('d', feeds([1, 1, 1, 1], [value]), {})).toThrow('which is not from 0 to 1');
});
