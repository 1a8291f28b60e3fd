/** What a terminal, a log or a header may take for more than text: controls, line ends, marks of direction, halves of characters. */
const STRANGE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Text of an object as part of a sentence: one line, at most `max` UTF-16 units. */
export function plain(text: string, max: number): string {
  return bounded(text.slice(0, max + 1).replace(STRANGE, '?'), max);
}

/** At most `max` UTF-16 units, with a mark where something is missing; never half of a character. */
export function bounded(text: string, max: number): string {
  if (text.length <= max) return text;
  const last = text.charCodeAt(max - 2);
  return `${text.slice(0, last >= 0xd800 && last <= 0xdbff ? max - 2 : max - 1)}…`;
}

/** A word of a command that can be copied into a shell. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
