/** The verdict of one file. */
export type Verdict = 'clean' | 'not-assessed' | 'suspicious' | 'unknown' | 'malicious';

/** Least to most serious: `unknown` outranks `suspicious`. */
export const VERDICTS: readonly Verdict[] = ['clean', 'not-assessed', 'suspicious', 'unknown', 'malicious'];

export function worseVerdict(a: Verdict, b: Verdict): Verdict {
  return VERDICTS.indexOf(a) >= VERDICTS.indexOf(b) ? a : b;
}
