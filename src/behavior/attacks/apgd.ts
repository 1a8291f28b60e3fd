import { AssayError } from '../../core/index.ts';
import { Attempt, type RowGradient } from './attempt.ts';
import type { Ball } from './ball.ts';
import { ascend, lengthOf } from './moves.ts';
import { checkCount } from './pgd.ts';
import type { AttackRandom } from './random.ts';
import type { AttackBatch, AttackLoss, AttackOptions, AttackResult, AttackTarget, UntargetedLoss } from './target.ts';
import type { Trial } from './trial.ts';

export interface ApgdOptions extends AttackOptions {
  readonly steps: number;
  readonly restarts?: number;
  /** Where the first start is: the row itself, or a random point on the edge of its ball, which is so when absent. */
  readonly start?: 'row' | 'random';
  readonly loss?: UntargetedLoss;
}

export interface TargetedApgdOptions extends AttackOptions {
  readonly steps: number;
  /** Other classes that each row is driven to, the likeliest first; 9 when absent, as in AutoAttack. */
  readonly aims?: number;
}

/** The share of steps that have to raise the loss, without which the step is halved. */
const RISING = 0.75;
const MOMENTUM = 0.75;

/**
 * Auto-PGD (Croce & Hein 2020): momentum, and a step that is halved where the loss does not rise, from the best point so far.
 * By the cross entropy when no loss is named.
 */
export async function apgd(target: AttackTarget, batch: AttackBatch, options: ApgdOptions): Promise<AttackResult> {
  const { steps, restarts = 1, start = 'random', loss = 'cross-entropy' } = options;
  checkCount('steps', steps);
  checkCount('restarts', restarts);
  const attempt = new Attempt('apgd', target, batch, options);
  await attempt.begin();
  for (let restart = 0; restart < restarts; restart++) {
    const fromRow = restart === 0 && start === 'row';
    await climb(attempt, { steps, loss, fromRow, part: restart, parts: restarts });
  }
  return await attempt.finish();
}

/** Auto-PGD towards each of the likeliest other classes, by the targeted difference of logits ratio. */
export async function targetedApgd(
  target: AttackTarget,
  batch: AttackBatch,
  options: TargetedApgdOptions,
): Promise<AttackResult> {
  const { steps, aims = 9 } = options;
  checkCount('steps', steps);
  checkCount('aims', aims);
  if (target.classes < 4)
    throw new AssayError('usage', `the targeted attack needs 4 classes, and the model has ${target.classes}`, {
      hint: 'use apgd, which needs two',
    });
  const attempt = new Attempt('apgd-t', target, batch, options);
  const first = await attempt.begin();
  const orders = first.map((scores, row) => othersOf(scores, attempt.classOf(row)));
  const parts = Math.min(aims, target.classes - 1);
  for (let part = 0; part < parts; part++) {
    const aimOf = (row: number) => orders[row]?.[part] ?? 0;
    await climb(attempt, { steps, loss: 'targeted-dlr', aimOf, fromRow: false, part, parts });
  }
  return await attempt.finish();
}

/** The other classes, the likeliest first. */
export function othersOf(scores: Float32Array, own: number): readonly number[] {
  const classes = Array.from(scores, (_, at) => at).filter((one) => one !== own);
  return classes.sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || a - b);
}

interface Climb {
  readonly steps: number;
  readonly loss: AttackLoss;
  readonly aimOf?: (row: number) => number;
  readonly fromRow: boolean;
  readonly part: number;
  readonly parts: number;
}

/** Where a row has come, and the best point that it has seen. */
interface Climber {
  readonly row: number;
  point: Float32Array;
  before: Float32Array;
  gradient: Float32Array;
  step: number;
  best: { readonly point: Float32Array; readonly gradient: Float32Array; readonly loss: number };
  last: number;
  /** Steps since the last check that raised the loss. */
  rises: number;
  bestAtCheck: number;
  halved: boolean;
}

async function climb(attempt: Attempt, { steps, loss, aimOf, fromRow, part, parts }: Climb): Promise<void> {
  const { ball, options } = attempt;
  const starts = attempt.standing().map((row): Trial => {
    return { row, point: fromRow ? ball.original(row).slice() : edgePoint(ball, row, options.random(row, part)) };
  });
  const first = await attempt.differentiate(starts, loss, aimOf);
  let climbers = starts.flatMap((trial, at) => {
    const seen = first[at];
    return seen === undefined ? [] : [climber(trial, seen, 2 * ball.eps)];
  });
  const least = Math.max(1, Math.floor(0.06 * steps));
  const fewer = Math.max(1, Math.floor(0.03 * steps));
  let period = Math.max(1, Math.floor(0.22 * steps));
  let since = 0;
  for (let step = 0; step < steps; step++) {
    climbers = climbers.filter(({ row }) => !attempt.hasFallen(row) && attempt.left(row) >= 1);
    if (climbers.length === 0) return;
    for (const one of climbers) advance(ball, one, step === 0 ? 1 : MOMENTUM);
    const seen = await attempt.differentiate(
      climbers.map(({ row, point }) => ({ row, point })),
      loss,
      aimOf,
    );
    for (const [at, one] of climbers.entries()) {
      const found = seen[at];
      if (found !== undefined) look(one, found);
    }
    if (++since === period) {
      for (const one of climbers) check(one, period);
      period = Math.max(least, period - fewer);
      since = 0;
    }
    attempt.progress(part * steps + step + 1, parts * steps);
  }
}

function climber({ row, point }: Trial, { gradient, loss }: RowGradient, step: number): Climber {
  const value = known(loss);
  const best = { point: point.slice(), gradient: gradient.slice(), loss: value };
  return {
    row,
    point,
    before: point.slice(),
    gradient,
    step,
    best,
    last: value,
    rises: 0,
    bestAtCheck: value,
    halved: true,
  };
}

/** A loss that is not a number is below all others. */
function known(loss: number): number {
  return Number.isNaN(loss) ? Number.NEGATIVE_INFINITY : loss;
}

function advance(ball: Ball, one: Climber, share: number): void {
  const next = one.point.slice();
  ascend(ball, next, one.gradient, one.step);
  ball.project(one.row, next);
  for (let at = 0; at < next.length; at++) {
    const [here = 0, there = 0, past = 0] = [one.point[at], next[at], one.before[at]];
    next[at] = here + share * (there - here) + (1 - share) * (here - past);
  }
  ball.project(one.row, next);
  one.before = one.point;
  one.point = next;
}

function look(one: Climber, { gradient, loss }: RowGradient): void {
  const value = known(loss);
  one.gradient = gradient;
  if (value > one.last) one.rises++;
  one.last = value;
  if (value > one.best.loss) one.best = { point: one.point.slice(), gradient: gradient.slice(), loss: value };
}

/** Halves the step where too few steps raised the loss, or where the best has not changed though the step did not either. */
function check(one: Climber, period: number): void {
  const stuck = !one.halved && one.bestAtCheck >= one.best.loss;
  one.halved = one.rises <= RISING * period || stuck;
  one.bestAtCheck = one.best.loss;
  one.rises = 0;
  if (!one.halved) return;
  one.step /= 2;
  one.point = one.best.point.slice();
  one.gradient = one.best.gradient;
}

/** A random point on the edge of the ball of a row. */
function edgePoint(ball: Ball, row: number, random: AttackRandom): Float32Array {
  const origin = ball.original(row);
  const direction = Float64Array.from(origin, () => (ball.norm === 'linf' ? 2 * random.unit() - 1 : random.normal()));
  const length =
    ball.norm === 'linf' ? direction.reduce((most, one) => Math.max(most, Math.abs(one)), 0) : lengthOf(direction);
  const share = length === 0 ? 0 : ball.eps / length;
  const point = origin.map((value, at) => value + share * ball.scaleOf(at) * (direction[at] ?? 0));
  ball.project(row, point);
  return point;
}
