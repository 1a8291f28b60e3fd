import type { Figure, Measure } from '../../../core/behavior/index.ts';
import { clopperPearson, type Roc, rocOf, stepAt } from '../../../core/statistics/index.ts';
import { riseMeasure, type Share, wilson } from '../measures.ts';

export interface RocBounds {
  readonly 'max-auc'?: number;
  readonly 'max-tpr'?: number;
  /** Where `max-tpr` holds. */
  readonly fpr: number;
  readonly rise?: number;
}

/** A score of each member and each row that is not one: the larger, the more it looks like a member. */
export interface MemberScores {
  readonly members: Float64Array;
  readonly others: Float64Array;
}

/** 1 for rows with the true label. */
export interface RightLabels {
  readonly members: Uint8Array;
  readonly others: Uint8Array;
}

/** What the rates of an attack are reported at (Carlini et al. 2022). */
const RATES = [0.001, 0.01];
const USUAL_RISE = 0.02;
/** Points of a figure. */
const FIGURE_POINTS = 200;

export interface RocReport {
  readonly measures: readonly Measure[];
  readonly notes: readonly string[];
  /** Why a rate that is asked for cannot be told. */
  readonly skipped: string | undefined;
}

/**
 * The measures of an attack: the area under its curve, whichever way round it tells members best, and its rates of true positives
 * where few others are taken for members, in both directions.
 */
export function rocMeasures(
  attack: string,
  scores: MemberScores,
  before: MemberScores | undefined,
  bounds: RocBounds,
): RocReport {
  const [own, other] = [bothWays(scores), before === undefined ? undefined : bothWays(before)];
  const rates = [...new Set([...RATES, bounds.fpr])].sort((a, b) => a - b);
  const others = scores.others.length;
  const told = rates.filter((rate) => others >= neededFor(rate));
  const hasBound = bounds['max-auc'] !== undefined || bounds['max-tpr'] !== undefined;
  // A bound on one of them is not a reason to compare the other with the approved version.
  const asked = { rise: bounds.rise, usualRise: hasBound ? undefined : USUAL_RISE };
  const rateMeasures = told.flatMap((rate) =>
    (['', ', opposite threshold'] as const).map((way) => {
      const [roc, past] = way === '' ? [own.roc, other?.roc] : [own.opposite, other?.opposite];
      const { first } = stepAt(roc, rate);
      return riseMeasure(
        `TPR at ${percent(rate)} FPR (${attack}${way})`,
        first / roc.first,
        clopperPearson(first, roc.first),
        rate === bounds.fpr ? { ...asked, max: bounds['max-tpr'] } : {},
        past === undefined ? undefined : stepAt(past, rate).first / past.first,
      );
    }),
  );
  const { auc, interval } = own.roc.auc < 0.5 ? own.opposite : own.roc;
  const past = other === undefined ? undefined : Math.max(other.roc.auc, other.opposite.auc);
  const missing = rates.filter((rate) => !told.includes(rate));
  return {
    measures: [
      riseMeasure(`AUC (${attack})`, auc, interval ?? null, { ...asked, max: bounds['max-auc'] }, past),
      ...rateMeasures,
    ],
    notes: [
      ...missing.map(
        (rate) =>
          `the TPR at ${percent(rate)} FPR needs ${neededFor(rate)} rows that are not members, and there are ${others}`,
      ),
      ...(own.roc.auc < 0.5 ? ['members have the lower scores of the attack'] : []),
    ],
    skipped:
      bounds['max-tpr'] !== undefined && missing.includes(bounds.fpr)
        ? `the TPR at ${percent(bounds.fpr)} FPR cannot be told`
        : undefined,
  };
}

/** Rows that are not members of which one may be taken for a member. */
function neededFor(rate: number): number {
  return Math.ceil(1 / rate - 1e-9);
}

function bothWays({ members, others }: MemberScores): { readonly roc: Roc; readonly opposite: Roc } {
  const turned = (values: Float64Array) => values.map((value) => -value);
  return { roc: rocOf(members, others), opposite: rocOf(turned(members), turned(others)) };
}

function percent(rate: number): string {
  return `${Number((100 * rate).toPrecision(3))} %`;
}

/** The curve of an attack, with as many points for each power of ten of the rate of false positives. */
export function rocFigure(attack: string, scores: MemberScores, before: MemberScores | undefined): Figure {
  const lines = [
    { name: 'model', points: pointsOf(scores) },
    ...(before === undefined ? [] : [{ name: 'approved version', points: pointsOf(before) }]),
  ];
  return {
    kind: 'curve',
    title: `ROC of membership (${attack})`,
    x: 'rate of false positives',
    y: 'rate of true positives',
    lines,
  };
}

function pointsOf({ members, others }: MemberScores): { x: number; y: number }[] {
  const roc = rocOf(members, others);
  const points = new Map<number, number>();
  for (let at = 0; at <= FIGURE_POINTS; at++) {
    const step = stepAt(roc, others.length ** (at / FIGURE_POINTS - 1));
    points.set(step.second / roc.second, step.first / roc.first);
  }
  return [...points].map(([x, y]) => ({ x, y }));
}

/**
 * How much more often the label is right for members than for others: what an attack by that alone gains. The interval is Newcombe's
 * (1998).
 */
export function gapMeasure({ members, others }: RightLabels, before: number | undefined): Measure {
  const [own, other] = [shareOf(members), shareOf(others)];
  const [first, second] = [own.count / own.of, other.count / other.of];
  const [a, b] = [wilson(own), wilson(other)];
  const value = first - second;
  const interval = {
    low: value - Math.hypot(first - a.low, b.high - second),
    high: value + Math.hypot(a.high - first, second - b.low),
    level: a.level,
  };
  return riseMeasure('train-test gap', value, interval, {}, before);
}

export function gapOf({ members, others }: RightLabels): number {
  const [own, other] = [shareOf(members), shareOf(others)];
  return own.count / own.of - other.count / other.of;
}

function shareOf(right: Uint8Array): Share {
  return { count: right.reduce((sum, one) => sum + one, 0), of: right.length };
}
