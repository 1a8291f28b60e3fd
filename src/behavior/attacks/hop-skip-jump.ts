import { AssayError } from '../../core/index.ts';
import { Attempt } from './attempt.ts';
import { distance } from './ball.ts';
import { lengthOf } from './moves.ts';
import { checkCount } from './pgd.ts';
import type { AttackRandom } from './random.ts';
import { predicted } from './scores.ts';
import type { AttackBatch, AttackOptions, AttackResult, AttackTarget } from './target.ts';

export interface HopSkipJumpOptions extends AttackOptions {
  readonly steps: number;
  /** Random points that are tried as a start; 100 when absent. */
  readonly starts?: number;
  /** Points that the first direction is estimated from; 100 when absent. They become more with the root of the step. */
  readonly samples?: number;
}

/** What the attack found, and how near it came. */
export interface HopSkipJumpResult extends AttackResult {
  /** The L2 distance to the nearest adversarial input that was met, within eps or not; infinite where there was none. */
  readonly nearest: Float64Array;
}

/** Halvings of a way across the boundary. */
const HALVINGS = 12;
const SHORTENINGS = 8;

/** Where a row has come: a point beyond the boundary. */
interface Hopper {
  readonly row: number;
  readonly random: AttackRandom;
  point: Float32Array;
}

/**
 * HopSkipJump (Chen et al. 2020) for L2: walks along the boundary towards the row, by decisions alone. It looks at the class
 * that the model tells, not at scores. Points beyond eps are on its way; a row falls where one within eps is met.
 */
export async function hopSkipJump(
  target: AttackTarget,
  batch: AttackBatch,
  options: HopSkipJumpOptions,
): Promise<HopSkipJumpResult> {
  const { steps, starts = 100, samples = 100, lower, upper } = options;
  checkCount('steps', steps);
  checkCount('starts', starts);
  checkCount('samples', samples);
  if (options.norm !== 'l2') throw new AssayError('usage', 'the attack hop-skip-jump is for the norm l2');
  for (const bound of [lower, upper].flatMap((one) => (typeof one === 'number' ? [one] : [...one])))
    if (!Number.isFinite(bound))
      throw new AssayError('usage', 'the attack hop-skip-jump needs a finite range of each feature');
  const walk = new Walk(new Attempt('hop-skip-jump', target, batch, options), options);
  await walk.attempt.begin();
  let hoppers = await walk.start(starts);
  hoppers = await walk.toBoundary(hoppers);
  for (let step = 1; step <= steps; step++) {
    hoppers = walk.going(hoppers);
    if (hoppers.length === 0) break;
    await walk.hop(hoppers, step, Math.round(samples * Math.sqrt(step)));
    hoppers = await walk.toBoundary(hoppers);
    walk.attempt.progress(step, steps);
  }
  return { ...(await walk.attempt.finish()), nearest: walk.nearest };
}

class Walk {
  readonly attempt: Attempt;
  readonly nearest: Float64Array;
  readonly #options: HopSkipJumpOptions;

  constructor(attempt: Attempt, options: HopSkipJumpOptions) {
    this.attempt = attempt;
    this.#options = options;
    this.nearest = new Float64Array(attempt.rows).fill(Number.POSITIVE_INFINITY);
  }

  going(hoppers: readonly Hopper[]): Hopper[] {
    return hoppers.filter(({ row }) => !this.attempt.hasFallen(row) && this.attempt.left(row) >= 1);
  }

  /** Random points of the range that the model tells another class of. */
  async start(starts: number): Promise<Hopper[]> {
    const { attempt } = this;
    const found: Hopper[] = [];
    let searching = attempt.standing().map((row) => ({ row, random: this.#options.random(row, 0) }));
    for (let at = 0; at < starts && searching.length > 0; at++) {
      const hoppers = searching.map(({ row, random }): Hopper => ({ row, random, point: this.#anywhere(row, random) }));
      const beyond = await this.#areBeyond(hoppers.map(({ row, point }) => ({ row, point })));
      found.push(...hoppers.filter((_, index) => beyond[index]));
      searching = searching.filter(
        ({ row }, index) => !beyond[index] && !attempt.hasFallen(row) && attempt.left(row) >= 1,
      );
    }
    return found;
  }

  /** Halves the way between the row and its point, and stays beyond the boundary. */
  async toBoundary(hoppers: readonly Hopper[]): Promise<Hopper[]> {
    const ways = this.going(hoppers).map((hopper) => ({ hopper, near: 0, far: 1, from: hopper.point }));
    for (let halving = 0; halving < HALVINGS; halving++) {
      const open = ways.filter(({ hopper }) => this.going([hopper]).length > 0);
      const middles = open.map(({ hopper, near, far, from }) => this.#between(hopper.row, from, (near + far) / 2));
      const beyond = await this.#areBeyond(middles.map((point, at) => ({ row: open[at]?.hopper.row ?? 0, point })));
      for (const [at, way] of open.entries()) {
        const middle = (way.near + way.far) / 2;
        if (beyond[at]) {
          way.far = middle;
          way.hopper.point = middles[at] ?? way.hopper.point;
        } else way.near = middle;
      }
    }
    return this.going(hoppers);
  }

  /** Estimates the direction away from the boundary, and goes along it as far as the class stays another one. */
  async hop(hoppers: readonly Hopper[], step: number, samples: number): Promise<void> {
    const directions = await this.#directions(hoppers, samples);
    let open = hoppers.map((hopper, at) => ({
      hopper,
      direction: directions[at] ?? new Float64Array(),
      reach: distance(this.attempt.ball.original(hopper.row), hopper.point) / Math.sqrt(step),
    }));
    for (let shortening = 0; shortening < SHORTENINGS && open.length > 0; shortening++) {
      open = open.filter(({ hopper }) => this.going([hopper]).length > 0);
      const trials = open.map(({ hopper: { row, point }, direction, reach }) => ({
        row,
        point: this.#clipped(
          row,
          point.map((value, at) => value + reach * (direction[at] ?? 0)),
        ),
      }));
      const beyond = await this.#areBeyond(trials);
      for (const [at, { hopper }] of open.entries()) if (beyond[at]) hopper.point = trials[at]?.point ?? hopper.point;
      open = open.filter((_, at) => !beyond[at]).map((one) => ({ ...one, reach: one.reach / 2 }));
    }
  }

  async #directions(hoppers: readonly Hopper[], samples: number): Promise<readonly Float64Array[]> {
    const votes = hoppers.map(({ point }) => ({
      sum: new Float64Array(point.length),
      all: new Float64Array(point.length),
      beyond: 0,
      count: 0,
    }));
    for (let sample = 0; sample < samples; sample++) {
      const open = hoppers.flatMap((hopper, at) => (this.going([hopper]).length > 0 ? [{ hopper, at }] : []));
      const moves = open.map(({ hopper }) => unitDirection(hopper.point.length, hopper.random));
      const trials = open.map(({ hopper: { row, point } }, index) => {
        const reach = Math.max(1e-3, distance(this.attempt.ball.original(row), point) / point.length);
        return {
          row,
          point: this.#clipped(
            row,
            point.map((value, at) => value + reach * (moves[index]?.[at] ?? 0)),
          ),
        };
      });
      const beyond = await this.#areBeyond(trials);
      for (const [index, { at }] of open.entries()) {
        const [vote, move] = [votes[at], moves[index]];
        if (vote === undefined || move === undefined) continue;
        const sign = beyond[index] ? 1 : -1;
        vote.count++;
        vote.beyond += sign;
        for (let feature = 0; feature < move.length; feature++) {
          vote.sum[feature] = (vote.sum[feature] ?? 0) + sign * (move[feature] ?? 0);
          vote.all[feature] = (vote.all[feature] ?? 0) + (move[feature] ?? 0);
        }
      }
    }
    return votes.map(({ sum, all, beyond, count }) => {
      const mean = count === 0 ? 0 : beyond / count;
      // Where all points are on one side, there is nothing to subtract.
      const direction = Math.abs(mean) === 1 ? sum : sum.map((value, at) => value - mean * (all[at] ?? 0));
      const length = lengthOf(direction);
      return length === 0 ? direction : direction.map((value) => value / length);
    });
  }

  /** Whether the model tells another class than the row's. */
  async #areBeyond(
    trials: readonly { readonly row: number; readonly point: Float32Array }[],
  ): Promise<readonly boolean[]> {
    const { attempt } = this;
    const far = (row: number, point: Float32Array) => distance(attempt.ball.original(row), point);
    const scores = await attempt.run(trials, ({ row, point }) => far(row, point) <= attempt.ball.eps);
    return trials.map(({ row, point }, at) => {
      const beyond = predicted(scores[at] ?? new Float32Array()) !== attempt.classOf(row);
      if (beyond) this.nearest[row] = Math.min(this.nearest[row] ?? Number.POSITIVE_INFINITY, far(row, point));
      return beyond;
    });
  }

  #between(row: number, from: Float32Array, share: number): Float32Array {
    const origin = this.attempt.ball.original(row);
    return this.#clipped(
      row,
      from.map((value, at) => (origin[at] ?? 0) + share * (value - (origin[at] ?? 0))),
    );
  }

  #anywhere(row: number, random: AttackRandom): Float32Array {
    const { ball } = this.attempt;
    return ball
      .original(row)
      .map((_, at) => ball.low(row, at) + random.unit() * (ball.high(row, at) - ball.low(row, at)));
  }

  /** Within the range of the features; for L2 the bounds of the ball are those of the range, or of what cannot change. */
  #clipped(row: number, point: Float32Array): Float32Array {
    const { ball } = this.attempt;
    return point.map((value, at) => Math.min(ball.high(row, at), Math.max(ball.low(row, at), value)));
  }
}

function unitDirection(width: number, random: AttackRandom): Float64Array {
  const direction = Float64Array.from({ length: width }, () => random.normal());
  const length = lengthOf(direction);
  return length === 0 ? direction : direction.map((value) => value / length);
}
