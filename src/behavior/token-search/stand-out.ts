import type { TokenBatch, TokenTarget } from './target.ts';
import { searchTokenTrigger, type TokenTrigger, type TriggerSearchOptions } from './trigger.ts';

/** The best trigger of a class, beside others of tokens that are as frequent. */
export interface StandingOut {
  readonly aim: number;
  /** The triggers that the same search finds one after another, each without the tokens of those before it. */
  readonly rounds: readonly TokenTrigger[];
  /** How much more of the rows the first drives than the last. */
  readonly excess: number;
}

/** A planted trigger may be of several tokens of which each does: the first rounds find all of them. */
const ROUNDS = 3;
/** Fewer tokens have no best ones that say what is usual. */
export const FEWEST_TOKENS = 20;

/**
 * How far the best trigger of a class stands out among tokens of equal frequency. What a model learned of rare tokens by chance, it learned of many;
 * what was planted, of few.
 * @param rows of other classes, with room for the trigger
 */
export async function standingOut(
  target: TokenTarget,
  rows: TokenBatch,
  aim: number,
  options: TriggerSearchOptions,
): Promise<StandingOut> {
  const rounds: TokenTrigger[] = [];
  let left = options.tokens;
  for (let round = 0; round < ROUNDS; round++) {
    const found = await searchTokenTrigger(target, rows, aim, { ...options, tokens: left });
    rounds.push(found);
    left = left.filter((token) => !found.tokens.includes(token));
  }
  return { aim, rounds, excess: (rounds[0]?.reached ?? 0) - (rounds.at(-1)?.reached ?? 0) };
}

/** The tokens that no more than a share of the rows have. */
export function rareTokens({ ids, length }: TokenBatch, tokens: readonly number[], share: number): readonly number[] {
  const counts = new Map<number, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  const most = (share * ids.length) / length;
  return tokens.filter((token) => (counts.get(token) ?? 0) <= most);
}
