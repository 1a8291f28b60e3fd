import { AssayError } from '../../core/index.ts';
import type { Generated } from './generate.ts';

/** What a model said when it was recorded. */
export interface RecordedText {
  readonly tokens: readonly number[];
  /** Those that each token was chosen from, as far as they were recorded. */
  readonly logits?: readonly ArrayLike<number>[];
}

export interface RecordingTolerance {
  readonly absolute: number;
  readonly relative: number;
}

export interface TextComparison {
  /** The first new token that is another one; `null` when all are the same. */
  readonly firstDifference: number | null;
  /**
   * Whether the tolerance allows the first difference: in the recording, the logits of the two tokens differ by no more than the tolerance.
   * What follows is not compared then.
   */
  readonly undecided: boolean;
  /** Logits that were compared, those out of tolerance, and how far they are apart at most. */
  readonly compared: number;
  readonly different: number;
  readonly maxAbsolute: number;
  readonly pass: boolean;
}

export interface RecordingComparison {
  readonly texts: readonly TextComparison[];
  /** Texts with a difference that no tolerance allows. */
  readonly different: number;
  readonly undecided: number;
  readonly pass: boolean;
}

/**
 * Compares greedy texts with a recording: the same tokens, and logits within a tolerance as long as they are of the same text.
 * @throws AssayError `usage` for another number of texts, or a recording of other logits than tokens; none at all
 */
export function compareWithRecording(
  recorded: readonly RecordedText[],
  actual: readonly Generated[],
  tolerance: RecordingTolerance,
): RecordingComparison {
  if (recorded.length === 0) throw new AssayError('usage', 'the recording has no texts', { hint: 'record it again' });
  if (recorded.length !== actual.length)
    throw new AssayError('usage', `the recording has ${recorded.length} texts, and ${actual.length} were generated`, {
      hint: 'record it again with the same prompts',
    });
  const texts = recorded.map((one, i) => {
    const own = actual[i];
    if (own === undefined) throw new AssayError('internal', 'a text is missing');
    return compareText(one, own, tolerance);
  });
  const different = texts.filter(({ pass }) => !pass).length;
  return { texts, different, undecided: texts.filter((text) => text.undecided).length, pass: different === 0 };
}

function compareText(recorded: RecordedText, actual: Generated, tolerance: RecordingTolerance): TextComparison {
  const { logits } = recorded;
  if (logits !== undefined && logits.length !== recorded.tokens.length)
    throw new AssayError('usage', `the recording has logits of ${logits.length} of ${recorded.tokens.length} tokens`, {
      hint: 'record it again',
    });
  const length = Math.max(recorded.tokens.length, actual.tokens.length);
  const first = Array.from({ length }, (_, i) => i).find((i) => recorded.tokens[i] !== actual.tokens[i]);
  // The logits of the first other token were made from the same text, too.
  const steps = Math.min(first === undefined ? length : first + 1, recorded.tokens.length, actual.tokens.length);
  let [compared, different, maxAbsolute] = [0, 0, 0];
  for (let step = 0; step < steps && logits !== undefined; step++) {
    const [wanted, own] = [logits[step], actual.logits[step]];
    if (wanted === undefined || own === undefined || wanted.length !== own.length) {
      different += Math.max(wanted?.length ?? 0, own?.length ?? 0);
      continue;
    }
    for (let i = 0; i < wanted.length; i++) {
      const [value, expected] = [own[i] ?? Number.NaN, wanted[i] ?? Number.NaN];
      compared++;
      if (value === expected) continue;
      const off = Math.abs(value - expected);
      // What is not a number is not within any tolerance.
      if (!(off <= tolerance.absolute + tolerance.relative * Math.abs(expected))) different++;
      if (!(off <= maxAbsolute)) maxAbsolute = off;
    }
  }
  const undecided = first !== undefined && isUndecided(recorded, actual, first, tolerance);
  const pass = different === 0 && (first === undefined || undecided);
  return { firstDifference: first ?? null, undecided, compared, different, maxAbsolute, pass };
}

function isUndecided(
  { tokens, logits }: RecordedText,
  actual: Generated,
  at: number,
  { absolute, relative }: RecordingTolerance,
): boolean {
  const [wanted, own, step] = [tokens[at], actual.tokens[at], logits?.[at]];
  if (wanted === undefined || own === undefined || step === undefined) return false;
  const [best, other] = [step[wanted], step[own]];
  if (best === undefined || other === undefined) return false;
  // Each of the two may be off by as much as is allowed.
  return best - other <= 2 * absolute + relative * (Math.abs(best) + Math.abs(other));
}
