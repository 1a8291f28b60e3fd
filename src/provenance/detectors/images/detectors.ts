import { quotedName } from '../../../core/index.ts';
import { clopperPearson } from '../../../core/statistics/index.ts';
import type { Detector, Observation } from '../detector.ts';
import { disagreeing } from '../labels/index.ts';
import { groupBySharedRows } from '../shared-rows.ts';
import { findPatches, MOST_ODD, type PatchFinding } from './patches.ts';
import { type PreparedImages, preparedImages } from './prepare.ts';

const NAMED = 10;

export const imagePatches: Detector = {
  id: 'data.image-patches',
  title: 'Patches that decide the label of an image',
  needs: ['label'],
  weight: 'decides',
  falseAlarms: 'none in 200 clean sets of 600 images of clothes (at most 1.8 %, 95 % bound)',
  unseen:
    'Patches in images whose label fits them (clean-label attacks), at places that change, in fewer than about 20 images, or so large that the images are near each other by them; noise and patterns over the whole image; what is finer than one of 32 parts of a side.',
  run: async (view) => {
    const prepared = await preparedImages(view);
    if (typeof prepared === 'string') return { status: 'not-assessed', detail: prepared };
    const { images, names, labels, near, around } = prepared;
    const patches = findPatches(images, { labels, classes: names.length, near, around }, view.signal);
    const found = groupBySharedRows(patches.found);
    const left = names.filter((_, label) => patches.clear[label] !== true);
    const name = ({ label }: PatchFinding): string => quotedName(names[label] ?? '');
    const rows = found.flatMap(({ best, rows }) =>
      rows.map((row) => ({
        row: images.rows[row] ?? null,
        why: `apart from the patch at ${placeOf(best)}, it does not look like ${name(best)}`,
        score: -best.logChance / Math.LN10,
      })),
    );
    const measures = [
      { name: 'patches that decide the label', value: found.length, baseline: null, max: 0, pass: found.length === 0 },
    ];
    const detail =
      found.length > 0
        ? found
            .slice(0, NAMED)
            .map(({ best }) => sentence(best, name(best)))
            .join('; ')
        : left.length > 0
          ? `images do not tell ${left.length} labels: more than ${MOST_ODD * 100} % of those of ${quotedName(left[0] ?? '')} look like others`
          : `no patch decides the label; ${patches.tested} were tested${images.reduced ? ', in images that were made smaller' : ''}`;
    return { status: found.length > 0 ? 'fail' : left.length > 0 ? 'not-assessed' : 'pass', detail, measures, rows };
  },
};

export const imageNeighbours: Detector = {
  id: 'data.image-neighbours',
  title: 'Labels that the nearest images do not have',
  needs: ['label'],
  weight: 'excess',
  falseAlarms:
    'as often as images that look alike have other labels; what counts is the excess over the approved baseline',
  unseen: 'Images that do not look alike pixel by pixel, such as photographs of one thing from two sides.',
  run: async (view): Promise<Observation> => {
    const prepared = await preparedImages(view);
    if (typeof prepared === 'string') return { status: 'not-assessed', detail: prepared };
    const { images, names, labels, around }: PreparedImages = prepared;
    const doubted = disagreeing(around, labels);
    const { low, high } = clopperPearson(doubted.length, images.count);
    const name = (label: number | undefined): string => quotedName(names[label ?? -1] ?? '');
    return {
      detail:
        `${doubted.length} of ${images.count} images have a label that the nearest images do not have ` +
        `(95 % interval ${(low * 100).toFixed(2)} to ${(high * 100).toFixed(2)} %)`,
      rows: doubted.map(({ row, seems, score }) => ({
        row: images.rows[row] ?? null,
        why: `is labelled ${name(labels[row])}, and most of the ten nearest images ${name(seems)}`,
        score,
      })),
      kept: { flagged: doubted.length, of: images.count },
    };
  },
};

function placeOf({ window: { top, left, side } }: PatchFinding): string {
  return `row ${top}, column ${left} (${side} x ${side} pixels)`;
}

function sentence(best: PatchFinding, label: string): string {
  const { low, high } = clopperPearson(best.hits.length, best.of);
  return (
    `${best.hits.length} of ${best.of} images with the same pixels at ${placeOf(best)} are labelled ${label} although they look like others ` +
    `(95 % interval ${low.toFixed(2)} to ${high.toFixed(2)}, chance makes it once in 1e${-Math.floor(best.logChance / Math.LN10)})`
  );
}
