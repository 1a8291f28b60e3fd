import { marginOf, predicted } from '../attacks/index.ts';
import { chosenRows, rowCount, type TokenBatch, type TokenTarget } from './target.ts';

export interface FlipOptions {
  /** Tokens of a row that are replaced at most. */
  readonly flips: number;
  /** Replacements of a row that are tried at each flip, the best by the gradient. */
  readonly candidates: number;
  /** Called before each flip. */
  readonly onFlip: (flip: number, standing: number) => void;
}

export interface FlipResult {
  /** Tokens that were replaced when a row fell: 0 for one that was not told before, infinite for one that stands. */
  readonly flips: readonly number[];
  /** The rows as they fell, or as they stand in the end. */
  readonly ids: Int32Array;
  /** Runs of the model for all rows, with or without a gradient. */
  readonly runs: number;
  /** Rows that stand, and whose gradient never named a token: that they stand says nothing. */
  readonly blind: number;
}

/**
 * Replaces the tokens of rows one at a time, each by the one of some candidates that raises the score of another class most (Ebrahimi et al. 2018,
 * HotFlip). The candidates are those that the gradient by the vectors of the tokens names; the model itself decides between them. A place is replaced
 * once, and special tokens stay.
 */
export async function hotFlip(
  target: TokenTarget,
  rows: TokenBatch,
  classes: readonly number[],
  { flips, candidates, onFlip }: FlipOptions,
): Promise<FlipResult> {
  const { length } = rows;
  const ids = rows.ids.slice();
  const first = await target.forward(rows);
  let runs = first.length;
  const fell = first.map((scores, row) => (predicted(scores) === classes[row] ? Number.POSITIVE_INFINITY : 0));
  const replaced = new Set<number>();
  const seen = new Set<number>();
  for (let flip = 1; flip <= flips; flip++) {
    const standing = fell.flatMap((one, row) => (one === Number.POSITIVE_INFINITY ? [row] : []));
    if (standing.length === 0) break;
    onFlip(flip, standing.length);
    const left = chosenRows({ ...rows, ids }, standing);
    const found = await target.flips(
      left,
      standing.map((row) => classes[row] ?? 0),
      candidates,
      (at, place) => !replaced.has((standing[at] ?? 0) * length + place),
    );
    runs += standing.length;
    const trials = found.flatMap((one, at) =>
      one.candidates.map((candidate) => ({ row: standing[at] ?? 0, candidate })),
    );
    const tried = chosenRows(
      { ...rows, ids },
      trials.map(({ row }) => row),
    );
    for (const [at, { candidate }] of trials.entries()) tried.ids[at * length + candidate.place] = candidate.token;
    const scores = trials.length === 0 ? [] : await target.forward(tried);
    runs += rowCount(tried);
    const best = new Map<number, number>();
    const margin = (at: number) => marginOf(scores[at] ?? new Float32Array(), classes[trials[at]?.row ?? 0] ?? 0);
    for (const [at, { row }] of trials.entries()) {
      const before = best.get(row);
      if (before === undefined || margin(at) < margin(before)) best.set(row, at);
    }
    for (const [row, at] of best) {
      const candidate = trials[at]?.candidate;
      if (candidate === undefined) continue;
      if (candidate.gain !== 0) seen.add(row);
      ids[row * length + candidate.place] = candidate.token;
      replaced.add(row * length + candidate.place);
      if (predicted(scores[at] ?? new Float32Array()) !== classes[row]) fell[row] = flip;
    }
  }
  const blind = fell.filter((one, row) => one === Number.POSITIVE_INFINITY && !seen.has(row)).length;
  return { flips: fell, ids, runs, blind };
}
