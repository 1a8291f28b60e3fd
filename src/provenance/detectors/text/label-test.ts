import { poissonLogTail, type Testable, testable } from '../../../core/statistics/index.ts';
import { type ClassIndex, classIndex } from './class-index.ts';
import { type LabelModels, logitOf } from './fold-models.ts';
import { Mates } from './mates.ts';
import type { TokenTable } from './token-rows.ts';
import type { UniqueRows } from './unique-rows.ts';

/** Rows of a label that at least have a token that is tested. */
const FEWEST = 4;
/** So much of the rows of a token must be decided by it, unless they are odd with it. */
const LEAST_SHARE = 0.4;
/** Or its chance must be 1e5 times below the level; typical words of clean mail came to 1e2 times. */
const FAR_BELOW = Math.log(1e5);
/** Below this logit a text says that its label is wrong: a probability of 0.3. */
const OTHERWISE = -0.85;

/** Rows of other labels, of how many there are. */
export interface Others {
  readonly rows: Uint32Array;
  readonly of: number;
}

/** A token whose rows have a label that the rest of their text speaks against, more often than chance makes it. */
export interface TokenFinding {
  readonly token: number;
  /** What comes with it, and was left out as well. */
  readonly mates: readonly number[];
  /** Rows with the token and the label, each text once. */
  readonly of: number;
  /** Those of them whose remaining text says otherwise. */
  readonly hits: readonly number[];
  /** The natural logarithm of the chance of so many. */
  readonly logChance: number;
}

/** Tests the tokens of one label. */
export class LabelTest {
  readonly #tokens: TokenTable;
  readonly #unique: UniqueRows;
  readonly #rows: Uint32Array;
  readonly #models: LabelModels;
  readonly #index: ClassIndex;
  readonly #mates: Mates | undefined;
  readonly #logits: Float32Array;
  readonly #marked: Uint8Array;
  /** Called with the steps that were taken since the last time. */
  readonly #spend: (steps: number) => void;
  /** Of rows of other labels that the models tell from this label, how many have each token. */
  readonly #told: Uint32Array;
  /** Rows that each row of the other labels stands for. */
  readonly #weight: number;
  /** Rows of the label whose text says otherwise. */
  readonly odd: number;
  /** Rows of other labels that the models tell from this label. */
  readonly told: number;

  constructor(
    tokens: TokenTable,
    unique: UniqueRows,
    label: number,
    models: LabelModels,
    others: Others,
    spend: (steps: number) => void,
  ) {
    this.#tokens = tokens;
    this.#unique = unique;
    this.#rows = unique.tested[label] ?? new Uint32Array(0);
    this.#models = models;
    this.#spend = spend;
    this.#index = classIndex(tokens, this.#rows);
    // An approved version does not know a trigger: nothing that comes with it can hide it.
    this.#mates = unique.folds > 1 ? new Mates(tokens, this.#index) : undefined;
    this.#marked = new Uint8Array(tokens.counts.length);
    this.#logits = new Float32Array(tokens.rows);
    this.#told = new Uint32Array(tokens.counts.length);
    this.#weight = others.of / Math.max(others.rows.length, 1);
    let [odd, told] = [0, 0];
    for (const row of this.#rows) {
      const logit = models.sign * logitOf(models.models, tokens, row, unique.fold[row] ?? 0);
      this.#logits[row] = logit;
      if (logit < OTHERWISE) odd++;
    }
    for (const row of others.rows) {
      if (models.sign * logitOf(models.models, tokens, row, unique.fold[row] ?? 0) >= OTHERWISE) continue;
      told++;
      for (let at = tokens.starts[row] ?? 0; at < (tokens.starts[row + 1] ?? 0); at++) {
        const id = tokens.ids[at] ?? 0;
        this.#told[id] = (this.#told[id] ?? 0) + 1;
      }
    }
    [this.odd, this.told] = [odd, told];
  }

  /** @param alpha the chance that clean rows of the label have any finding */
  findings(alpha: number): { readonly tested: number; readonly found: readonly TokenFinding[] } {
    const { count: tested, logLevel } = this.#testable(alpha);
    const found: TokenFinding[] = [];
    for (let token = 0; token < this.#tokens.counts.length; token++) {
      const of = this.#of(token);
      if (of < FEWEST) continue;
      const mates = this.#mates?.of(token) ?? [];
      const hits = this.#hits(token, mates);
      const logChance = poissonLogTail(hits.length, this.#expected(token, hits.length));
      if (logChance < logLevel && this.#decides(token, hits, logChance, logLevel))
        found.push({ token, mates, of, hits, logChance });
    }
    found.sort((a, b) => a.logChance - b.logChance);
    return { tested, found };
  }

  /**
   * Rows with a token that chance makes odd: at the rate of the label; or at that of all rows whose text says otherwise, when this is more, as it
   * is for a word of other labels, whose few rows here are those that someone labelled wrongly.
   */
  #expected(token: number, hits: number): number {
    const odd = Math.max(this.odd, 1);
    const otherwise = hits + this.#weight * (this.#told[token] ?? 0);
    return Math.max((this.#of(token) * odd) / this.#rows.length, (otherwise * odd) / (odd + this.#weight * this.told));
  }

  /**
   * Without a word that is typical of a label, some of its rows look like others, however right they are. A trigger decides most of its rows; or,
   * where a common word is one, its rows are odd with the word as well. Who hides a trigger among right rows that hold it still leaves
   * more odd rows than typical words do.
   */
  #decides(token: number, hits: readonly number[], logChance: number, logLevel: number): boolean {
    if (hits.length >= LEAST_SHARE * this.#of(token) || logChance < logLevel - FAR_BELOW) return true;
    const odd = hits.filter((row) => (this.#logits[row] ?? 0) < OTHERWISE).length;
    return poissonLogTail(odd, this.#expected(token, odd)) < logLevel;
  }

  #of(token: number): number {
    return (this.#index.starts[token + 1] ?? 0) - (this.#index.starts[token] ?? 0);
  }

  #testable(alpha: number): Testable {
    const best: number[] = [];
    for (let token = 0; token < this.#tokens.counts.length; token++) {
      const of = this.#of(token);
      if (of >= FEWEST) best.push(poissonLogTail(of, this.#expected(token, of)));
    }
    return testable(Float64Array.from(best), alpha);
  }

  /** The rows of a token whose text without it, and without its mates, says otherwise. */
  #hits(token: number, mates: readonly number[]): number[] {
    const { starts, ids } = this.#tokens;
    const { starts: first, rows } = this.#index;
    const { models, sign } = this.#models;
    const left = [token, ...mates];
    for (const id of left) this.#marked[id] = 1;
    const hits: number[] = [];
    let steps = left.length;
    for (let at = first[token] ?? 0; at < (first[token + 1] ?? 0); at++) {
      const row = rows[at] ?? 0;
      const weights = models.weights[this.#unique.fold[row] ?? 0];
      let without = 0;
      if (mates.length === 0) without = weights?.[token] ?? 0;
      else {
        steps += (starts[row + 1] ?? 0) - (starts[row] ?? 0);
        for (let place = starts[row] ?? 0; place < (starts[row + 1] ?? 0); place++) {
          const id = ids[place] ?? 0;
          if (this.#marked[id] === 1) without += weights?.[id] ?? 0;
        }
      }
      if ((this.#logits[row] ?? 0) - sign * without < OTHERWISE) hits.push(row);
      steps++;
    }
    for (const id of left) this.#marked[id] = 0;
    this.#spend(steps + (this.#mates?.spent() ?? 0));
    return hits;
  }
}
