import { apgd, targetedApgd } from './apgd.ts';
import { fab } from './fab.ts';
import { type SquareOptions, square } from './square.ts';
import type { AttackBatch, AttackOptions, AttackResult, AttackTarget } from './target.ts';

export interface AutoAttackOptions extends AttackOptions {
  /** Of each attack by gradient; 100 in the paper. */
  readonly steps: number;
  /** Of square; 5,000 in the paper. */
  readonly queries: number;
  readonly image?: SquareOptions['image'];
}

export interface AutoAttackResult extends AttackResult {
  /** How many rows each attack felled that stood before it, in their order. */
  readonly felled: readonly { readonly attack: string; readonly rows: number; readonly of: number }[];
}

/** Fewer classes have no targeted difference of logits ratio. */
const TARGETED_CLASSES = 4;
/** Runs without which no attack sees a row fall. */
const LEAST_BUDGET = 2;

/**
 * AutoAttack (Croce & Hein 2020): APGD by cross entropy, towards other classes, FAB and Square, each on the rows that stand before it. A row
 * falls when any of them fells it. With fewer than 4 classes, APGD by the margin stands in for the targeted one.
 */
export async function autoAttack(
  target: AttackTarget,
  batch: AttackBatch,
  options: AutoAttackOptions,
): Promise<AutoAttackResult> {
  const { steps, queries, image, ...shared } = options;
  const attacks: readonly ((some: AttackBatch, own: AttackOptions) => Promise<AttackResult>)[] = [
    (some, own) => apgd(target, some, { ...own, steps }),
    (some, own) =>
      target.classes < TARGETED_CLASSES
        ? apgd(target, some, { ...own, steps, loss: 'margin' })
        : targetedApgd(target, some, { ...own, steps }),
    (some, own) => fab(target, some, { ...own, steps }),
    (some, own) => square(target, some, { ...own, queries, ...(image === undefined ? {} : { image }) }),
  ];
  const whole = new Union(target, batch);
  for (const attack of attacks) {
    const rows = whole.standing();
    if (rows.length === 0) break;
    const left = (shared.budget ?? Number.POSITIVE_INFINITY) - whole.most(rows);
    if (left < LEAST_BUDGET) break;
    // A row meets the same numbers whichever rows stand beside it.
    const random = (row: number, start: number) => shared.random(rows[row] ?? 0, start);
    const own = { ...shared, random, ...(shared.budget === undefined ? {} : { budget: left }) };
    whole.add(rows, await attack(whole.some(rows), own));
  }
  return whole.result();
}

/** What several attacks found together. */
class Union {
  readonly #width: number;
  readonly #batch: AttackBatch;
  readonly #adversarial: Float32Array;
  readonly #fell: Uint8Array;
  readonly #wrong: Uint8Array;
  readonly #queries: Int32Array;
  readonly #gradients: Int32Array;
  readonly #blind: Uint8Array;
  readonly #results: AttackResult[] = [];
  readonly #felled: { readonly attack: string; readonly rows: number; readonly of: number }[] = [];

  constructor({ width }: AttackTarget, batch: AttackBatch) {
    const rows = batch.classes.length;
    this.#width = width;
    this.#batch = batch;
    this.#adversarial = batch.inputs.slice();
    this.#fell = new Uint8Array(rows);
    this.#wrong = new Uint8Array(rows);
    this.#queries = new Int32Array(rows);
    this.#gradients = new Int32Array(rows);
    this.#blind = new Uint8Array(rows).fill(1);
  }

  standing(): readonly number[] {
    return Array.from(this.#fell.keys()).filter((row) => this.#fell[row] === 0);
  }

  /** The most runs that one of the rows has cost. */
  most(rows: readonly number[]): number {
    return rows.reduce((most, row) => Math.max(most, (this.#queries[row] ?? 0) + (this.#gradients[row] ?? 0)), 0);
  }

  some(rows: readonly number[]): AttackBatch {
    const inputs = new Float32Array(rows.length * this.#width);
    for (const [at, row] of rows.entries())
      inputs.set(this.#batch.inputs.subarray(row * this.#width, (row + 1) * this.#width), at * this.#width);
    return { inputs, classes: Int32Array.from(rows, (row) => this.#batch.classes[row] ?? 0) };
  }

  add(rows: readonly number[], result: AttackResult): void {
    let fallen = 0;
    for (const [at, row] of rows.entries()) {
      const isWrong = result.wrong[at] === 1;
      this.#fell[row] = result.fell[at] ?? 0;
      // What was wrong before any change did not fall to an attack.
      if (result.fell[at] === 1 && !isWrong) fallen++;
      this.#wrong[row] = Math.max(this.#wrong[row] ?? 0, result.wrong[at] ?? 0);
      this.#queries[row] = (this.#queries[row] ?? 0) + (result.queries[at] ?? 0);
      this.#gradients[row] = (this.#gradients[row] ?? 0) + (result.gradients[at] ?? 0);
      // A row that one of the attacks saw is seen.
      if ((result.gradients[at] ?? 0) > 0 && result.blind[at] === 0) this.#blind[row] = 0;
      this.#adversarial.set(result.adversarial.subarray(at * this.#width, (at + 1) * this.#width), row * this.#width);
    }
    this.#results.push(result);
    this.#felled.push({ attack: result.attack, rows: fallen, of: rows.length });
  }

  result(): AutoAttackResult {
    const gradients = this.#results.filter((one) => one.gradients.some((count) => count > 0));
    return {
      attack: 'autoattack',
      adversarial: this.#adversarial,
      fell: this.#fell,
      wrong: this.#wrong,
      queries: this.#queries,
      gradients: this.#gradients,
      vanishedShare: gradients.reduce((most, one) => Math.max(most, one.vanishedShare), 0),
      blind: this.#blind.map((blind, row) => (this.#fell[row] === 0 ? blind : 0)),
      blocked: gradients[0]?.blocked ?? [],
      unconfirmed: this.#results.reduce((sum, one) => sum + one.unconfirmed, 0),
      exhausted: this.#results.reduce((sum, one) => sum + one.exhausted, 0),
      felled: this.#felled,
    };
  }
}
