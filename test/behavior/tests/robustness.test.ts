import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadDataset } from '../../../src/behavior/data/dataset.ts';
import { readSignature } from '../../../src/behavior/subject/signature.ts';
import type { TestData, TestOutcome } from '../../../src/behavior/tests/kind.ts';
import { SMOOTHING } from '../../../src/behavior/tests/smoothing.ts';
import { TEXT_EDITS } from '../../../src/behavior/tests/text-edits.ts';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { feedsOf } from '../../../src/formats/arrays/feeds.ts';
import { readOnnx } from '../../../src/formats/onnx/read/model.ts';
import { digitsData, digitsModel, withModel } from '../../support/digits.ts';

const TEXTS = new URL('../../../fixtures/behavior/texts/', import.meta.url).pathname;
const CONTEXT = {
  others: new Map(),
  openModel: () => Promise.reject(new Error('no other model')),
  seed: 1,
  signal: undefined,
  onStep: () => {},
};

const pointsOf = ({ figures = [] }: TestOutcome) => figures.flatMap((one) => (one.kind === 'curve' ? one.lines : []));

describe('text-edits', () => {
  async function reviews(options: Parameters<typeof TEXT_EDITS.run>[0], more: Partial<TestData> = {}) {
    const { model } = await readOnnx(new MemorySource(readFileSync(`${TEXTS}reviews.onnx`), 'reviews.onnx'));
    const given = await loadDataset({ inputs: 'reviews.csv#text', labels: 'reviews.csv#label' }, { folder: TEXTS });
    // skl2onnx takes a column of texts.
    const inputs = new Map([...given.inputs].map(([name, array]) => [name, { ...array, dims: [given.rows, 1] }]));
    const feeds = feedsOf(readSignature(model), inputs, 'reviews.csv');
    const data = { name: 'reviews', feeds, labels: given.labels, expected: undefined, ...more };
    return withModel(model, data, (tested) =>
      TEXT_EDITS.run(options, { ...CONTEXT, model: tested, baseline: tested, data }),
    );
  }

  it('misspells what a model of words goes by: fewer texts keep their label, the more words', async () => {
    const outcome = await reviews({ words: 5, min: 0.5 });
    const [edited, clean] = outcome.measures;
    expect(clean?.value).toBeGreaterThan(0.9);
    expect(edited).toMatchObject({ pass: false, min: 0.5 });
    const [line] = pointsOf(outcome);
    const shares = line?.points.map(({ y }) => y) ?? [];
    expect(shares).toHaveLength(6);
    expect(shares).toEqual([...shares].sort((a, b) => b - a));
    expect(shares[0]).toBe(clean?.value);
    expect(shares.at(-1)).toBe(edited?.value);
    // The approved version is the same model, and the same seed gives the same.
    expect(edited?.baseline).toBe(edited?.value);
    expect((await reviews({ words: 5, rows: 10 })).measures[0]).toMatchObject({ drop: 0.01, pass: true });
  });

  it('refuses numbers, and texts without labels', async () => {
    const data = await digitsData();
    const run = withModel(await digitsModel('good'), data, (model) =>
      TEXT_EDITS.run({}, { ...CONTEXT, model, baseline: undefined, data }),
    );
    await expect(run).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('one input of texts') });
    await expect(reviews({}, { labels: undefined })).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('smoothing', () => {
  async function smooth(options: Parameters<typeof SMOOTHING.run>[0], name: 'good' | 'flipped' = 'good') {
    const data = await digitsData();
    return withModel(await digitsModel(name), data, async (model) =>
      withModel(await digitsModel('good'), data, (baseline) =>
        SMOOTHING.run({ rows: 12, samples: 200, ...options }, { ...CONTEXT, model, baseline, data }),
      ),
    );
  }

  it('certifies rows, no further than so many copies can show', async () => {
    const outcome = await smooth({ sigma: 0.2, min: 0.5 });
    const [certain, told, silent, radius] = outcome.measures;
    expect(certain).toMatchObject({ pass: true, min: 0.5 });
    expect(told?.value).toBeGreaterThanOrEqual(certain?.value ?? 1);
    expect((told?.value ?? 0) + (silent?.value ?? 0)).toBeLessThanOrEqual(1);
    // 200 of 200 copies: a share of 0.001 ^ (1 / 200), by which a radius is at most 0.2 * 1.82.
    expect(radius?.value).toBeGreaterThan(0.1);
    expect(radius?.value).toBeLessThanOrEqual(0.2 * 1.8234);
    const [line] = pointsOf(outcome);
    const shares = line?.points.map(({ y }) => y) ?? [];
    expect(shares).toEqual([...shares].sort((a, b) => b - a));
  });

  it('says nothing where noise hides the row', async () => {
    const { measures } = await smooth({ sigma: 50, min: 0.5 });
    expect(measures[0]).toMatchObject({ value: 0, pass: false });
    expect(measures[2]?.value).toBeGreaterThan(0.5);
    expect(measures[3]?.value).toBe(0);
  });

  it('refuses what is not rows of real numbers', async () => {
    const data = await digitsData({ labels: undefined });
    const run = withModel(await digitsModel('good'), data, (model) =>
      SMOOTHING.run({ sigma: 1 }, { ...CONTEXT, model, baseline: undefined, data }),
    );
    await expect(run).rejects.toMatchObject({ code: 'usage', message: expect.stringContaining('has no labels') });
  });
});
