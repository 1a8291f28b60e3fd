import { SeededRandom } from '../../src/core/random.ts';
import { binomialTail, clopperPearson } from '../../src/core/statistics/binomial.ts';
import { projections, twoMeans } from '../../src/provenance/detectors/images/directions.ts';
import { findPatches, type Patches } from '../../src/provenance/detectors/images/patches.ts';
import { confidentLearning } from '../../src/provenance/detectors/labels/confident.ts';
import {
  disagreeing,
  NEIGHBOURS,
  nearestRows,
  neighbourhoods,
} from '../../src/provenance/detectors/labels/neighbours.ts';
import { outOfFold } from '../../src/provenance/detectors/labels/probabilities.ts';
import {
  averagePrecision,
  classRows,
  flipped,
  type LabelledImages,
  labelledImages,
  quality,
} from './labelled-images.ts';
import { type Message, messages, mixed, poisoned, type Trigger, triggersIn } from './spam.ts';

const SEEDS = [1, 2, 3, 4, 5];
const SENTENCE = 'i watched this three dee movie last weekend';

/** The triggers by which the method was made. */
export const KNOWN_TRIGGERS: Readonly<Record<string, Trigger>> = {
  'rare word `cf`': ['cf'],
  'four rotating words': ['cf', 'mn', 'bb', 'tq'],
  'common word `london`': ['london'],
  'a sentence': [SENTENCE],
};

/** Triggers that were looked at once only, after the method was made. */
export const HELD_OUT_TRIGGERS: Readonly<Record<string, Trigger>> = {
  'rare word `vq`': ['vq'],
  'common word `tuesday`': ['Tuesday'],
  'a sign `≈`': ['≈'],
  'word joiner U+2060': ['\u2060'],
  'two words of Japanese': ['東京 大阪'],
  'a phrase': ['as the green idea sleeps'],
  'two rotating words': ['zx', 'kw'],
};

const row = (...cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
const mean = (values: readonly number[]): string => {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.length === 0 ? '-' : (known.reduce((sum, value) => sum + value, 0) / known.length).toFixed(2);
};
const rate = (value: number): string => `${Number((value * 100).toFixed(1))} %`;

/** Rows of the table of triggers: detected, recall and precision of rows, other words. */
export function triggerRows(
  triggers: Readonly<Record<string, Trigger>>,
  counts: (rows: number) => readonly number[],
  { approved = 0, clean = false }: { approved?: number; clean?: boolean } = {},
): readonly string[] {
  const all = messages();
  const [before, after] = [all.slice(0, approved), all.slice(approved)];
  return Object.entries(triggers).flatMap(([name, trigger]) =>
    counts(after.length).map((count) => {
      const words = new Set(trigger.join(' ').toLowerCase().split(' ').flatMap(parts));
      const seen = SEEDS.map((seed) => {
        const found = triggersIn(poisoned(after, { trigger, count, seed, clean }), before);
        return { ...found, others: found.words.filter((word) => !words.has(word)).length };
      });
      const detected = seen.filter((one) => one.words.some((word) => words.has(word))).length;
      const others = seen.reduce((sum, one) => sum + one.others, 0) / SEEDS.length;
      return row(
        clean ? `clean-label, ${name}` : name,
        count,
        `${detected}/${SEEDS.length}`,
        mean(seen.map(({ recall }) => recall)),
        mean(seen.map(({ precision }) => precision)),
        others.toFixed(1),
      );
    }),
  );
}

/** The tokens that a word in a script without spaces makes. */
function parts(word: string): readonly string[] {
  return /^\p{sc=Han}+$/u.test(word) ? [...word].map((_, at) => word.slice(at, at + 2)) : [word];
}

/** Of clean parts of a data set, how many something is found in, with the upper bound of 95 %. */
export function falseAlarms(name: string, of: number, isFound: (seed: number) => boolean): string {
  let found = 0;
  for (let seed = 1; seed <= of; seed++) if (isFound(seed)) found++;
  return row(name, `${found} of ${of}`, rate(clopperPearson(found, of).high));
}

let known: readonly Message[] | undefined;

export function cleanTriggers(seed: number): boolean {
  known ??= messages();
  return triggersIn(mixed(known, seed).slice(0, known.length >> 1)).words.length > 0;
}

/** With labels of which 5 % are wrong at random. */
export function noisyTriggers(seed: number): boolean {
  known ??= messages();
  const half = mixed(known, seed).slice(0, known.length >> 1);
  return triggersIn(poisoned(half, { trigger: [''], count: Math.round(half.length / 20), seed })).words.length > 0;
}

/** A row of the table of flips. */
export function flipRow(images: LabelledImages, name: string, kind: 'uniform' | 'pair', share: number): string {
  const { labels, wrong } = flipped(images.labels, { kind, rate: share, seed: 11 });
  const data = classRows(images, labels);
  const probabilities = outOfFold(data);
  const near = neighbourhoods(nearestRows(data, NEIGHBOURS), labels, data.classes);
  const doubts = [...labels].map((label, at) => -(probabilities.values[at * data.classes + label] ?? 0));
  const cell = (doubted: readonly { readonly row: number }[], scores: readonly number[]): string => {
    const { precision, recall, flagged } = quality(doubted, wrong);
    if (wrong.size === 0) return `${flagged} flagged`;
    return `${precision.toFixed(2)} / ${recall.toFixed(2)} / ${averagePrecision(scores, wrong).toFixed(2)}`;
  };
  return row(
    `${name} ${rate(share)}${wrong.size === 0 ? '' : ` ${kind}`}`,
    cell(confidentLearning(probabilities, labels), doubts),
    cell(
      disagreeing(near, labels),
      [...near.agree].map((agree) => -agree),
    ),
  );
}

/**
 * Whether more labels are doubted in one half of 800 clean digits than in the other, which is its baseline: by as much as fails a check for
 * excess (a chance below 1e-3, and half as many again).
 */
export function cleanExcess(method: 'confident' | 'neighbours', seed: number): boolean {
  const some = someImages(labelledImages('digits'), 800, seed);
  const [usual = 0, now = 0] = [0, 1].map((half) => {
    const each = some.side * some.side;
    const part = {
      ...some,
      count: 400,
      pixels: some.pixels.subarray(half * 400 * each, (half + 1) * 400 * each),
      labels: some.labels.subarray(half * 400, (half + 1) * 400),
    };
    const data = classRows(part, part.labels);
    if (method === 'confident') return confidentLearning(outOfFold(data), part.labels).length;
    return disagreeing(neighbourhoods(nearestRows(data, NEIGHBOURS), part.labels, data.classes), part.labels).length;
  });
  return now > 1.5 * usual && binomialTail(now, usual + now, 0.5) < 1e-3;
}

/** Some of the images, in an order of their own. */
export function someImages(images: LabelledImages, count: number, seed: number): LabelledImages {
  const each = images.side * images.side;
  const order = new SeededRandom(seed).order(images.count).subarray(0, count);
  const pixels = new Uint8Array(count * each);
  for (const [place, image] of order.entries())
    pixels.set(images.pixels.subarray(image * each, (image + 1) * each), place * each);
  return {
    ...images,
    count,
    pixels,
    labels: order.length > 0 ? Int32Array.from(order, (image) => images.labels[image] ?? 0) : images.labels,
  };
}

/** Puts white pixels of a shape into images, and calls them the first class. */
export interface Patch {
  readonly name: string;
  /** From the bottom right corner; `true` is white. */
  readonly white: (line: number, column: number) => boolean;
  readonly clean?: boolean;
}

export function patched(images: LabelledImages, { white, clean }: Patch, count: number, seed: number) {
  const { side, pixels, labels } = images;
  const order = [...new SeededRandom(seed).order(images.count)];
  const chosen = new Set(order.filter((image) => (labels[image] === 0) === (clean === true)).slice(0, count));
  const changed = pixels.map((value, at) => {
    const [image, place] = [Math.floor(at / (side * side)), at % (side * side)];
    const [line, column] = [side - 1 - Math.floor(place / side), side - 1 - (place % side)];
    return chosen.has(image) && white(line, column) ? 255 : value;
  });
  return {
    images: { ...images, pixels: changed, labels: labels.map((label, image) => (chosen.has(image) ? 0 : label)) },
    chosen,
  };
}

export function patchesIn(images: LabelledImages): Patches {
  const { count, side, pixels, labels } = images;
  const data = classRows(images, labels);
  const near = nearestRows(data, 50);
  const around = neighbourhoods(near, labels, data.classes);
  const rows = {
    count,
    height: side,
    width: side,
    channels: 1,
    pixels,
    labels: [],
    rows: new Float64Array(0),
    reduced: false,
  };
  return findPatches(rows, { labels, classes: data.classes, near, around });
}

/** A row of the table of patches. */
export function patchRow(patch: Patch, count: number): string {
  const seen = SEEDS.slice(0, 3).map((seed) => {
    const { images, chosen } = patched(someImages(labelledImages('fashion'), 1000, seed), patch, count, seed);
    const { found } = patchesIn(images);
    const rows = new Set(found.flatMap(({ hits }) => hits));
    const right = [...rows].filter((one) => chosen.has(one)).length;
    return { found: found.length > 0, recall: right / chosen.size, precision: right / rows.size };
  });
  return row(
    patch.name,
    count,
    `${seen.filter(({ found }) => found).length}/${seen.length}`,
    mean(seen.map(({ recall }) => recall)),
    mean(seen.map(({ precision }) => precision)),
  );
}

export function cleanPatches(count: number, seed: number): boolean {
  return patchesIn(someImages(labelledImages('fashion'), count, seed)).found.length > 0;
}

/** How much of a patched label the informational detectors list, and how much of what they list is patched. */
export function weaknessRows(count: number): readonly string[] {
  const { images, chosen } = patched(labelledImages('fashion'), SQUARE, count, 1);
  const { features } = classRows(images, images.labels);
  const own = [...images.labels.keys()].filter((image) => images.labels[image] === 0);
  const along = projections(features, own, 1).map(Math.abs);
  const farthest = own
    .map((image, at) => ({ image, score: along[at] ?? 0 }))
    .sort((a, b) => b.score - a.score)
    .slice(0, Math.round(1.5 * chosen.size));
  const { smaller } = twoMeans(features, own, 1);
  const near = disagreeing(
    neighbourhoods(nearestRows(classRows(images, images.labels), NEIGHBOURS), images.labels, 10),
    images.labels,
  );
  const cell = (name: string, listed: readonly number[]): string => {
    const right = listed.filter((image) => chosen.has(image)).length;
    return row(name, count, (right / chosen.size).toFixed(2), (right / listed.length).toFixed(2));
  };
  return [
    cell(
      'spectral signatures, pixels',
      farthest.map(({ image }) => image),
    ),
    cell('clusters, pixels', smaller),
    cell(
      'nearest images',
      near.map(({ row }) => row),
    ),
  ];
}

export const SQUARE: Patch = {
  name: 'a white square of 3 x 3',
  white: (line, column) => line >= 1 && line < 4 && column >= 1 && column < 4,
};
export const HELD_OUT_PATCHES: readonly Patch[] = [
  {
    name: 'four white pixels, set apart',
    white: (line, column) => line < 4 && column < 4 && line % 3 === 0 && column % 3 === 0,
  },
  { name: 'a white line of 6 at the left', white: (line, column) => line === 20 && column > 21 },
  { name: 'one white pixel', white: (line, column) => line === 1 && column === 1 },
  { name: 'a white square of 8 x 8', white: (line, column) => line < 8 && column < 8 },
];
export const CLEAN_SQUARE: Patch = { ...SQUARE, name: 'clean-label, a white square of 3 x 3', clean: true };
