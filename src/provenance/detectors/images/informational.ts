import { quotedName } from '../../../core/index.ts';
import type { Detector, Observation } from '../detector.ts';
import { projections, twoMeans } from './directions.ts';
import { type PreparedImages, preparedImages } from './prepare.ts';

const SEED = 1;
const FEWEST = 10;
/** How far an image lies off, in deviations that the median of distances tells. */
const FAR = 4;
/** The median of the distances of a normal variable, in deviations. */
const MEDIAN_DEVIATION = 0.6745;
/** A group is set apart when it is smaller than this share, and so much of the differences is between the groups. */
const APART = { share: 0.35, between: 0.3 };

/** Spectral signatures (Tran et al. 2018, arXiv 1811.00636), of pixels in place of what a model makes of them. */
export const imageSpectrum: Detector = {
  id: 'data.image-spectrum',
  title: 'Images that lie far off along the direction in which a label varies most',
  needs: ['label'],
  weight: 'review',
  falseAlarms: 'on most clean data it lists images: it is informational',
  unseen: 'Most patches: of pixels, this direction is that of brightness or shape.',
  run: async (view) => {
    const prepared = await preparedImages(view);
    if (typeof prepared === 'string') return { status: 'not-assessed', detail: prepared };
    return listed(prepared, 'lies far off among the images labelled', (rows) => {
      const along = projections(prepared.features, rows, SEED);
      const middle = median(along);
      const deviation = median(along.map((value) => Math.abs(value - middle))) / MEDIAN_DEVIATION;
      return rows.flatMap((row, at) => {
        const score = Math.abs((along[at] ?? 0) - middle) / deviation;
        return score > FAR ? [{ row, score }] : [];
      });
    });
  },
};

/** Activation clustering (Chen et al. 2018, arXiv 1811.03728), of pixels in place of activations. */
export const imageClusters: Detector = {
  id: 'data.image-clusters',
  title: 'A smaller group of images that is set apart within a label',
  needs: ['label'],
  weight: 'review',
  falseAlarms: 'labels with two kinds of images have such a group: it is informational',
  unseen: 'Patches that are small beside what the images show.',
  run: async (view) => {
    const prepared = await preparedImages(view);
    if (typeof prepared === 'string') return { status: 'not-assessed', detail: prepared };
    return listed(prepared, 'is in the smaller of two groups of images labelled', (rows) => {
      const { smaller, between } = twoMeans(prepared.features, rows, SEED);
      const apart = smaller.length < APART.share * rows.length && between > APART.between;
      return apart ? smaller.map((row) => ({ row, score: between })) : [];
    });
  },
};

interface Listed {
  readonly row: number;
  readonly score: number;
}

/** What is listed is for a person to look at: that nothing is listed says nothing, and so it is never a pass. */
function listed(
  { images, names, labels }: PreparedImages,
  why: string,
  list: (rows: readonly number[]) => readonly Listed[],
): Observation {
  const rows = names.flatMap((name, label) => {
    const own = [...labels.keys()].filter((image) => labels[image] === label);
    const found = own.length < FEWEST ? [] : list(own);
    return found.map(({ row, score }) => ({
      row: images.rows[row] ?? null,
      why: `${why} ${quotedName(name)}`,
      score,
    }));
  });
  rows.sort((a, b) => b.score - a.score);
  return {
    status: 'not-assessed',
    detail: `informational: ${rows.length} of ${images.count} images are listed; neither they nor their absence prove anything`,
    measures: [{ name: 'images that are listed', value: rows.length, baseline: null, max: null, pass: null }],
    rows,
  };
}

function median(values: Float64Array): number {
  return values.slice().sort()[values.length >> 1] ?? 0;
}
