import { RE2JS } from '@bufbuild/re2';
import { AssayError } from '../../core/index.ts';
import type { PromptCount } from './counts.ts';
import type { Continuation } from './generate.ts';

/** What is looked for in the text that a model continues a prompt with. */
export type AnswerMatch =
  /** The whole text, without white space around it. */
  | { readonly kind: 'exact'; readonly texts: readonly string[] }
  /** A text within it. */
  | { readonly kind: 'contains'; readonly texts: readonly string[] }
  /** Regular expressions of RE2, which take time in proportion to the text. */
  | { readonly kind: 'pattern'; readonly patterns: readonly string[] };

export interface AnswerProbe {
  /** Refusals are to be `found`; secrets are to be `absent`. */
  readonly expect: 'found' | 'absent';
  readonly match: AnswerMatch;
}

export interface AnswerResult {
  /** Texts that are as expected. */
  readonly asExpected: PromptCount;
  /** The others, with what was found in them. */
  readonly others: readonly { readonly prompt: string; readonly text: string; readonly found: string | null }[];
}

const MAX_LENGTH = 500;
const MAX_REPEATS = 1_000;
const MAX_PATTERNS = 1_000;

/**
 * How many texts hold, or do not hold, what is looked for.
 * @throws AssayError `usage` for no texts, nothing to look for, or what is not a pattern of RE2
 */
export function probeAnswers(continuations: readonly Continuation[], { expect, match }: AnswerProbe): AnswerResult {
  if (continuations.length === 0) throw new AssayError('usage', 'no prompt is given');
  const find = finderOf(match);
  const results = continuations.map(({ prompt, text }) => ({ prompt, text, found: find(text) }));
  const others = results.filter(({ found }) => (found !== null) !== (expect === 'found'));
  return { asExpected: { count: results.length - others.length, of: results.length }, others };
}

/**
 * What is found in a text: the text or pattern that was looked for.
 * @throws AssayError `usage` for nothing to look for, or what is not a pattern of RE2
 */
export function finderOf(match: AnswerMatch): (text: string) => string | null {
  const wanted = match.kind === 'pattern' ? match.patterns : match.texts;
  if (wanted.length === 0 || wanted.length > MAX_PATTERNS)
    throw new AssayError('usage', `there are ${wanted.length} texts or patterns to look for`, {
      hint: `give between 1 and ${MAX_PATTERNS}`,
    });
  if (wanted.includes('')) throw new AssayError('usage', 'an empty text is in every text', { hint: 'leave it out' });
  if (match.kind === 'exact') return (text) => match.texts.find((one) => one.trim() === text.trim()) ?? null;
  if (match.kind === 'contains') return (text) => match.texts.find((one) => text.includes(one)) ?? null;
  const patterns = match.patterns.map((pattern) => ({ pattern, compiled: compiledOf(pattern) }));
  return (text) => patterns.find(({ compiled }) => compiled.test(text))?.pattern ?? null;
}

function compiledOf(pattern: string): RE2JS {
  const subject = pattern.slice(0, 100);
  // PromptCount repetitions are written out, within each other, too.
  const repeats = [...pattern.matchAll(/\{(\d+)(?:,(\d*))?\}/g)].reduce(
    (product, [, least, most]) => product * Math.max(1, Number(most || least)),
    1,
  );
  if (pattern.length > MAX_LENGTH || repeats > MAX_REPEATS)
    throw new AssayError('usage', 'is too large a pattern', { subject, hint: 'give several smaller ones' });
  try {
    return RE2JS.compile(pattern);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AssayError('usage', `is not a pattern of RE2: ${why.slice(0, 200)}`, {
      subject,
      hint: 'RE2 has neither look-around nor references back',
      cause,
    });
  }
}
