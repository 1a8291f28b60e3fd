import { quotedName } from '../../../core/index.ts';
import { type Distance, distanceBetween } from '../../statistics/index.ts';
import type { Detector } from '../detector.ts';
import { barsFigure, boundedMeasure, NO_BASELINE, shownMeasure } from '../measures.ts';
import { statementNamed } from '../sql/index.ts';
import { aligned, frequent, readCounts, type ValueCounts } from './counts.ts';

/** Above these, labels are values of a number, and not classes. */
const MAX_LABELS = 1_000;
/** The population stability index from which data is of another population (Siddiqi 2006). */
export const PSI_FAILS = 0.25;
export const PSI_LOOK = 0.1;
/** The chance that two samples of one population differ as much; tests that are made at a time share it. */
export const CHANCE = 1e-4;

/** Compares how frequent the labels are with the approved baseline. */
export const labelDrift: Detector = {
  id: 'data.label-drift',
  title: 'Are the labels as frequent as in the approved baseline?',
  needs: ['label'],
  weight: 'decides',
  falseAlarms: 'one in 10,000 samples of the same population, by the level of its test',
  unseen: 'labels that were exchanged in equal numbers, and changes of less than PSI 0.25',
  run: async (view, baseline) => {
    const found = await view.query(statementNamed('label-counts'));
    const values = found.map(({ label, seen }) => [String(label), Number(seen)] as const);
    if (values.length > MAX_LABELS)
      return { status: 'not-assessed', detail: `the label has more than ${MAX_LABELS} values: it is not a class` };
    const after = frequent(values, view.rows, MAX_LABELS);
    const kept = { flagged: 0, of: view.rows, sketch: after };
    const before = readCounts(baseline?.sketch);
    const figures = sharesFigure(after, before);
    if (before === undefined) return { status: 'not-assessed', detail: NO_BASELINE, figures, kept };
    const distance = distanceBetween(...aligned(before, after));
    const fresh = freshLabels(before, after, baseline?.of ?? 0, view.rows);
    const measures = [
      ...distanceMeasures(distance),
      boundedMeasure('labels that the baseline does not have', fresh.length, 0),
    ];
    if (fresh.length > 0) {
      const names = fresh.slice(0, 5).map(quotedName).join(', ');
      return { status: 'fail', detail: `the baseline does not have the label ${names}`, measures, figures, kept };
    }
    return { ...judged(distance, 'the labels', CHANCE), measures, figures, kept };
  },
};

/** How frequent each label is, those that changed the most first. */
function sharesFigure(after: ValueCounts, before: ValueCounts | undefined) {
  const sharesOf = ({ values, rest }: ValueCounts) => {
    const total = values.reduce((sum, [, seen]) => sum + seen, rest);
    return new Map(values.map(([label, seen]) => [label, total === 0 ? 0 : seen / total]));
  };
  const [now, usual] = [sharesOf(after), before === undefined ? undefined : sharesOf(before)];
  const bars = [...new Set([...now.keys(), ...(usual?.keys() ?? [])])].map((name) => {
    const value = now.get(name) ?? 0;
    return usual === undefined ? { name, value } : { name, value, baseline: usual.get(name) ?? 0 };
  });
  const change = (bar: (typeof bars)[number]) => Math.abs(bar.value - (bar.baseline ?? 0));
  return barsFigure(
    'Labels',
    'share of the rows',
    bars.sort((a, b) => change(b) - change(a)),
  );
}

/** Labels that two samples of one population would not leave out by chance. */
function freshLabels(before: ValueCounts, after: ValueCounts, n: number, m: number): readonly string[] {
  const known = new Set(before.values.map(([value]) => value));
  const isChance = (count: number) => n > 0 && count * Math.log(m / (n + m)) > Math.log(CHANCE);
  return after.values.filter(([value, count]) => !known.has(value) && !isChance(count)).map(([value]) => value);
}

export function distanceMeasures({ psi, jensenShannon, p, effect }: Distance) {
  return [
    boundedMeasure('population stability index', psi, PSI_FAILS),
    shownMeasure('Jensen-Shannon divergence (bits)', jensenShannon),
    shownMeasure('probability of the difference by chance', p),
    shownMeasure("Cramér's V", effect),
  ];
}

/** A difference fails when it is large, and not by chance. */
export function judged({ psi, p }: Distance, what: string, chance: number) {
  const shown = `population stability index ${psi.toFixed(3)}`;
  if (psi >= PSI_FAILS && p < chance)
    return { status: 'fail', detail: `${what} are distributed otherwise than in the baseline: ${shown}` } as const;
  if (psi >= PSI_LOOK && p < chance)
    return { status: 'pass', detail: `${what} moved, by less than fails: ${shown}; look at them` } as const;
  return { status: 'pass', detail: `${what} are distributed as in the baseline: ${shown}` } as const;
}
