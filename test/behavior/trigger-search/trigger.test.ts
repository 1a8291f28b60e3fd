import { describe, expect, it } from 'vitest';
import { smallestOf } from '../../../src/behavior/trigger-search/ratio.ts';
import type { FoundTrigger } from '../../../src/behavior/trigger-search/search.ts';
import { pictureOf, pictureShapeOf, triggerSpaceOf } from '../../../src/behavior/trigger-search/spaces.ts';
import { BlendCandidate, PatchCandidate } from '../../../src/behavior/trigger-search/trigger.ts';
import { SeededRandom } from '../../../src/core/random.ts';

const SHAPES = [[6], [1, 2, 3], [3, 2, 3], [2, 3, 3]];

describe.each(SHAPES.map((shape) => [shape] as const))('triggers of rows of %j', (shape) => {
  const space = triggerSpaceOf(shape, -1, 1);
  const width = shape.reduce((product, size) => product * size, 1);
  const random = new SeededRandom(3);
  const row = Float32Array.from({ length: width }, () => 1.6 * random.unit() - 0.8);
  const wanted = Float32Array.from({ length: width }, () => 1.6 * random.unit() - 0.8);
  /** Half the squared distance to a wanted row, whose gradient is the difference. */
  const loss = (to: Float32Array) => to.reduce((sum, value, at) => sum + (value - (wanted[at] ?? 0)) ** 2, 0) / 2;

  it.each([
    ['patch', () => new PatchCandidate(space, () => random.unit())],
    ['blend', () => new BlendCandidate(space, () => random.unit())],
  ])('a %s comes near to what the gradient points to, and shrinks when its size weighs', (_, make) => {
    const candidate = make();
    const to = new Float32Array(width);
    candidate.apply(row, to);
    const before = loss(to);
    for (let step = 0; step < 400; step++) {
      candidate.apply(row, to);
      candidate.take(
        row,
        to.map((value, at) => value - (wanted[at] ?? 0)),
      );
      candidate.step(1, 0);
    }
    candidate.apply(row, to);
    expect(loss(to)).toBeLessThan(before / 20);
    const { size } = candidate;
    const frozen = candidate.frozen();
    for (let step = 0; step < 200; step++) candidate.step(1, 1);
    expect(candidate.size).toBeLessThan(size / 4);
    expect(frozen.size).toBe(size);
  });

  it.each([
    ['patch', () => new PatchCandidate(space, () => random.unit())],
    ['blend', () => new BlendCandidate(space, () => random.unit())],
  ])('a %s keeps rows within their bounds, and is moved by no gradient that is not a number', (_, make) => {
    const candidate = make();
    for (let step = 0; step < 300; step++) {
      candidate.take(row, new Float32Array(width).fill(step % 3 === 0 ? Number.NaN : -1e6));
      candidate.step(1, 0);
    }
    const to = new Float32Array(width);
    candidate.apply(row, to);
    expect(to.every((value) => value >= -1 && value <= 1)).toBe(true);
    expect(Number.isFinite(candidate.size)).toBe(true);
  });
});

describe('images', () => {
  it('are told by one or three channels, first or last', () => {
    expect(pictureShapeOf([3, 5, 7])).toEqual({ height: 5, width: 7, channels: 3, channelsLast: false });
    expect(pictureShapeOf([5, 7, 3])).toEqual({ height: 5, width: 7, channels: 3, channelsLast: true });
    expect(pictureShapeOf([5, 7])).toEqual({ height: 5, width: 7, channels: 1, channelsLast: false });
    expect([pictureShapeOf([64]), pictureShapeOf([5, 7, 9]), pictureShapeOf([2, 3, 5, 7])]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(triggerSpaceOf([3, 5, 7], 0, 1)).toMatchObject({ positions: 35, channels: 3 });
    expect(triggerSpaceOf([64], 0, 1)).toMatchObject({ positions: 64, channels: 1 });
  });

  it.each([
    [
      [3, 1, 2],
      [0, 1, 0.5, 1, 1, 2],
      [0, 128, 255, 255, 255, 255],
    ],
    [
      [1, 2, 3],
      [0, 0.5, 1, 1, -1, 2],
      [0, 128, 255, 255, 0, 255],
    ],
  ])('of %j are shown pixel by pixel', (shape, numbers, pixels) => {
    const image = pictureShapeOf(shape);
    if (image === undefined) throw new Error('not an image');
    const figure = pictureOf('t', image, Float32Array.from(numbers), triggerSpaceOf(shape, 0, 1));
    if (figure.kind !== 'image') throw new Error('not an image');
    expect([...Buffer.from(figure.pixels, 'base64')]).toEqual(pixels);
  });
});

describe('the smallest trigger', () => {
  const found = (sizes: readonly (number | undefined)[]): FoundTrigger[] =>
    sizes.map((size, aim) => ({
      aim,
      reached: 1,
      trigger: size === undefined ? undefined : { size, apply: () => {}, shown: () => new Float32Array() },
    }));

  it.each<[string, readonly (number | undefined)[], number | undefined, number | undefined]>([
    ['an even count', [8, 2, 10, 12], 1, 2 / 9],
    ['an odd count', [8, 2, 10, 12, 6], 1, 2 / 8],
    ['a class without a trigger', [undefined, 2, 10, 12], 1, 2 / 11],
    ['all alike', [3, 3, 3, 3], 0, 1],
    ['all of no size', [0, 0, 0, 0], 0, 1],
    ['most classes without a trigger', [undefined, 2, undefined, undefined], undefined, undefined],
    ['none', [undefined, undefined, undefined, undefined], undefined, undefined],
    ['three classes', [1, 2, 3], undefined, undefined],
  ])('of %s', (_, sizes, aim, ratio) => {
    const least = smallestOf(found(sizes));
    expect(least?.found.aim).toBe(aim);
    if (ratio !== undefined) expect(least?.ratio).toBeCloseTo(ratio, 12);
  });
});
