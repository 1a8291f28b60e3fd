/** Characters of words, numbers and sentences. Programs are not written without brackets, equal signs, or marks of a shell. */
const PROSE = /^[\p{L}\p{M}\p{N}\p{Zs}\s.,:'"!?_\-%/\u2018-\u201f\u2010-\u2015\u2026\u2581\u0120]*$/u;

/** Whether a text is made of words and numbers alone, whatever its name. */
export function isProse(text: string): boolean {
  return PROSE.test(text);
}
