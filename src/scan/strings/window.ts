/** Characters before and after a hit that a detector can look at. */
export const BEHIND = 4 * 1024;
export const AHEAD = 32 * 1024;

/** A part of a target as text: one character a byte, the one at 0 of `bytes` at `start` of the target. */
export interface SearchWindow {
  readonly bytes: Buffer;
  /** The format of the target, and the last part of its path. */
  readonly kind: string;
  readonly name: string;
  /** Whether the target is text to its end, as its format says. */
  readonly isText: boolean;
}

/** The characters from `from` to `to`, as far as there are any. */
export function textBetween({ bytes }: SearchWindow, from: number, to: number): string {
  return bytes.toString('latin1', Math.max(0, from), Math.min(bytes.length, to));
}

/** Whether a word begins at a place: after a character that is not part of a word, or after an escaped end of a line. */
export function beginsWord({ bytes }: SearchWindow, at: number): boolean {
  const before = bytes[at - 1];
  if (at === 0 || !isTokenByte(before)) return true;
  return bytes[at - 2] === 0x5c && (before === 0x6e || before === 0x72 || before === 0x74);
}

/** ASCII letters, digits, `_` and `-`: what tokens consist of. */
export function isTokenByte(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    byte === 0x5f ||
    byte === 0x2d
  );
}
