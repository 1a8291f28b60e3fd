import { AssayError } from '../../core/index.ts';
import type {
  AttackBatch,
  AttackOptions,
  AttackResult,
  AttackTarget,
  GradientAnswer,
  GradientRequest,
} from './target.ts';

/** What some columns of a table may hold. */
export interface FeatureRules {
  readonly columns: readonly number[];
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  /** How far from the row, in place of eps; of L-inf alone. */
  readonly reach?: number | undefined;
  readonly integer?: boolean | undefined;
  /** One of them is 1, the others 0. */
  readonly oneHot?: boolean | undefined;
  /** They stay as they are. */
  readonly immutable?: boolean | undefined;
}

/**
 * A table whose columns hold whole numbers, categories, or what nobody can change. An attack walks through real numbers, and the model is given
 * the nearest row that may be: what falls is a row that could be written.
 */
export class FeatureSpace {
  readonly lower: Float32Array;
  readonly upper: Float32Array;
  readonly scale: Float32Array;
  readonly #integers: readonly number[];
  readonly #groups: readonly (readonly number[])[];
  readonly #width: number;

  /** @throws AssayError `usage` for rules that do not fit the columns, and rows that break them */
  constructor(
    { inputs }: AttackBatch,
    width: number,
    rules: readonly FeatureRules[],
    {
      eps,
      norm,
      lower,
      upper,
    }: Pick<AttackOptions, 'eps' | 'norm'> & { readonly lower: number; readonly upper: number },
  ) {
    this.#width = width;
    this.lower = new Float32Array(width).fill(lower);
    this.upper = new Float32Array(width).fill(upper);
    this.scale = new Float32Array(width).fill(1);
    const named = new Set<number>();
    for (const rule of rules) {
      for (const column of rule.columns) {
        if (column >= width) throw wrong(`column ${column} does not exist: the columns are 0 to ${width - 1}`);
        if (named.has(column)) throw wrong(`the column ${column} has two rules`);
        named.add(column);
        this.#apply(rule, column, eps, norm);
      }
      if (rule.oneHot === true && rule.columns.length < 2) throw wrong('one-hot columns are two or more');
    }
    this.#integers = rules.flatMap(({ integer, columns }) => (integer === true ? columns : []));
    this.#groups = rules.flatMap(({ oneHot, columns }) => (oneHot === true ? [columns] : []));
    this.#checkRows(inputs);
  }

  /** The row that may be, for each row of real numbers. */
  valid(inputs: Float32Array): Float32Array {
    const rows = inputs.slice();
    for (let from = 0; from < rows.length; from += this.#width) {
      for (const column of this.#integers) rows[from + column] = Math.round(rows[from + column] ?? 0);
      for (const group of this.#groups) {
        const highest = group.reduce((best, column) =>
          (rows[from + column] ?? 0) > (rows[from + best] ?? 0) ? column : best,
        );
        for (const column of group) rows[from + column] = column === highest ? 1 : 0;
      }
    }
    return rows;
  }

  /** The model on rows that may be. A gradient is that of these, as if what rounds them were not there. */
  target(model: AttackTarget): AttackTarget {
    return {
      width: model.width,
      classes: model.classes,
      forward: (inputs) => model.forward(this.valid(inputs)),
      gradient: (request: GradientRequest): Promise<GradientAnswer> =>
        model.gradient({ ...request, inputs: this.valid(request.inputs) }),
    };
  }

  /**
   * The rows that may be of what an attack found. For L2, one that is beyond eps did not fall: rounding goes further than the attack did.
   * Columns that are one-hot are not counted in a distance.
   */
  result<R extends AttackResult>(
    found: R,
    { inputs }: AttackBatch,
    { eps, norm }: Pick<AttackOptions, 'eps' | 'norm'>,
  ): R {
    const adversarial = this.valid(found.adversarial);
    if (norm === 'linf') return { ...found, adversarial };
    const uncounted = new Set(this.#groups.flat());
    const fell = found.fell.map((own, row) => {
      const from = row * this.#width;
      let sum = 0;
      for (let at = 0; at < this.#width; at++)
        if (!uncounted.has(at)) sum += ((adversarial[from + at] ?? 0) - (inputs[from + at] ?? 0)) ** 2;
      return own === 1 && (found.wrong[row] === 1 || Math.sqrt(sum) <= eps) ? 1 : 0;
    });
    return { ...found, adversarial, fell };
  }

  #apply(
    { min, max, reach, integer, oneHot, immutable }: FeatureRules,
    column: number,
    eps: number,
    norm: AttackOptions['norm'],
  ): void {
    if (immutable === true && (reach !== undefined || oneHot === true))
      throw wrong(`the column ${column} is immutable, and may not have a reach or be one-hot`);
    if (oneHot === true && (integer === true || min !== undefined || max !== undefined || reach !== undefined))
      throw wrong(`the column ${column} is one-hot, and takes no other rule`);
    if (reach !== undefined && norm !== 'linf') throw wrong('a reach is for the norm linf');
    if (reach !== undefined && eps === 0) throw wrong('a reach needs an eps above 0');
    const [low, high] = oneHot === true ? [0, 1] : [min ?? this.lower[column] ?? 0, max ?? this.upper[column] ?? 0];
    this.lower[column] = integer === true ? Math.ceil(low) : low;
    this.upper[column] = integer === true ? Math.floor(high) : high;
    if (immutable === true) this.scale[column] = 0;
    else if (norm === 'linf' && eps > 0) {
      const far = oneHot === true ? 1 : (reach ?? eps);
      // Whole numbers stay within a whole distance.
      this.scale[column] = (integer === true ? Math.floor(far) : far) / eps;
    }
  }

  #checkRows(inputs: Float32Array): void {
    for (let from = 0; from < inputs.length; from += this.#width) {
      const row = from / this.#width;
      const fraction = this.#integers.find((column) => !Number.isInteger(inputs[from + column]));
      if (fraction !== undefined)
        throw wrong(`row ${row} has ${inputs[from + fraction]} in the integer column ${fraction}`);
      for (const group of this.#groups) {
        const values = group.map((column) => inputs[from + column]);
        const isOne =
          values.filter((value) => value === 1).length === 1 && values.every((value) => value === 0 || value === 1);
        if (!isOne) throw wrong(`row ${row} does not have one 1 in the one-hot columns ${group.join(', ')}`);
      }
    }
  }
}

function wrong(message: string): AssayError {
  return new AssayError('usage', message, { hint: 'correct `features` in the suite' });
}
