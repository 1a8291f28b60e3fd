import { quotedName } from '../../../core/index.ts';
import { clopperPearson } from '../../../core/statistics/index.ts';
import type { Detector, Observation } from '../detector.ts';
import { confidentLearning, type DoubtedRow } from './confident.ts';
import { disagreeing, NEIGHBOURS, nearestRows, neighbourhoods } from './neighbours.ts';
import { type Prepared, prepare, telling } from './prepare.ts';
import { outOfFold } from './probabilities.ts';

export const confidentLabels: Detector = {
  id: 'data.label-confident',
  title: 'Labels that a model doubts',
  needs: ['label', 'features'],
  weight: 'excess',
  falseAlarms: 'as often as the model itself is wrong; what counts is the excess over the approved baseline',
  unseen:
    'Labels that are changed wherever a condition holds, which the model learns too; rows whose features do not tell the label; probabilities of columns that a model gave for rows that it had seen.',
  run: async (view) => {
    const prepared = prepare(await view.numbers());
    if (typeof prepared === 'string') return notAssessed(prepared);
    const { data, given } = prepared;
    if (given === undefined && data.features.width === 0) return notAssessed('no column of numbers has two values');
    if (given === undefined) view.note('learns the labels from the features');
    const probabilities = given ?? outOfFold(data, view.signal);
    const guess = (row: number): number => {
      const own = probabilities.values.subarray(row * data.classes, (row + 1) * data.classes);
      return own.indexOf(Math.max(...own));
    };
    if (!telling(data.labels, data.classes, guess)) return notAssessed('the features do not tell the label');
    const by = given === undefined ? 'a model that did not see it' : 'the probabilities of its columns';
    return observation(prepared, confidentLearning(probabilities, data.labels), {
      what: 'rows whose label a model doubts',
      why: (label, seems) => `is labelled ${label}, and ${by} says ${seems}`,
    });
  },
};

export const neighbourLabels: Detector = {
  id: 'data.label-neighbours',
  title: 'Labels that the nearest rows do not have',
  needs: ['label', 'features'],
  weight: 'excess',
  falseAlarms: 'in none of 200 pairs of clean digits was there an excess over the baseline (at most 1.8 %, 95 % bound)',
  unseen:
    'Wrong labels that are as near to each other as to right ones, such as those of a whole group of rows; rows that are compared with a part of the others only, where there are many.',
  run: async (view) => {
    const prepared = prepare(await view.numbers());
    if (typeof prepared === 'string') return notAssessed(prepared);
    const { data } = prepared;
    if (data.features.width === 0) return notAssessed('no column of numbers has two values');
    view.note('looks for the nearest rows');
    const near = neighbourhoods(nearestRows(data, NEIGHBOURS, view.signal), data.labels, data.classes);
    if (!telling(data.labels, data.classes, (row) => near.most[row] ?? 0))
      return notAssessed('the nearest rows do not tell the label');
    return observation(prepared, disagreeing(near, data.labels), {
      what: 'rows whose label the nearest rows do not have',
      why: (label, seems) => `is labelled ${label}, and most of the ten nearest rows ${seems}`,
    });
  },
};

function notAssessed(detail: string): Observation {
  return { status: 'not-assessed', detail };
}

interface Words {
  readonly what: string;
  readonly why: (label: string, seems: string) => string;
}

/** Without a status: how many rows are doubted says nothing, for tasks differ; the runner tells the excess over the baseline. */
function observation(prepared: Prepared, doubted: readonly DoubtedRow[], { what, why }: Words): Observation {
  const { classes, data, numbers, left } = prepared;
  const of = data.labels.length;
  const { low, high } = clopperPearson(doubted.length, of);
  const name = (label: number | undefined): string => quotedName(classes.names[label ?? -1] ?? '');
  const interval = `95 % interval ${(low * 100).toFixed(2)} to ${(high * 100).toFixed(2)} %`;
  const rest = left === 0 ? '' : `; ${left} rows without a label or with numbers that are not finite were left out`;
  return {
    detail: `${doubted.length} of ${of} ${what} (${interval})${rest}`,
    measures: [{ name: `share of ${what}`, value: doubted.length / of, baseline: null, max: null, pass: null }],
    rows: doubted.map(({ row, seems, score }) => ({
      row: numbers[row] ?? null,
      why: why(name(data.labels[row]), name(seems)),
      score,
    })),
    kept: { flagged: doubted.length, of },
  };
}
