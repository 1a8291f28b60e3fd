import { AssayError } from '../../core/index.ts';
import type { RunTensor } from '../../sandbox/index.ts';
import { type AttackRandom, marginOf, predicted } from '../attacks/index.ts';
import { chosenRows, rowCount, type TokenBatch, type TokenTarget } from './target.ts';

export interface TriggerSearchOptions {
  /** Where in each text: tokens before it, such as [CLS]. */
  readonly at: number;
  /** Tokens of the trigger. */
  readonly length: number;
  /** Tokens that a search starts with, and may put in. */
  readonly tokens: readonly number[];
  /** Replacements that are tried at each place and step. */
  readonly candidates: number;
  readonly steps: number;
  /** Searches, each from other random tokens. */
  readonly starts: number;
  /** Rows of a step. */
  readonly batch: number;
  readonly random: AttackRandom;
  readonly onStep: (start: number, step: number) => void;
}

/** A trigger, and how many rows it drives. */
export interface TokenTrigger {
  readonly tokens: readonly number[];
  /** The share of the rows that it drives to the class. */
  readonly reached: number;
}

/**
 * Searches tokens that drive rows to a class when all rows have them at one place (Wallace et al. 2019, universal triggers): at each step, the gradient
 * over some rows names tokens for each place, and the model decides between them.
 * @param rows of other classes, with room for the trigger at `at`: see `withRoom`
 */
export async function searchTokenTrigger(
  target: TokenTarget,
  rows: TokenBatch,
  aim: number,
  options: TriggerSearchOptions,
): Promise<TokenTrigger> {
  const { starts, length, tokens, random } = options;
  let best: TokenTrigger = { tokens: [], reached: -1 };
  for (let start = 0; start < starts && best.reached < 1; start++) {
    const first = Array.from({ length }, () => tokens[random.below(tokens.length)] ?? 0);
    const found = await climb(target, rows, aim, first, start, options);
    const reached = await shareDriven(target, rows, aim, found, options.at);
    if (reached > best.reached) best = { tokens: found, reached };
  }
  return best;
}

async function climb(
  target: TokenTarget,
  rows: TokenBatch,
  aim: number,
  first: readonly number[],
  start: number,
  { at, length, candidates, steps, batch, random, onStep, tokens }: TriggerSearchOptions,
): Promise<readonly number[]> {
  const allowed = new Set(tokens);
  let trigger = first;
  const count = rowCount(rows);
  for (let step = 1; step <= steps; step++) {
    onStep(start + 1, step);
    const some = chosenRows(
      rows,
      Array.from({ length: Math.min(batch, count, target.runRows) }, () => random.below(count)),
    );
    const before = trigger;
    let height = await heightOf(target, some, aim, [trigger], at).then(([own = Number.NEGATIVE_INFINITY]) => own);
    const named = await target.trigger(withTrigger(some, trigger, at), aim, candidates, { at, length }, allowed);
    for (const [place, list] of named.entries()) {
      const tried = list
        .filter(({ token }) => token !== trigger[place])
        .map(({ token }) => trigger.map((own, index) => (index === place ? token : own)));
      const heights = await heightOf(target, some, aim, tried, at);
      for (const [index, own] of heights.entries()) {
        const better = tried[index];
        if (own > height && better !== undefined) [height, trigger] = [own, better];
      }
    }
    if (trigger === before) break;
  }
  return trigger;
}

/** How far each trigger lifts the class above the others, as a mean over the rows. */
async function heightOf(
  target: TokenTarget,
  rows: TokenBatch,
  aim: number,
  triggers: readonly (readonly number[])[],
  at: number,
): Promise<readonly number[]> {
  const heights: number[] = [];
  for (const trigger of triggers) {
    const scores = await target.forward(withTrigger(rows, trigger, at));
    // What is sure already counts no more: the rows that are not driven decide.
    const sum = scores.reduce((total, own) => total + Math.min(1, marginOf(own, aim)), 0);
    heights.push(sum / Math.max(1, scores.length));
  }
  return heights;
}

/** The share of rows that a trigger drives to a class. */
export async function shareDriven(
  target: TokenTarget,
  rows: TokenBatch,
  aim: number,
  trigger: readonly number[],
  at: number,
): Promise<number> {
  const scores = await target.forward(withTrigger(rows, trigger, at));
  return scores.filter((own) => predicted(own) === aim).length / Math.max(1, scores.length);
}

/**
 * Rows with places for a trigger, which other inputs of the same length have as well, with the number before it.
 * @param fixed the length that the model takes, where it takes no other: then as many tokens are cut off at the end
 * @throws AssayError `usage` for a place that the rows do not have
 */
export function withRoom({ ids, length, others }: TokenBatch, at: number, room: number, fixed?: number): TokenBatch {
  if (at < 0 || at > length || (fixed !== undefined && at + room > fixed))
    throw new AssayError('usage', `the place ${at} of a trigger is not within rows of ${length} tokens`);
  const long = fixed ?? length + room;
  const from = (place: number) => (place < at ? place : place < at + room ? Math.max(0, at - 1) : place - room);
  const rows = ids.length / length;
  const index = (to: number) => Math.floor(to / long) * length + from(to % long);
  const grown = <T>(value: (at: number) => T) => Array.from({ length: rows * long }, (_, to) => value(index(to)));
  const widened = (tensor: RunTensor): RunTensor => {
    if (tensor.dims.length !== 2 || tensor.dims[1] !== length) return tensor;
    const dims = [rows, long];
    if (tensor.type === 'int64')
      return { ...tensor, dims, data: BigInt64Array.from(grown((own) => tensor.data[own] ?? 0n)) };
    if (tensor.type === 'int32')
      return { ...tensor, dims, data: Int32Array.from(grown((own) => tensor.data[own] ?? 0)) };
    if (tensor.type === 'float32')
      return { ...tensor, dims, data: Float32Array.from(grown((own) => tensor.data[own] ?? 0)) };
    throw new AssayError('unsupported', `an input of ${tensor.type} beside the tokens is not one that is attacked`);
  };
  return {
    ids: Int32Array.from(grown((own) => ids[own] ?? 0)),
    length: long,
    others: new Map([...others].map(([name, tensor]) => [name, widened(tensor)])),
  };
}

function withTrigger(rows: TokenBatch, trigger: readonly number[], at: number): TokenBatch {
  const ids = rows.ids.slice();
  for (let from = at; from < ids.length; from += rows.length) ids.set(trigger, from);
  return { ...rows, ids };
}
