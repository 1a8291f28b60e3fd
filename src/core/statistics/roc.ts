import { normalQuantile } from './normal.ts';

/** How well a score tells two groups apart: the larger, the more it speaks for the first. */
export interface Roc {
  /** The probability that one of the first has the larger score; of equal ones, half. */
  readonly auc: number;
  /** Of 95 %, by DeLong et al. (1988); `undefined` where that tells none: one of a group, or groups that are apart. */
  readonly interval: { readonly low: number; readonly high: number; readonly level: number } | undefined;
  /** By falling threshold, from above all scores: how many of each group are at or above it. */
  readonly steps: readonly RocStep[];
  readonly first: number;
  readonly second: number;
}

export interface RocStep {
  readonly first: number;
  readonly second: number;
}

/** @param first scores, all of them numbers, which may be infinite; neither group is empty */
export function rocOf(first: Float64Array, second: Float64Array): Roc {
  const [m, n] = [first.length, second.length];
  const joint = new Float64Array(m + n);
  joint.set(first);
  joint.set(second, m);
  const ranks = midranks(joint);
  const [own, other] = [midranks(first), midranks(second)];
  // How many of the other group are below each, as a share.
  const above = own.map((rank, at) => ((ranks[at] ?? 0) - rank) / n);
  const below = other.map((rank, at) => 1 - ((ranks[m + at] ?? 0) - rank) / m);
  const auc = meanOf(above);
  const variance = varianceOf(above) / m + varianceOf(below) / n;
  return { auc, interval: intervalOf(auc, variance), steps: stepsOf(first, second), first: m, second: n };
}

/** The largest share of the first group at or above a threshold that so much of the second group is at or above, or less. */
export function stepAt({ steps, second }: Roc, share: number): RocStep {
  const most = Math.floor(share * second + ROUNDING);
  // By falling threshold both counts rise.
  return steps.findLast((step) => step.second <= most) ?? { first: 0, second: 0 };
}

/** 0.001 of 1,000 is 1. */
const ROUNDING = 1e-9;

function intervalOf(auc: number, variance: number): Roc['interval'] {
  if (!(variance > 0)) return undefined;
  const half = normalQuantile(0.975) * Math.sqrt(variance);
  return { low: Math.max(0, auc - half), high: Math.min(1, auc + half), level: 0.95 };
}

function stepsOf(first: Float64Array, second: Float64Array): RocStep[] {
  const [a, b] = [first.slice().sort().reverse(), second.slice().sort().reverse()];
  const steps: RocStep[] = [{ first: 0, second: 0 }];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const threshold = Math.max(a[i] ?? Number.NEGATIVE_INFINITY, b[j] ?? Number.NEGATIVE_INFINITY);
    while (i < a.length && (a[i] ?? 0) >= threshold) i++;
    while (j < b.length && (b[j] ?? 0) >= threshold) j++;
    steps.push({ first: i, second: j });
  }
  return steps;
}

/** The rank of each number, from 1; equal ones share theirs. */
function midranks(values: Float64Array): Float64Array {
  const order = Uint32Array.from(values.keys()).sort((x, y) => compare(values[x] ?? 0, values[y] ?? 0));
  const ranks = new Float64Array(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && values[order[to] ?? 0] === values[order[from] ?? 0]) to++;
    for (let at = from; at < to; at++) ranks[order[at] ?? 0] = (from + to + 1) / 2;
    from = to;
  }
  return ranks;
}

/** Infinite numbers have no difference. */
function compare(x: number, y: number): number {
  return x < y ? -1 : x > y ? 1 : 0;
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function varianceOf(values: Float64Array): number {
  const mean = meanOf(values);
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
}
