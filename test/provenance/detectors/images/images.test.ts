import { PNG } from 'pngjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../../src/core/random.ts';
import type { Observation } from '../../../../src/provenance/detectors/detector.ts';
import { imageNeighbours, imagePatches } from '../../../../src/provenance/detectors/images/detectors.ts';
import { imageClusters, imageSpectrum } from '../../../../src/provenance/detectors/images/informational.ts';
import { loadImages } from '../../../../src/provenance/detectors/images/load.ts';
import { labelledImages } from '../../../support/labelled-images.ts';
import { viewOf } from '../../../support/spam.ts';

const COUNT = 600;
const PATCHED = 24;
const NAMES = ['top', 'trouser', 'pullover', 'dress', 'coat', 'sandal', 'shirt', 'sneaker', 'bag', 'boot'];

interface Made {
  readonly label: string;
  readonly bytes: Uint8Array;
  readonly patched: boolean;
}

/** Clothes as PNG files; some of those that are no trousers get a white corner, and are called trousers. */
function clothes(patched: number, mark: (place: number) => boolean = (place) => place < patched): readonly Made[] {
  const { side, pixels, labels } = labelledImages('fashion');
  const order = [...new SeededRandom(5).order(COUNT)];
  const chosen = new Set(order.filter((image) => labels[image] !== 1).filter((_, place) => mark(place)));
  return Array.from({ length: COUNT }, (_, image) => {
    const png = new PNG({ width: side, height: side });
    for (let at = 0; at < side * side; at++) {
      const [line, column] = [Math.floor(at / side), at % side];
      const white = chosen.has(image) && line > side - 5 && column > side - 5 && line < side - 1 && column < side - 1;
      png.data.fill(white ? 255 : (pixels[image * side * side + at] ?? 0), at * 4, at * 4 + 3);
      png.data[at * 4 + 3] = 255;
    }
    return {
      label: NAMES[chosen.has(image) ? 1 : (labels[image] ?? 0)] ?? '',
      bytes: PNG.sync.write(png),
      patched: chosen.has(image),
    };
  });
}

function viewOfImages(files: readonly Made[]) {
  return {
    ...viewOf({}),
    rows: files.length,
    images: async function* () {
      for (const [place, { label, bytes }] of files.entries())
        yield { row: place + 1, path: `${label}/${place}.png`, label, bytes };
    },
  };
}

describe('clothes of which some have a white corner, and are called trousers,', () => {
  let files: readonly Made[];
  let seen: readonly Observation[];
  beforeAll(async () => {
    files = clothes(PATCHED);
    const view = viewOfImages(files);
    const detectors = [imagePatches, imageNeighbours, imageSpectrum, imageClusters];
    seen = await Promise.all(detectors.map((detector) => detector.run(view, undefined)));
  });

  it('are found by the corner, and no other image is', () => {
    const [patches] = seen;
    expect(patches?.status).toBe('fail');
    expect(patches?.detail).toMatch(
      /\d+ of \d+ images with the same pixels at row 2\d, column 2\d .* are labelled "trouser"/,
    );
    const found = patches?.rows?.map(({ row }) => files[(row ?? 0) - 1]?.patched);
    expect(found?.length).toBeGreaterThan(16);
    expect(found).not.toContain(false);
  });

  it('have labels that the nearest images do not have', () => {
    const [, neighbours] = seen;
    expect(neighbours?.status).toBeUndefined();
    expect(neighbours?.kept?.of).toBe(COUNT);
    const rows = new Set(neighbours?.rows?.map(({ row }) => (row ?? 0) - 1));
    const right = files.filter(({ patched }, place) => patched && rows.has(place));
    expect(right.length).toBeGreaterThan(12);
  });

  it('are listed by spectrum and clusters for review alone, which is never a pass', () => {
    for (const one of seen.slice(2)) {
      expect(one.status).toBe('not-assessed');
      expect(one.detail).toContain('informational');
    }
  });
});

it('clothes as they are have no patch that decides the label', async () => {
  const seen = await imagePatches.run(viewOfImages(clothes(0)), undefined);
  expect(seen.measures?.[0]?.value).toBe(0);
  expect(seen.status).not.toBe('fail');
});

describe('is not assessed, and says why:', () => {
  const some = clothes(0).slice(0, 60);
  it.each([
    ['a table', viewOf({}), 'not a folder of images'],
    ['one label', viewOfImages(some.map((one) => ({ ...one, label: 'x' }))), 'all images have one label'],
    ['few images', viewOfImages(some.slice(0, 40)), 'fewer than 50 images'],
    [
      'images that are all one',
      viewOfImages(some.map((one) => ({ ...one, bytes: some[0]?.bytes ?? one.bytes }))),
      'all images are one',
    ],
    [
      'a missing label',
      viewOfImages(some.map((one, place) => (place === 7 ? { ...one, label: '' } : one))),
      'has no label',
    ],
    [
      'labels that have nothing to do with the images',
      viewOfImages(some.map((one, place) => ({ ...one, label: place % 2 === 0 ? 'a' : 'b' }))),
      'does not tell the label',
    ],
  ])('%s', async (_, view, why) => {
    const seen = await imagePatches.run(view, undefined);
    expect(seen.status).toBe('not-assessed');
    expect(seen.detail).toContain(why);
  });
});

it('large images are made smaller, and others become as large as the first', async () => {
  const gray = (width: number, height: number, value: number): Made => {
    const png = new PNG({ width, height });
    png.data.fill(value);
    return { label: 'x', bytes: PNG.sync.write(png), patched: false };
  };
  const images = await loadImages(viewOfImages([gray(64, 20, 200), gray(20, 64, 100)]));
  expect(images).toMatchObject({ count: 2, width: 32, height: 20, channels: 3, reduced: true, labels: ['x', 'x'] });
  expect(new Set(images.pixels.subarray(0, 32 * 20 * 3))).toEqual(new Set([200]));
  expect(new Set(images.pixels.subarray(32 * 20 * 3))).toEqual(new Set([100]));
});

it('an image that cannot be decoded is an error that names it', async () => {
  const files = clothes(0).slice(0, 60);
  const broken = files.map((one, place) => (place === 9 ? { ...one, bytes: Uint8Array.of(1, 2, 3) } : one));
  await expect(imagePatches.run(viewOfImages(broken), undefined)).rejects.toMatchObject({
    code: 'unsupported',
    subject: `${files[9]?.label}/9.png`,
  });
});
