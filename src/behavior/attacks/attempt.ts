import { AssayError, throwIfAborted } from '../../core/index.ts';
import type { BlockedNode } from '../gradient/index.ts';
import { Ball } from './ball.ts';
import { marginOf, predicted } from './scores.ts';
import type { AttackBatch, AttackLoss, AttackOptions, AttackResult, AttackTarget, WalkRequest } from './target.ts';
import { joinedPoints, points, type Trial } from './trial.ts';

/** What a run of a row with a gradient gave. */
export interface RowGradient {
  readonly loss: number;
  readonly gradient: Float32Array;
  readonly scores: Float32Array;
}

/**
 * An attack that is going on: counts what it costs, keeps the first adversarial input of each row, and knows which rows still
 * stand. One run of each row is kept for confirming at the end.
 */
export class Attempt {
  readonly ball: Ball;
  readonly target: AttackTarget;
  readonly batch: AttackBatch;
  readonly options: AttackOptions;
  readonly #name: string;
  readonly #adversarial: Float32Array;
  readonly #fell: Uint8Array;
  readonly #wrong: Uint8Array;
  readonly #queries: Int32Array;
  readonly #gradients: Int32Array;
  readonly #useful: Uint8Array;
  /** Gradients of rows that stood, and those of them that did not point anywhere. */
  #looked = 0;
  #vanished = 0;
  #blocked: readonly BlockedNode[] = [];

  /** @throws AssayError `usage` for a batch or options that do not fit */
  constructor(name: string, target: AttackTarget, batch: AttackBatch, options: AttackOptions) {
    const rows = batch.classes.length;
    if (batch.inputs.length !== rows * target.width)
      throw new AssayError('usage', `${batch.inputs.length} numbers are not ${rows} rows of ${target.width}`);
    const strange = batch.classes.find((one) => one < 0 || one >= target.classes);
    if (strange !== undefined)
      throw new AssayError('usage', `the model has no class ${strange}: its classes are 0 to ${target.classes - 1}`);
    const { budget } = options;
    if (budget !== undefined && !(Number.isSafeInteger(budget) && budget >= 2))
      throw new AssayError('usage', `a budget of ${budget} runs a row is too small: 2 are needed to see a row fall`);
    this.#name = name;
    this.target = target;
    this.batch = batch;
    this.options = options;
    this.ball = new Ball(batch, target.width, options);
    this.#adversarial = batch.inputs.slice();
    this.#fell = new Uint8Array(rows);
    this.#wrong = new Uint8Array(rows);
    this.#queries = new Int32Array(rows);
    this.#gradients = new Int32Array(rows);
    this.#useful = new Uint8Array(rows);
  }

  get rows(): number {
    return this.batch.classes.length;
  }

  classOf(row: number): number {
    return this.batch.classes[row] ?? 0;
  }

  /** The rows that have not fallen, and have budget left for so many runs. */
  standing(runs = 1): readonly number[] {
    const rows: number[] = [];
    for (let row = 0; row < this.rows; row++) if (this.#fell[row] === 0 && this.left(row) >= runs) rows.push(row);
    return rows;
  }

  hasFallen(row: number): boolean {
    return this.#fell[row] === 1;
  }

  /** Runs that a row has left. */
  left(row: number): number {
    const { budget } = this.options;
    if (budget === undefined) return Number.POSITIVE_INFINITY;
    return budget - 1 - (this.#queries[row] ?? 0) - (this.#gradients[row] ?? 0);
  }

  /** The scores of the rows as they are. Those that the model does not tell fall at once. */
  async begin(): Promise<readonly Float32Array[]> {
    const rows = Array.from({ length: this.rows }, (_, row) => row);
    const scores = await this.run(rows.map((row) => ({ row, point: this.ball.original(row) })));
    for (const row of rows) this.#wrong[row] = this.#fell[row] ?? 0;
    return scores;
  }

  /**
   * Runs points, and keeps those that are adversarial.
   * @param counts whether a point may be kept: all may, unless an attack goes outside of the ball on its way
   * @returns the scores of each
   */
  async run(
    trials: readonly Trial[],
    counts: (trial: Trial) => boolean = () => true,
  ): Promise<readonly Float32Array[]> {
    throwIfAborted(this.options.signal);
    if (trials.length === 0) return [];
    const all = await this.target.forward(joinedPoints(trials, this.target.width));
    return trials.map((trial, at) => {
      this.#queries[trial.row] = (this.#queries[trial.row] ?? 0) + 1;
      const scores = this.#scoresOf(all, at);
      if (counts(trial)) this.#judge(trial, scores);
      return scores;
    });
  }

  /** Runs points with gradients, and keeps those that are adversarial. */
  async differentiate(
    trials: readonly Trial[],
    loss: AttackLoss,
    aimOf?: (row: number) => number,
    counts: (trial: Trial) => boolean = () => true,
  ): Promise<readonly RowGradient[]> {
    throwIfAborted(this.options.signal);
    if (trials.length === 0) return [];
    const { width } = this.target;
    const answer = await this.target.gradient({
      inputs: joinedPoints(trials, width),
      loss,
      classes: Int32Array.from(trials, ({ row }) => this.classOf(row)),
      ...(aimOf === undefined ? {} : { aims: Int32Array.from(trials, ({ row }) => aimOf(row)) }),
    });
    this.#blocked = answer.blocked ?? this.#blocked;
    return trials.map((trial, at) => {
      const { row } = trial;
      this.#gradients[row] = (this.#gradients[row] ?? 0) + 1;
      const scores = this.#scoresOf(answer.scores, at);
      const gradient = answer.gradient.subarray(at * width, (at + 1) * width);
      if (gradient.length !== width) throw new AssayError('internal', 'the gradient does not have all rows');
      if (counts(trial)) this.#judge(trial, scores);
      // What no longer stands needs no direction.
      if (!this.hasFallen(row)) {
        this.#looked++;
        if (points(gradient)) this.#useful[row] = 1;
        else this.#vanished++;
      }
      return { loss: answer.loss[at] ?? Number.NaN, gradient, scores };
    });
  }

  /**
   * All steps of some points in a loop of the graph, where the target has one: the rows that fall are kept, and all points are moved.
   * @returns why the steps have to be taken one by one
   */
  async walk(
    trials: readonly Trial[],
    walk: Pick<WalkRequest, 'loss' | 'steps' | 'onSteps'>,
    size: number,
  ): Promise<string> {
    const { ball, target, options } = this;
    if (ball.norm !== 'linf') return 'the norm is not linf';
    if (options.budget !== undefined) return 'each row has a budget';
    if (target.walk === undefined) return 'the rows that the model is given are not those of the steps';
    throwIfAborted(options.signal);
    if (trials.length === 0) return '';
    const { width } = target;
    const ends = (end: 'low' | 'high') =>
      Float32Array.from({ length: trials.length * width }, (_, at) =>
        ball[end](trials[Math.floor(at / width)]?.row ?? 0, at % width),
      );
    const answer = await target.walk({
      ...walk,
      points: joinedPoints(trials, width),
      classes: Int32Array.from(trials, ({ row }) => this.classOf(row)),
      step: Float64Array.from({ length: width }, (_, at) => size * ball.scaleOf(at)),
      low: ends('low'),
      high: ends('high'),
    });
    if (typeof answer === 'string') return answer;
    this.#blocked = answer.blocked;
    for (const [at, { row, point }] of trials.entries()) {
      const [cost, lost] = [answer.gradients[at] ?? 0, answer.vanished[at] ?? 0];
      point.set(answer.points.subarray(at * width, (at + 1) * width));
      this.#gradients[row] = (this.#gradients[row] ?? 0) + cost;
      const looked = cost - (answer.fell[at] ?? 0);
      this.#looked += looked;
      this.#vanished += lost;
      if (looked > lost) this.#useful[row] = 1;
      if (answer.fell[at] !== 1) continue;
      this.#fell[row] = 1;
      this.#adversarial.set(point, row * width);
    }
    return '';
  }

  progress(step: number, steps: number): void {
    this.options.onProgress?.({ attack: this.#name, step, steps, standing: this.standing().length });
  }

  /** Runs the adversarial inputs once more, by themselves: a row fell where it falls again. */
  async finish(): Promise<AttackResult> {
    const { width } = this.target;
    let exhausted = 0;
    for (let row = 0; row < this.rows; row++) if (this.#fell[row] === 0 && this.left(row) < 1) exhausted++;
    const fallen = Array.from({ length: this.rows }, (_, row) => row).filter((row) => this.hasFallen(row));
    const trials = fallen.map((row) => ({ row, point: this.#adversarial.slice(row * width, (row + 1) * width) }));
    for (const row of fallen) this.#fell[row] = 0;
    await this.run(trials);
    const unconfirmed = fallen.filter((row) => !this.hasFallen(row));
    for (const row of unconfirmed) this.#adversarial.set(this.ball.original(row), row * width);
    return {
      attack: this.#name,
      adversarial: this.#adversarial,
      fell: this.#fell,
      wrong: this.#wrong,
      queries: this.#queries,
      gradients: this.#gradients,
      vanishedShare: this.#looked === 0 ? 0 : this.#vanished / this.#looked,
      blind: this.#useful.map((useful, row) =>
        this.#fell[row] === 0 && (this.#gradients[row] ?? 0) > 0 && useful === 0 ? 1 : 0,
      ),
      blocked: this.#blocked,
      unconfirmed: unconfirmed.length,
      exhausted,
    };
  }

  marginOf(row: number, scores: Float32Array): number {
    return marginOf(scores, this.classOf(row));
  }

  #scoresOf(all: Float32Array, at: number): Float32Array {
    const { classes } = this.target;
    const scores = all.subarray(at * classes, (at + 1) * classes);
    if (scores.length !== classes) throw new AssayError('internal', 'the model did not give the scores of all rows');
    return scores;
  }

  #judge({ row, point }: Trial, scores: Float32Array): void {
    if (this.hasFallen(row) || predicted(scores) === this.classOf(row)) return;
    this.#fell[row] = 1;
    this.#adversarial.set(point, row * this.target.width);
  }
}
