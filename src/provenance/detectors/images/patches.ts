import { throwIfAborted } from '../../../core/index.ts';
import { poissonLogTail, testable } from '../../../core/statistics/index.ts';
import { NEIGHBOURS, type NearestRows, type Neighbourhoods } from '../labels/index.ts';
import type { ImageRows } from './load.ts';
import { type PatchPlace, WindowKeys, windows } from './windows.ts';

/** The chance that clean images have any patch that is found, if which of them are odd does not depend on single pixels. */
const PATCH_LEVEL = 1e-3;
/** Images of a label that at least show a patch that is tested: five odd ones that look alike are in clean data, too. */
const FEWEST = 8;
/** Of the images that show a patch and have a label, so many at least must look like others. */
const LEAST_SHARE = 0.5;
/** Neighbours without the patch that an image must at least have. */
const LEAST_NEIGHBOURS = 5;
/**
 * Of the ten nearest images, so many may show the patch as well: where more do, they are near because of what they show, and are of one style, not
 * different images with one patch.
 */
const MOST_KIN = 5;
/** A label of which more is odd is not told by what images look like. */
export const MOST_ODD = 0.2;
/** Only chances below this are worth a look, as a logarithm: with 100 patches or more, others cannot be significant. */
const WORTH = Math.log(1e-5);

/** Labels as numbers, and which images are near each other. */
export interface NearImages {
  readonly labels: Int32Array;
  readonly classes: number;
  readonly near: NearestRows;
  readonly around: Neighbourhoods;
}

/** A patch that images of one label show, which otherwise look like those of other labels. */
export interface PatchFinding {
  readonly label: number;
  readonly window: PatchPlace;
  /** Images of the label that show it. */
  readonly of: number;
  readonly hits: readonly number[];
  /** The natural logarithm of the chance of so many. */
  readonly logChance: number;
}

export interface Patches {
  /** For each label: whether its images differ enough from the others that a patch could be seen. */
  readonly clear: readonly boolean[];
  readonly tested: number;
  /** The least likely first. */
  readonly found: readonly PatchFinding[];
}

/**
 * The same pixels at the same place in images of one label that otherwise look like images of other labels, as a trigger does. An image is odd when
 * none of its ten nearest images that do not show the patch has its label; how many chance makes is a Poisson variable.
 */
export function findPatches(images: ImageRows, data: NearImages, signal?: AbortSignal): Patches {
  const rates = labelRates(data);
  const keys = new WindowKeys(images);
  const worth: PatchFinding[] = [];
  const best: number[] = [];
  for (const window of windows(images)) {
    throwIfAborted(signal);
    for (const shown of sameWindows(images.count, (image) => keys.of(image, window))) {
      for (const [label, own] of byLabel(shown, data.labels)) {
        const rate = rates[label];
        if (rate === undefined || !rate.clear || own.length < FEWEST) continue;
        const expected = (hits: number) => rate.expected(own.length, hits, shown.length - own.length);
        const least = poissonLogTail(own.length, expected(own.length));
        best.push(least);
        if (least > WORTH) continue;
        const hits = oddWithout(own, shown, data);
        if (hits.length < LEAST_SHARE * own.length) continue;
        const logChance = poissonLogTail(hits.length, expected(hits.length));
        if (logChance < WORTH) worth.push({ label, window, of: own.length, hits, logChance });
      }
    }
  }
  const { count, logLevel } = testable(Float64Array.from(best), PATCH_LEVEL);
  const found = worth.filter(({ logChance }) => logChance < logLevel).sort((a, b) => a.logChance - b.logChance);
  return { clear: rates.map(({ clear }) => clear), tested: count, found };
}

interface LabelRate {
  readonly clear: boolean;
  /** Images that chance makes odd, of those that show a patch: `own` of the label, and `others`. */
  expected(own: number, hits: number, others: number): number;
}

function labelRates({ labels, classes, around }: NearImages): readonly LabelRate[] {
  const [counts, odd] = [new Float64Array(classes), new Float64Array(classes)];
  for (const [image, label] of labels.entries()) {
    counts[label] = (counts[label] ?? 0) + 1;
    if (around.agree[image] === 0) odd[label] = (odd[label] ?? 0) + 1;
  }
  return [...counts].map((count, label) => {
    const own = Math.max(odd[label] ?? 0, 1);
    // Nearly all images of other labels look like others; to count them all makes more of them expected.
    const share = own / (own + labels.length - count);
    return {
      clear: count >= FEWEST && (odd[label] ?? 0) <= MOST_ODD * count,
      expected: (of, hits, others) => Math.max((of * own) / count, (hits + others) * share),
    };
  });
}

/** Groups of images that show the same, of at least `FEWEST`. */
function sameWindows(count: number, keyOf: (image: number) => number): readonly number[][] {
  const groups = new Map<number, number[]>();
  for (let image = 0; image < count; image++) {
    const key = keyOf(image);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [image]);
    else group.push(image);
  }
  return [...groups.values()].filter(({ length }) => length >= FEWEST);
}

function byLabel(images: readonly number[], labels: Int32Array): ReadonlyMap<number, readonly number[]> {
  const groups = new Map<number, number[]>();
  for (const image of images) {
    const label = labels[image] ?? 0;
    const group = groups.get(label);
    if (group === undefined) groups.set(label, [image]);
    else group.push(image);
  }
  return groups;
}

/** Those of `own` whose nearest images that are not `shown` have other labels. */
function oddWithout(own: readonly number[], shown: readonly number[], { labels, classes, near }: NearImages): number[] {
  const hidden = new Set(shown);
  const votes = new Uint32Array(classes);
  return own.filter((image) => {
    votes.fill(0);
    let [used, met, kin] = [0, 0, 0];
    const from = image * near.most;
    for (const other of near.rows.subarray(from, from + (near.counts[image] ?? 0))) {
      if (met++ < NEIGHBOURS && hidden.has(other)) kin++;
      if (kin > MOST_KIN) return false;
      if (hidden.has(other)) continue;
      const label = labels[other] ?? 0;
      votes[label] = (votes[label] ?? 0) + 1;
      if (++used === NEIGHBOURS) break;
    }
    const label = labels[image] ?? 0;
    const agree = votes[label] ?? 0;
    return used >= LEAST_NEIGHBOURS && agree === 0;
  });
}
