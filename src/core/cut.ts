/** Characters of one string that is kept for reports and seen by rules (CWE-770: a name in a pickle may hold gigabytes). */
export const MAX_KEPT = 4096;

/** Cuts at `max` UTF-16 units, never through a pair, and states how many are missing. */
export function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  const end = isHighSurrogate(text.charCodeAt(max - 1)) ? max - 1 : max;
  return `${text.slice(0, end)}… (+${text.length - end} more)`;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

/** A name in a message. */
export function quotedName(name: string): string {
  const text = JSON.stringify(name);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}
