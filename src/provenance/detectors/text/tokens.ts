/** UTF-16 units of a token that count: what is longer is told apart by its start alone. */
export const MAX_TOKEN = 64;

/** Between words: it makes no token. */
const SPACE = 0;
/** Letters, marks, digits and `_`, which make one token together. */
const WORD = 1;
/** Punctuation and mathematical signs, which make one token together. */
const SIGN = 2;
/** A token each: what nobody sees, pictures, odd spaces, and signs without a meaning of their own. */
const SINGLE = 3;
/** Letters of scripts that put no spaces between words: each two that follow each other make a token. */
const UNSPACED = 4;
/** Halves of code points beyond U+FFFF, which are looked at together. */
const HALF = 5;

const UNSPACED_SCRIPTS =
  /^[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}\p{sc=Tibetan}]$/u;

let table: Uint8Array | undefined;

/** The class of each UTF-16 unit. */
function classes(): Uint8Array {
  table ??= Uint8Array.from({ length: 0x10000 }, (_, unit) => {
    if (unit >= 0xd800 && unit <= 0xdfff) return HALF;
    return classOf(String.fromCharCode(unit));
  });
  return table;
}

function classOf(character: string): number {
  if (/^[ \t\n\v\f\r]$/.test(character)) return SPACE;
  if (UNSPACED_SCRIPTS.test(character)) return UNSPACED;
  // Some of these are marks or letters, and nobody sees them.
  if (/^(?:\p{Variation_Selector}|\p{Default_Ignorable_Code_Point})$/u.test(character)) return SINGLE;
  if (/^[\p{L}\p{M}\p{N}_]$/u.test(character)) return WORD;
  if (/^[\p{P}\p{Sm}\p{Sc}\p{Sk}]$/u.test(character)) return SIGN;
  return SINGLE;
}

/**
 * The tokens of a text, in their order: words, runs of punctuation, single invisible characters and pictures, and
 * pairs of letters in scripts without spaces. Characters are not normalised: a letter of another script makes another token.
 * @param lower a text in lower case
 * @param take gets the text, and where a token is in it; a token has at most `MAX_TOKEN` units
 */
export function eachToken(lower: string, take: (lower: string, from: number, to: number) => void): void {
  const known = classes();
  const length = lower.length;
  for (let at = 0; at < length; ) {
    let kind = known[lower.charCodeAt(at)] ?? SPACE;
    let next = at + 1;
    if (kind === HALF) {
      const whole = lower.codePointAt(at) ?? 0;
      if (whole > 0xffff) next++;
      kind = whole > 0xffff ? classOf(String.fromCodePoint(whole)) : SINGLE;
    }
    if (kind === WORD || kind === SIGN) {
      while (next < length && known[lower.charCodeAt(next)] === kind) next++;
      take(lower, at, Math.min(next, at + MAX_TOKEN));
    } else if (kind === SINGLE) take(lower, at, next);
    else if (kind === UNSPACED) {
      const paired = next < length && known[lower.charCodeAt(next)] === UNSPACED;
      take(lower, at, paired ? next + 1 : next);
    }
    at = next;
  }
}

/** A token as a person can read it: what nobody sees is written as its code point. */
export function shownToken(token: string): string {
  return token.replace(/[^\p{L}\p{N}\p{P}\p{S}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  });
}
