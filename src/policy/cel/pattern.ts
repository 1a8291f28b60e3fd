/** CWE-1333: RE2 takes time in proportion to the text and to the pattern with its repetitions written out. */
const MAX_WEIGHT = 1_000;
const MAX_COMPILED = 256;

export interface Matcher {
  test(text: string): boolean;
}

const compiled = new Map<string, Matcher>();

/**
 * A pattern ready for use; the library itself compiles it anew for each text.
 * @throws Error for what is no pattern of RE2, and for one that is too large.
 */
export function compilePattern(engine: { compile(pattern: string): Matcher }, pattern: string): Matcher {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  if (weightOf(pattern) > MAX_WEIGHT) {
    throw new Error(`the pattern is too large: its length times its repetitions is more than ${MAX_WEIGHT}`);
  }
  const made = engine.compile(pattern);
  if (compiled.size >= MAX_COMPILED) compiled.clear();
  compiled.set(pattern, made);
  return made;
}

/** Of the program that it becomes, near enough: the length times all counted repetitions. */
function weightOf(pattern: string): number {
  let product = 1;
  for (const [, least = '', most] of pattern.matchAll(/\{(\d+)(?:,(\d*))?\}/g)) {
    product *= Math.max(1, Number(most === undefined || most === '' ? least : most));
  }
  return pattern.length * product;
}
