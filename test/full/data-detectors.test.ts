import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  CLEAN_SQUARE,
  cleanExcess,
  cleanPatches,
  cleanTriggers,
  falseAlarms,
  flipRow,
  HELD_OUT_PATCHES,
  HELD_OUT_TRIGGERS,
  KNOWN_TRIGGERS,
  noisyTriggers,
  patchRow,
  SQUARE,
  triggerRows,
  weaknessRows,
} from '../support/data-measures.ts';
import { labelledImages } from '../support/labelled-images.ts';

/** Each measured row is published as it is, misses included. */
const PUBLISHED = readFileSync(new URL('../../docs/data-detectors.md', import.meta.url), 'utf8').split('\n');

function isPublished(rows: readonly string[]): void {
  expect(rows.filter((row) => !PUBLISHED.includes(row))).toEqual([]);
}

const shares =
  (...of: readonly number[]) =>
  (rows: number) =>
    of.map((share) => Math.max(5, Math.round(rows * share)));

describe('words that decide the label, in SpamAssassin', () => {
  it('of the triggers that the method was made by', () => {
    isPublished(triggerRows(KNOWN_TRIGGERS, shares(0.001, 0.003, 0.01)));
  });

  it('in rows whose label is right', () => {
    isPublished(triggerRows({ 'rare word `cf`': ['cf'] }, shares(0.01), { clean: true }));
  });

  it('beside an approved version', () => {
    isPublished(triggerRows(KNOWN_TRIGGERS, () => [8, 26], { approved: 2702 }));
  });

  it('of triggers that were kept back', () => {
    isPublished(triggerRows(HELD_OUT_TRIGGERS, shares(0.002, 0.005, 0.02)));
    isPublished(triggerRows(HELD_OUT_TRIGGERS, () => [12], { approved: 2702 }));
  });

  it('of clean data, and of data with wrong labels', () => {
    isPublished([falseAlarms('words, halves of SpamAssassin', 200, cleanTriggers)]);
    isPublished([falseAlarms('words, halves with 5 % of wrong labels', 200, noisyTriggers)]);
  });
});

describe('doubtful labels', () => {
  it.each([
    ['digits', 'digits', 'uniform', 0],
    ['digits', 'digits', 'uniform', 0.01],
    ['digits', 'digits', 'uniform', 0.1],
    ['digits', 'digits', 'pair', 0.2],
    ['fashion', 'fashion, 2,000 images,', 'uniform', 0],
    ['fashion', 'fashion, 2,000 images,', 'uniform', 0.1],
  ] as const)('of %s (%s, %s, %d)', (file, name, kind, share) => {
    isPublished([flipRow(labelledImages(file), name, kind, share)]);
  });
});

it('labels of clean digits are not doubted more than those of a baseline', () => {
  isPublished([
    falseAlarms('excess, confident learning, 400 digits beside 400', 200, (seed) => cleanExcess('confident', seed)),
    falseAlarms('excess, nearest rows, 400 digits beside 400', 200, (seed) => cleanExcess('neighbours', seed)),
  ]);
});

describe('patches that decide the label, in Fashion-MNIST', () => {
  it('of the patch that the method was made by', () => {
    isPublished([10, 20, 50].map((count) => patchRow(SQUARE, count)));
  });

  it('of patches that were kept back', () => {
    isPublished(HELD_OUT_PATCHES.flatMap((patch) => [15, 40].map((count) => patchRow(patch, count))));
  });

  it('in images whose label is right', () => {
    isPublished([patchRow(CLEAN_SQUARE, 40)]);
  });

  it('by spectrum and clusters, which are weak', () => {
    isPublished(weaknessRows(100));
  });

  it('of clean images', () => {
    isPublished([falseAlarms('patches, 600 clothes', 200, (seed) => cleanPatches(600, seed))]);
  });
});
