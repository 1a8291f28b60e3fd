import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NumberColumns } from '../../../../src/provenance/detectors/detector.ts';
import { labelClasses } from '../../../../src/provenance/detectors/labels/classes.ts';
import { confidentLearning } from '../../../../src/provenance/detectors/labels/confident.ts';
import { rowCopies } from '../../../../src/provenance/detectors/labels/copies.ts';
import { confidentLabels, neighbourLabels } from '../../../../src/provenance/detectors/labels/detectors.ts';
import { scaledFeatures } from '../../../../src/provenance/detectors/labels/features.ts';
import { disagreeing, nearestRows, neighbourhoods } from '../../../../src/provenance/detectors/labels/neighbours.ts';
import { outOfFold } from '../../../../src/provenance/detectors/labels/probabilities.ts';
import { classRows, flipped, labelledImages, quality } from '../../../support/labelled-images.ts';
import { viewOf } from '../../../support/spam.ts';

const DETECTORS = [confidentLabels, neighbourLabels];

function columnsOf(rows: readonly (readonly number[])[], labels: readonly string[], names?: string[]): NumberColumns {
  return {
    rows: Float64Array.from(rows, (_, place) => place + 1),
    columns: names ?? (rows[0] ?? []).map((_, column) => `x${column}`),
    values: Float64Array.from(rows.flat()),
    labels,
    splits: [],
  };
}

/** Two groups of points that are apart. */
function groups(count: number): { readonly rows: number[][]; readonly labels: string[] } {
  const rows = Array.from({ length: count }, (_, row) => {
    const side = row % 2;
    return [side * 10 + ((row * 37) % 11) / 11, side * 5 + ((row * 53) % 13) / 13];
  });
  return { rows, labels: rows.map((_, row) => (row % 2 === 0 ? 'left' : 'right')) };
}

describe('in digits of which 10 % have any other label', () => {
  const images = labelledImages('digits');
  const { labels, wrong } = flipped(images.labels, { kind: 'uniform', rate: 0.1, seed: 11 });
  const data = classRows(images, labels);

  it('confident learning doubts wrong labels', () => {
    const { precision, recall } = quality(confidentLearning(outOfFold(data), labels), wrong);
    expect(precision).toBeGreaterThan(0.93);
    expect(recall).toBeGreaterThan(0.6);
  });

  it('nearest rows do not have them', () => {
    const { precision, recall } = quality(
      disagreeing(neighbourhoods(nearestRows(data, 10), labels, 10), labels),
      wrong,
    );
    expect(precision).toBeGreaterThan(0.93);
    expect(recall).toBeGreaterThan(0.95);
  });
});

describe('the nearest rows', () => {
  it('are those of a comparison of all rows with each other', () => {
    const point = fc.tuple(
      fc.integer({ min: 0, max: 30 }),
      fc.integer({ min: 0, max: 30 }),
      fc.integer({ min: 0, max: 2 }),
    );
    fc.assert(
      fc.property(
        fc.uniqueArray(point, { minLength: 14, maxLength: 60, selector: ([x, y]) => `${x} ${y}` }),
        (points) => {
          const values = Float32Array.from(points.flatMap(([x, y]) => [x, y] as const));
          const features = { rows: points.length, width: 2, values };
          const labels = Int32Array.from(points, ([, , label]) => label);
          const data = { features, classes: 3, labels, copies: rowCopies(features, labels, 1), seed: 1 };
          const { agree } = neighbourhoods(nearestRows(data, 10), labels, 3);
          for (const [row, [x, y, label]] of points.entries()) {
            const others = points
              .map(([a, b, other], place) => ({ place, distance: (a - x) ** 2 + (b - y) ** 2, other }))
              .filter(({ place }) => place !== row)
              .sort((a, b) => a.distance - b.distance);
            const edge = others[9]?.distance ?? 0;
            const sure = others.filter(({ distance }) => distance < edge);
            const tied = others.filter(({ distance }) => distance === edge);
            const same = sure.filter(({ other }) => other === label).length;
            const more = tied.filter(({ other }) => other === label).length;
            const open = 10 - sure.length;
            const share = (agree[row] ?? 0) * 10;
            expect(share).toBeGreaterThanOrEqual(same + Math.max(0, open - (tied.length - more)) - 1e-6);
            expect(share).toBeLessThanOrEqual(same + Math.min(open, more) + 1e-6);
          }
        },
      ),
    );
  });

  it('are not copies of a row with its own label: who repeats a wrong row does not confirm it', async () => {
    const { rows, labels } = groups(100);
    const all = columnsOf(
      [...rows, ...new Array<number[]>(12).fill([0.35, 0.4])],
      [...labels, ...new Array<string>(12).fill('right')],
    );
    const seen = await neighbourLabels.run(viewOf({ numbers: all }), undefined);
    expect(seen.kept).toEqual({ flagged: 12, of: 112 });
    expect(seen.rows?.map(({ row }) => row).sort()).toEqual(Array.from({ length: 12 }, (_, place) => 101 + place));
  });
});

describe('features', () => {
  it('are not squeezed together by one odd number', () => {
    const values = Float64Array.from({ length: 1000 }, (_, row) => (row === 5 ? 1e300 : row % 100));
    const { values: scaled } = scaledFeatures(values, 1000, 1, [0], 1);
    expect(scaled[50]).toBeCloseTo(0.5, 1);
    expect(scaled[5]).toBe(1);
  });

  it('of one value are left out, and those of two values stay', () => {
    const values = Float64Array.from({ length: 200 }, (_, at) => (at % 2 === 0 ? 7 : at === 11 ? 1 : 0));
    const { width, values: scaled } = scaledFeatures(values, 100, 2, [0, 1], 1);
    expect([width, scaled[5], scaled[6]]).toEqual([1, 1, 0]);
  });

  it('are numbers from 0 to 1 for all finite numbers', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 }), (values) => {
        const scaled = scaledFeatures(Float64Array.from(values), values.length, 1, [0], 1);
        expect([...scaled.values].every((value) => value >= 0 && value <= 1)).toBe(true);
      }),
    );
  });
});

describe.each(DETECTORS)('$id', (detector) => {
  const run = (numbers: NumberColumns) => detector.run(viewOf({ numbers }), undefined);

  it('names a wrong label, with its row and what it seems to be', async () => {
    const { rows, labels } = groups(200);
    labels[40] = 'right';
    const seen = await run(columnsOf(rows, labels));
    expect(seen.status).toBeUndefined();
    expect(seen.kept).toEqual({ flagged: 1, of: 200 });
    expect(seen.rows?.[0]).toMatchObject({ row: 41 });
    expect(seen.rows?.[0]?.why).toMatch(/is labelled "right", and .* "left"/);
  });

  it('leaves rows out that have no label or numbers that are not finite, and says so', async () => {
    const { rows, labels } = groups(200);
    rows[3] = [Number.NaN, 0];
    rows[4] = [Number.POSITIVE_INFINITY, 0];
    labels[5] = '';
    const seen = await run(columnsOf(rows, labels));
    expect(seen.kept?.of).toBe(197);
    expect(seen.detail).toContain('3 rows without a label or with numbers that are not finite were left out');
  });

  it.each([
    ['no column of numbers', columnsOf([], []), 'there is no column of numbers'],
    ['no label', columnsOf(groups(100).rows, []), 'no row has a label'],
    ['one label', columnsOf(groups(100).rows, new Array<string>(100).fill('x')), 'all rows have one label'],
    ['few rows', columnsOf(groups(20).rows, groups(20).labels), 'fewer than 50 rows'],
    [
      'only numbers that are not finite',
      columnsOf(new Array<number[]>(100).fill([Number.NaN]), groups(100).labels),
      'fewer than 50 rows',
    ],
    ['rows that are all equal', columnsOf(new Array<number[]>(100).fill([1, 2]), groups(100).labels), 'has two values'],
    [
      'labels that are not classes',
      columnsOf(
        groups(1100).rows,
        Array.from({ length: 1100 }, (_, row) => `${row}`),
      ),
      'more than 1000 values',
    ],
    [
      'labels that have nothing to do with the features',
      columnsOf(
        groups(400).rows,
        Array.from({ length: 400 }, (_, row) => (((row >> 1) * 2654435761) % 89 < 44 ? 'a' : 'b')),
      ),
      'do not tell the label',
    ],
  ])('does not assess %s', async (_, numbers, why) => {
    const seen = await run(numbers);
    expect(seen.status).toBe('not-assessed');
    expect(seen.detail).toContain(why);
  });
});

describe('probabilities that are columns', () => {
  const { labels } = groups(100);
  const rows = labels.map((label, row) => (label === 'left' && row !== 40 ? [0.9, 0.1] : [0.1, 0.9]));

  it('are used in place of a model', async () => {
    const numbers = columnsOf(rows, labels, ['prob_left', 'prob_right']);
    const seen = await confidentLabels.run(viewOf({ numbers }), undefined);
    expect(seen.rows).toEqual([
      {
        row: 41,
        why: 'is labelled "left", and the probabilities of its columns says "right"',
        score: expect.closeTo(0.8, 5),
      },
    ]);
  });

  it('must be 1 in all', async () => {
    const numbers = columnsOf(
      rows.map(([a = 0, b = 0]) => [a, b + 0.1]),
      labels,
      ['p(left)', 'p(right)'],
    );
    const seen = await confidentLabels.run(viewOf({ numbers }), undefined);
    expect(seen).toEqual({ status: 'not-assessed', detail: 'a row has probabilities that are not 1 in all' });
  });

  it('doubt the same rows as the published method, by hand', () => {
    // Thresholds: the mean of 0.9, 0.8, 0.3 for class 0, and of 0.6, 0.7 for class 1.
    const values = Float32Array.of(0.9, 0.1, 0.8, 0.2, 0.3, 0.7, 0.4, 0.6, 0.3, 0.7);
    const doubted = confidentLearning({ classes: 2, values }, Int32Array.of(0, 0, 0, 1, 1));
    expect(doubted).toEqual([{ row: 2, seems: 1, score: expect.closeTo(0.4, 6) }]);
  });
});

describe('labels', () => {
  it('are numbered by their names, and a missing one has no number', () => {
    expect(labelClasses(['b', '', 'a', 'b'])).toEqual({ names: ['a', 'b'], of: Int32Array.of(1, -1, 0, 1) });
  });
});
