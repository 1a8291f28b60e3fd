import { AssayError } from '../../core/index.ts';
import { Attempt } from './attempt.ts';
import { ascend, randomPoint } from './moves.ts';
import type { AttackBatch, AttackOptions, AttackResult, AttackTarget, UntargetedLoss, WalkRequest } from './target.ts';
import type { Trial } from './trial.ts';

export interface PgdOptions extends AttackOptions {
  readonly steps: number;
  /** How far one step goes, in the norm. */
  readonly stepSize: number;
  /** Starts, each from another random point. */
  readonly restarts?: number;
  /** Where the first start is: the row itself, or a random point of its ball, which is so when absent. */
  readonly start?: 'row' | 'random';
  readonly loss?: UntargetedLoss;
}

/** One step along the sign of the gradient, as far as the ball reaches (Goodfellow et al. 2015). */
export function fgsm(target: AttackTarget, batch: AttackBatch, options: AttackOptions): Promise<AttackResult> {
  return descend('fgsm', target, batch, { ...options, steps: 1, stepSize: options.eps, start: 'row' });
}

/** Projected gradient descent (Madry et al. 2018): steps along the gradient, each back into the ball. */
export function pgd(target: AttackTarget, batch: AttackBatch, options: PgdOptions): Promise<AttackResult> {
  return descend('pgd', target, batch, options);
}

async function descend(
  name: string,
  target: AttackTarget,
  batch: AttackBatch,
  options: PgdOptions,
): Promise<AttackResult> {
  const { steps, stepSize, restarts = 1, start = 'random', loss = 'cross-entropy' } = options;
  checkCount('steps', steps);
  checkCount('restarts', restarts);
  const attempt = new Attempt(name, target, batch, options);
  if (!Number.isFinite(stepSize) || stepSize < 0)
    throw new AssayError('usage', `a step of ${stepSize} is not a distance`);
  const { ball } = attempt;
  await attempt.begin();
  let unlooped: string | undefined;
  for (let restart = 0; restart < restarts; restart++) {
    let trials = attempt.standing().map((row): Trial => {
      const random = restart > 0 || start === 'random';
      return { row, point: random ? randomPoint(ball, row, options.random(row, restart)) : ball.original(row).slice() };
    });
    const onSteps = (step: number) => attempt.progress(restart * steps + step, restarts * steps);
    if (steps > 1 && !unlooped) unlooped = await attempt.walk(trials, { loss, steps, onSteps }, stepSize);
    trials = trials.filter(({ row }) => !attempt.hasFallen(row));
    // What was walked in the graph has only its last point to be run.
    if (unlooped !== '') trials = await stepwise(attempt, trials, { loss, steps, onSteps }, stepSize);
    await attempt.run(trials);
  }
  return { ...(await attempt.finish()), ...(unlooped === undefined ? {} : { unlooped }) };
}

/** The steps one by one. @returns the points of rows that stand */
async function stepwise(
  attempt: Attempt,
  points: readonly Trial[],
  { loss, steps, onSteps }: Pick<WalkRequest, 'loss' | 'steps' | 'onSteps'>,
  stepSize: number,
): Promise<Trial[]> {
  const { ball } = attempt;
  let trials = [...points];
  for (let step = 0; step < steps && trials.length > 0; step++) {
    const gradients = await attempt.differentiate(trials, loss);
    for (const [at, { row, point }] of trials.entries()) {
      const gradient = gradients[at]?.gradient;
      if (gradient === undefined || attempt.hasFallen(row)) continue;
      ascend(ball, point, gradient, stepSize);
      ball.project(row, point);
    }
    trials = trials.filter(({ row }) => !attempt.hasFallen(row) && attempt.left(row) >= 1);
    onSteps(step + 1);
  }
  return trials;
}

export function checkCount(name: string, count: number): void {
  if (!Number.isSafeInteger(count) || count < 1)
    throw new AssayError('usage', `${name} is ${count}, which is not a count from 1`);
}
