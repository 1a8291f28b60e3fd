import { ExpressionError } from './expression-error.ts';
import type { Token } from './tokens.ts';

const OPENING = /(?:[rR]?[bB]|[bB][rR]|[rR])?(?:"""|'''|"|')/y;
const SIMPLE: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '?': '?',
  '"': '"',
  "'": "'",
  '`': '`',
};
const NUMERIC = /(?:[xX]([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([0-3][0-7]{2}))/y;

export function startsString(text: string, at: number): boolean {
  OPENING.lastIndex = at;
  return OPENING.test(text);
}

/**
 * The string literal that starts at `at`: `"..."`, `'...'`, three of either for one that spans lines, `r` before for one
 * without escapes.
 * @throws ExpressionError when it does not end, for escapes that mean nothing, and for bytes.
 */
export function readString(text: string, at: number): Token {
  OPENING.lastIndex = at;
  const opening = OPENING.exec(text)?.[0] ?? '';
  const quote = opening.replace(/^[a-zA-Z]+/, '');
  const prefix = opening.slice(0, opening.length - quote.length).toLowerCase();
  if (prefix.includes('b')) throw new ExpressionError(at, 'policies have no bytes', 'leave the b before the quote out');
  const start = at + opening.length;
  let value = '';
  for (let i = start; i < text.length; ) {
    if (text.startsWith(quote, i)) {
      return { kind: 'string', at, value, text: text.slice(at, i + quote.length) };
    }
    const character = text[i] ?? '';
    if (quote.length === 1 && (character === '\n' || character === '\r')) break;
    if (character === '\\' && prefix === '') {
      const found = readEscape(text, i);
      value += found.value;
      i += found.length;
    } else {
      value += character;
      i++;
    }
  }
  throw new ExpressionError(at, 'a string does not end', `close it with ${quote}`);
}

function readEscape(text: string, at: number): { value: string; length: number } {
  const simple = SIMPLE[text[at + 1] ?? ''];
  if (simple !== undefined) return { value: simple, length: 2 };
  NUMERIC.lastIndex = at + 1;
  const match = NUMERIC.exec(text);
  if (match !== null) {
    const [whole, x, u, long, octal = ''] = match;
    const hex = x ?? u ?? long;
    const code = hex === undefined ? Number.parseInt(octal, 8) : Number.parseInt(hex, 16);
    const isCharacter = code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
    if (isCharacter) return { value: String.fromCodePoint(code), length: whole.length + 1 };
  }
  throw new ExpressionError(
    at,
    'an escape means nothing',
    'write \\\\ for a backslash, or r"..." for a string without escapes',
  );
}
