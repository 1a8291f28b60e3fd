import { othersOf } from './apgd.ts';
import { Attempt } from './attempt.ts';
import { randomPoint } from './moves.ts';
import { checkCount } from './pgd.ts';
import { type Box, lengthIn, wayToPlane } from './plane.ts';
import { predicted } from './scores.ts';
import type { AttackBatch, AttackOptions, AttackResult, AttackTarget } from './target.ts';
import type { Trial } from './trial.ts';

export interface FabOptions extends AttackOptions {
  readonly steps: number;
  /** Other classes whose boundaries are walked to, the likeliest first; 9 when absent, as in AutoAttack. */
  readonly aims?: number;
  /** Walks to each boundary: the first from the row, others from random points near it; 1 when absent, as in AutoAttack. */
  readonly restarts?: number;
}

/** What the attack found, and how near it came. */
export interface FabResult extends AttackResult {
  /** The distance to the nearest adversarial input that was met, within eps or not: 0 for a row that is wrong, infinite without one. */
  readonly nearest: Float64Array;
}

/** As in the paper: how far beyond a plane a step goes, the most of the way back to the row, and where a walk goes on from. */
const OVERSHOOT = 1.05;
const MOST_BACK = 0.1;
const BACKWARD = 0.9;
/** Halvings of the way between a row and its nearest adversarial input. */
const HALVINGS = 4;
/** Runs of the model with which a row ends. */
const LAST_RUNS = HALVINGS + 1;

/** Where a row has come. */
interface Walker {
  readonly row: number;
  point: Float32Array;
}

/**
 * The fast adaptive boundary attack (Croce & Hein 2020, FAB-T): looks for the nearest adversarial input, by steps to where the linear model at
 * a point has its boundary. Points beyond eps are on its way; a row falls where one within eps is met.
 */
export async function fab(target: AttackTarget, batch: AttackBatch, options: FabOptions): Promise<FabResult> {
  const { steps, aims = 9, restarts = 1 } = options;
  checkCount('steps', steps);
  checkCount('aims', aims);
  checkCount('restarts', restarts);
  const attempt = new Attempt('fab', target, batch, options);
  const first = await attempt.begin();
  const search = new Search(attempt, options);
  const rows = attempt.standing();
  const orders = first.map((scores, row) => othersOf(scores, attempt.classOf(row)));
  const others = Math.min(aims, target.classes - 1);
  const parts = others * restarts;
  for (let part = 0; part < parts; part++) {
    const restart = Math.floor(part / others);
    let walkers = rows.map((row): Walker => ({ row, point: search.start(row, restart) }));
    const aimOf = (row: number) => orders[row]?.[part % others] ?? 0;
    for (let step = 0; step < steps && walkers.length > 0; step++) {
      walkers = await search.step(walkers, aimOf);
      attempt.progress(part * steps + step + 1, parts * steps);
    }
  }
  await search.end(rows);
  return { ...(await attempt.finish()), nearest: search.nearest };
}

class Search {
  readonly nearest: Float64Array;
  readonly #attempt: Attempt;
  readonly #options: AttackOptions;
  readonly #best = new Map<number, Float32Array>();
  readonly #within = ({ row, point }: Trial): boolean => this.#attempt.ball.contains(row, point);

  constructor(attempt: Attempt, options: AttackOptions) {
    this.#attempt = attempt;
    this.#options = options;
    const standing = new Set(attempt.standing(0));
    this.nearest = Float64Array.from({ length: attempt.rows }, (_, row) =>
      standing.has(row) ? Number.POSITIVE_INFINITY : 0,
    );
  }

  /** Where a walk starts: at the row, or at a random point, as far as half of what is known to be near enough (section 3.3 of the paper). */
  start(row: number, restart: number): Float32Array {
    const { ball } = this.#attempt;
    const origin = ball.original(row);
    if (restart === 0) return origin.slice();
    const { eps, random } = this.#options;
    const share = eps === 0 ? 0 : Math.min(this.nearest[row] ?? eps, eps) / eps / 2;
    return this.#between(row, randomPoint(ball, row, random(row, restart)), share);
  }

  /** A step of each walker. @returns those that go on */
  async step(walkers: readonly Walker[], aimOf: (row: number) => number): Promise<Walker[]> {
    const attempt = this.#attempt;
    const going = walkers.filter(({ row }) => attempt.left(row) >= 2 + LAST_RUNS);
    const seen = await attempt.differentiate(going, 'targeted-margin', aimOf, this.#within);
    const moved = going.filter((walker, at) => {
      const found = seen[at];
      return found !== undefined && this.#move(walker, found.gradient, found.loss);
    });
    const beyond = await this.#areBeyond(moved);
    for (const [at, walker] of moved.entries())
      if (beyond[at]) walker.point = this.#between(walker.row, walker.point, BACKWARD);
    return moved;
  }

  /** Halves the way to the nearest, and runs what is within eps as a point of the ball. */
  async end(rows: readonly number[]): Promise<void> {
    const attempt = this.#attempt;
    let ways = [...this.#best].map(([row, point]) => ({ row, point, near: 0, far: 1 }));
    for (let halving = 0; halving < HALVINGS; halving++) {
      ways = ways.filter(({ row }) => attempt.left(row) >= 2);
      const trials = ways.map(({ row, point, near, far }) => ({
        row,
        point: this.#between(row, point, (near + far) / 2),
      }));
      const beyond = await this.#areBeyond(trials);
      for (const [at, way] of ways.entries()) {
        const middle = (way.near + way.far) / 2;
        if (beyond[at]) way.far = middle;
        else way.near = middle;
      }
    }
    const last = rows.flatMap((row) => {
      const best = this.#best.get(row);
      if (best === undefined || attempt.hasFallen(row) || attempt.left(row) < 1) return [];
      if ((this.nearest[row] ?? 0) > attempt.ball.eps * (1 + 1e-6)) return [];
      const point = best.slice();
      attempt.ball.project(row, point);
      return [{ row, point }];
    });
    await attempt.run(last);
  }

  /** @returns whether there was a direction */
  #move(walker: Walker, gradient: Float32Array, loss: number): boolean {
    const { row, point } = walker;
    if (!Number.isFinite(loss) || !gradient.every(Number.isFinite) || gradient.every((one) => one === 0)) return false;
    const box = this.#boxOf();
    const origin = this.#attempt.ball.original(row);
    // Where the linear model of the difference of the two scores is zero.
    const fromHere = -loss;
    const fromRow = origin.reduce((sum, own, at) => sum - (gradient[at] ?? 0) * (own - (point[at] ?? 0)), fromHere);
    const here = wayToPlane(point, gradient, fromHere, box);
    const there = wayToPlane(origin, gradient, fromRow, box);
    const [near, far] = [lengthIn(box, here), lengthIn(box, there)];
    const back = near + far === 0 ? 0 : Math.min(MOST_BACK, near / (near + far));
    walker.point = point.map((value, at) => {
      const ahead = value + OVERSHOOT * (here[at] ?? 0);
      const own = (origin[at] ?? 0) + OVERSHOOT * (there[at] ?? 0);
      return Math.min(box.high(at), Math.max(box.low(at), (1 - back) * ahead + back * own));
    });
    return true;
  }

  async #areBeyond(trials: readonly Trial[]): Promise<readonly boolean[]> {
    const attempt = this.#attempt;
    const scores = await attempt.run(trials, this.#within);
    return trials.map(({ row, point }, at) => {
      if (predicted(scores[at] ?? new Float32Array()) === attempt.classOf(row)) return false;
      const origin = attempt.ball.original(row);
      const far = lengthIn(
        this.#boxOf(),
        point.map((value, own) => value - (origin[own] ?? 0)),
      );
      if (far < (this.nearest[row] ?? 0)) {
        this.nearest[row] = far;
        this.#best.set(row, point.slice());
      }
      return true;
    });
  }

  #between(row: number, point: Float32Array, share: number): Float32Array {
    const origin = this.#attempt.ball.original(row);
    return point.map((value, at) => (origin[at] ?? 0) + share * (value - (origin[at] ?? 0)));
  }

  /** The range of the features, however far from the row. */
  #boxOf(): Box {
    const { lower, upper, norm } = this.#options;
    return {
      norm,
      low: (at) => (typeof lower === 'number' ? lower : (lower[at] ?? 0)),
      high: (at) => (typeof upper === 'number' ? upper : (upper[at] ?? 0)),
      scaleOf: (at) => this.#attempt.ball.scaleOf(at),
    };
  }
}
