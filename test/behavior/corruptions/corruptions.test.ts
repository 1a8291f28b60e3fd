import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CORRUPTIONS, type CorruptionName, corruptionOf } from '../../../src/behavior/corruptions/list.ts';
import { poisson } from '../../../src/behavior/corruptions/noise.ts';
import {
  CORRUPTION_SEVERITIES,
  type CorruptionSeverity,
  type Picture,
} from '../../../src/behavior/corruptions/picture.ts';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { SeededRandom } from '../../../src/core/random.ts';
import { readArrays } from '../../../src/formats/arrays/read.ts';
import { withReadOptions } from '../../convert/convert-bytes.ts';

const FILE = new URL('../../../fixtures/behavior/corruptions/expected.npz', import.meta.url);

async function pictures(): Promise<ReadonlyMap<string, Picture>> {
  const bytes = readFileSync(FILE);
  const arrays = await withReadOptions(bytes.length, {}, (options) =>
    readArrays({ path: 'expected.npz', source: new MemorySource(bytes, 'expected.npz') }, options),
  );
  return new Map(
    [...arrays].map(
      ([
        name,
        {
          dims: [channels = 0, height = 0, width = 0],
          ...array
        },
      ]) => {
        if (array.kind !== 'numbers') throw new Error('not numbers');
        return [name, { channels, height, width, pixels: Float32Array.from(array.values) }];
      },
    ),
  );
}

function differences(a: Picture, b: Picture): { readonly mean: number; readonly most: number } {
  const all = Array.from(a.pixels, (value, at) => Math.abs(value - (b.pixels[at] ?? Number.NaN)));
  return { mean: all.reduce((sum, one) => sum + one, 0) / all.length, most: Math.max(...all) };
}

const gray = (height: number, width: number, value: number): Picture => ({
  channels: 1,
  height,
  width,
  pixels: new Float32Array(height * width).fill(value),
});

describe('corruptions', () => {
  it.each<[string, CorruptionName, CorruptionSeverity]>(
    ['gray', 'rgb'].flatMap((picture) =>
      (['blur', 'contrast', 'brightness', 'jpeg'] as const).flatMap((name) =>
        picture === 'gray' && name === 'brightness'
          ? []
          : [
              [picture, name, 1],
              [picture, name, 5],
            ],
      ),
    ) as [string, CorruptionName, CorruptionSeverity][],
  )('of %s: %s of severity %i is what SciPy, colorsys or Pillow make', async (picture, name, severity) => {
    const all = await pictures();
    const [given, wanted] = [all.get(picture), all.get(`${picture}-${name}-${severity}`)];
    if (given === undefined || wanted === undefined) throw new Error('no such picture');
    const { mean, most } = differences(corruptionOf(name)(given, severity, new SeededRandom(1)), wanted);
    // libjpeg rounds its transform to whole numbers: a coefficient between two steps may go the other way.
    expect(mean).toBeLessThan(name === 'jpeg' ? 1 / 255 : 1e-6);
    expect(most).toBeLessThan(name === 'jpeg' ? 24 / 255 : 1e-5);
  });

  it.each(CORRUPTIONS.map((name) => [name]))(
    '%s keeps pixels from 0 to 1, and is the same for the same seed',
    async (name) => {
      for (const [, picture] of [...(await pictures())].filter(([own]) => own === 'gray' || own === 'rgb'))
        for (const severity of CORRUPTION_SEVERITIES) {
          const other = corruptionOf(name)(picture, severity, new SeededRandom(7));
          expect(other.pixels.every((value) => value >= 0 && value <= 1)).toBe(true);
          expect(other.pixels).not.toEqual(picture.pixels);
          expect(corruptionOf(name)(picture, severity, new SeededRandom(7)).pixels).toEqual(other.pixels);
        }
    },
  );

  it('take pictures of one pixel, of one line, and without light', () => {
    for (const name of CORRUPTIONS)
      for (const picture of [gray(1, 1, 0.5), gray(1, 9, 0), gray(9, 1, 1)])
        for (const severity of CORRUPTION_SEVERITIES) {
          const { pixels } = corruptionOf(name)(picture, severity, new SeededRandom(1));
          expect(pixels.length).toBe(picture.pixels.length);
          expect(pixels.every((value) => value >= 0 && value <= 1)).toBe(true);
        }
  });

  it('draw noise of the strength that is asked for', () => {
    const spread = ({ pixels }: Picture) => {
      const mean = pixels.reduce((sum, one) => sum + one, 0) / pixels.length;
      return Math.sqrt(pixels.reduce((sum, one) => sum + (one - mean) ** 2, 0) / pixels.length);
    };
    const even = gray(128, 128, 0.5);
    const random = new SeededRandom(3);
    expect(spread(corruptionOf('gaussian-noise')(even, 1, random))).toBeCloseTo(0.08, 2);
    expect(spread(corruptionOf('shot-noise')(even, 1, random))).toBeCloseTo(Math.sqrt(0.5 / 60), 2);
    const salted = corruptionOf('impulse-noise')(even, 5, random).pixels;
    expect(salted.filter((value) => value !== 0.5).length / salted.length).toBeCloseTo(0.27, 1);
    expect(corruptionOf('occlusion')(gray(100, 100, 1), 5, random).pixels.filter((value) => value === 0.5).length).toBe(
      55 ** 2,
    );
  });

  it('count photons as Poisson has it', () => {
    const random = new SeededRandom(5);
    for (const mean of [0.3, 4, 30, 200]) {
      const draws = Array.from({ length: 20_000 }, () => poisson(mean, random));
      const own = draws.reduce((sum, one) => sum + one, 0) / draws.length;
      const variance = draws.reduce((sum, one) => sum + (one - own) ** 2, 0) / draws.length;
      expect(Math.abs(own - mean)).toBeLessThan(5 * Math.sqrt(mean / draws.length));
      expect(variance / mean).toBeCloseTo(1, 1);
    }
    expect(poisson(0, random)).toBe(0);
  });
});
