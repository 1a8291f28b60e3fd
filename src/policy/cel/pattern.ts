/** CWE-1333: RE2 takes time in proportion to the text and to the pattern with its repetitions written out. */
export const MAX_WEIGHT = 1_000;
const MAX_LENGTH = 500;
const MAX_COMPILED = 256;

export interface Matcher {
  test(text: string): boolean;
}

const compiled = new Map<string, Matcher>();

/**
 * A pattern ready for use; the library itself compiles it again for each text.
 * @throws Error for what is not a pattern of RE2, and for one that is too large.
 */
export function compilePattern(engine: { compile(pattern: string): Matcher }, pattern: string): Matcher {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  if (pattern.length > MAX_LENGTH || weightOf(pattern) > MAX_WEIGHT) {
    throw new Error(`the pattern is too large: it has more than ${MAX_WEIGHT} parts, counting repetitions`);
  }
  const made = engine.compile(pattern);
  if (compiled.size >= MAX_COMPILED) compiled.clear();
  compiled.set(pattern, made);
  return made;
}

const PIECE = /\\[pP](?:\{[^}]*\}|.)|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{(\d+)(?:,(\d*))?\}|[\s\S]/gu;
/** Of a class by its Unicode property: it becomes many ranges. */
const PROPERTY_WEIGHT = 20;

/** Instructions that it becomes, near enough: counted repetitions are written out, within each other, too. */
export function weightOf(pattern: string): number {
  /** Weights of the groups that are open, and of the last piece of each. */
  const groups = [{ sum: 0, last: 0 }];
  for (const [piece, least, most] of pattern.matchAll(PIECE)) {
    const group = groups.at(-1) ?? { sum: 0, last: 0 };
    if (piece === '(') groups.push({ sum: 1, last: 0 });
    else if (piece === ')' && groups.length > 1) {
      groups.pop();
      const outer = groups.at(-1);
      if (outer !== undefined) Object.assign(outer, { sum: outer.sum + group.sum, last: group.sum });
    } else {
      const times = least === undefined ? 1 : Number(most || least);
      const weight = least === undefined ? (/^\\[pP]/.test(piece) ? PROPERTY_WEIGHT : 1) : group.last * (times - 1);
      Object.assign(group, { sum: group.sum + weight, last: least === undefined ? weight : group.last * times });
    }
  }
  return groups.reduce((sum, group) => sum + group.sum, 0);
}
