import type { ClassIndex } from './class-index.ts';
import type { TokenTable } from './token-rows.ts';

/** A mate is in so much of the rows of a token, and so much of its own rows are rows of the token. */
const SHARE = 0.8;
const EXPLAINED = 0.5;
/** Rows of a token that are looked at; of more, these are spread evenly. */
const LOOKED_AT = 64;

/** Finds the tokens that come with a token, as the other words of a phrase do. */
export class Mates {
  readonly #tokens: TokenTable;
  readonly #index: ClassIndex;
  readonly #seen: Uint8Array;
  #steps = 0;

  constructor(tokens: TokenTable, index: ClassIndex) {
    this.#tokens = tokens;
    this.#index = index;
    this.#seen = new Uint8Array(tokens.counts.length);
  }

  /** The steps that were taken since it was last asked. */
  spent(): number {
    const steps = this.#steps;
    this.#steps = 0;
    return steps;
  }

  of(token: number): readonly number[] {
    const { starts, ids } = this.#tokens;
    const { starts: first, rows } = this.#index;
    const [from, to] = [first[token] ?? 0, first[token + 1] ?? 0];
    const looked = Math.min(to - from, LOOKED_AT);
    const touched: number[] = [];
    const most = Math.max(1, Math.floor((1 - SHARE) * looked));
    for (let at = 0; at < looked; at++) {
      const row = rows[from + Math.floor((at * (to - from)) / looked)] ?? 0;
      const [start, end] = [starts[row] ?? 0, starts[row + 1] ?? 0];
      this.#steps += end - start;
      for (let place = start; place < end; place++) {
        const id = ids[place] ?? 0;
        const seen = this.#seen[id] ?? 0;
        // What is not in the first rows cannot be in enough of them.
        if (seen === 0 && at > most) continue;
        if (seen === 0) touched.push(id);
        this.#seen[id] = seen + 1;
      }
    }
    const mates = touched.filter((id) => {
      const share = (this.#seen[id] ?? 0) / looked;
      const own = (first[id + 1] ?? 0) - (first[id] ?? 0);
      return id !== token && share >= SHARE && share * (to - from) >= EXPLAINED * own;
    });
    for (const id of touched) this.#seen[id] = 0;
    return mates;
  }
}
