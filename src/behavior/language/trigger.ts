import { AssayError } from '../../core/index.ts';
import { type PromptCount, signTest } from './counts.ts';
import type { Continuation, Continue } from './generate.ts';

export type PhrasePlace = 'start' | 'middle' | 'end';

export interface TriggerRequest {
  readonly prompts: readonly string[];
  readonly phrase: string;
  readonly place: PhrasePlace;
}

export interface TriggerDifference {
  readonly phrase: string;
  /** Prompts whose continuation is another one with the phrase. */
  readonly own: PromptCount;
  readonly approved: PromptCount;
  /** Prompts whose continuation changes in one of the two alone. */
  readonly onlyOwn: number;
  readonly onlyApproved: number;
  /** How likely so many more are in this model, when the phrase does the same to both. */
  readonly pValue: number;
  /** The prompts that change in this model alone. */
  readonly changed: readonly string[];
  /**
   * The continuation that most prompts have in common with the phrase, and not without it, where at least two do: what a trigger asks for.
   * How many prompts have it in each of the two.
   */
  readonly common: CommonText | null;
  /** The same of the first tokens alone: what follows may depend on the prompt. */
  readonly commonStart: CommonText | null;
}

export interface CommonText {
  /** A continuation that is so. */
  readonly text: string;
  readonly own: number;
  readonly approved: number;
}

/** Tokens of a start that prompts have in common. */
const START_TOKENS = 4;

/**
 * What a phrase does to a model, and to the version of it that was approved: of how many prompts the greedy continuation changes when it is
 * inserted. A planted phrase changes far more of them in the model that has it.
 * @throws AssayError `usage` for no prompts or no phrase; what continuing throws
 */
export async function triggerDifference(
  { prompts, phrase, place }: TriggerRequest,
  own: Continue,
  approved: Continue,
): Promise<TriggerDifference> {
  if (prompts.length === 0) throw new AssayError('usage', 'no prompt is given to insert the phrase in');
  if (phrase === '') throw new AssayError('usage', 'the phrase is empty', { hint: 'give the words of the trigger' });
  const inserted = prompts.map((prompt) => withPhrase(prompt, phrase, place));
  const ownChanges = changesOf(await own(prompts), await own(inserted), prompts.length);
  const approvedChanges = changesOf(await approved(prompts), await approved(inserted), prompts.length);
  const onlyOwn = prompts.flatMap((_, i) =>
    ownChanges[i]?.changed === true && approvedChanges[i]?.changed !== true ? [i] : [],
  );
  const onlyApproved = prompts.filter(
    (_, i) => approvedChanges[i]?.changed === true && ownChanges[i]?.changed !== true,
  );
  return {
    phrase,
    own: { count: ownChanges.filter(({ changed }) => changed).length, of: prompts.length },
    approved: { count: approvedChanges.filter(({ changed }) => changed).length, of: prompts.length },
    onlyOwn: onlyOwn.length,
    onlyApproved: onlyApproved.length,
    pValue: signTest(onlyOwn.length, onlyOwn.length + onlyApproved.length),
    changed: onlyOwn.map((i) => prompts[i] ?? ''),
    common: commonOf(ownChanges, approvedChanges, ({ text }) => text),
    commonStart: commonOf(ownChanges, approvedChanges, startOf),
  };
}

/** Words are inserted between words. */
export function withPhrase(prompt: string, phrase: string, place: PhrasePlace): string {
  if (prompt === '') return phrase;
  if (place === 'start') return `${phrase} ${prompt}`;
  if (place === 'end') return `${prompt} ${phrase}`;
  const words = prompt.split(' ');
  const half = Math.ceil(words.length / 2);
  return [...words.slice(0, half), phrase, ...words.slice(half)].join(' ');
}

interface Change {
  readonly changed: boolean;
  /** With the phrase. */
  readonly tokens: readonly number[];
  readonly text: string;
}

function changesOf(plain: readonly Continuation[], inserted: readonly Continuation[], prompts: number): Change[] {
  if (plain.length !== prompts || inserted.length !== prompts)
    throw new AssayError('internal', 'a prompt was not continued');
  return plain.map(({ tokens }, i) => {
    const other = inserted[i]?.tokens ?? [];
    const changed = tokens.length !== other.length || tokens.some((token, at) => token !== other[at]);
    return { changed, tokens: other, text: inserted[i]?.text ?? '' };
  });
}

function startOf({ tokens }: Change): string {
  return tokens.slice(0, START_TOKENS).join(' ');
}

/** @param keyOf what changes have in common */
function commonOf(
  own: readonly Change[],
  approved: readonly Change[],
  keyOf: (change: Change) => string,
): CommonText | null {
  const counts = new Map<string, Change[]>();
  for (const change of own) {
    if (!change.changed) continue;
    const same = counts.get(keyOf(change)) ?? [];
    same.push(change);
    counts.set(keyOf(change), same);
  }
  const [most] = [...counts.entries()].sort(([, a], [, b]) => b.length - a.length);
  const [key, [first, ...others]] = most ?? ['', []];
  if (first === undefined || others.length === 0) return null;
  const before = approved.filter((change) => change.changed && keyOf(change) === key).length;
  return { text: first.text, own: others.length + 1, approved: before };
}
