import { ExpressionError } from './expression-error.ts';
import { readString, startsString } from './strings.ts';

export type Token =
  | { readonly kind: 'name' | 'symbol'; readonly at: number; readonly text: string }
  | { readonly kind: 'int'; readonly at: number; readonly value: bigint; readonly text: string }
  | { readonly kind: 'double'; readonly at: number; readonly value: number; readonly text: string }
  | { readonly kind: 'string'; readonly at: number; readonly value: string; readonly text: string }
  | { readonly kind: 'end'; readonly at: number; readonly text: string };

const SPACE = /(?:[\t\n\f\r ]|\/\/[^\n]*)*/y;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const DOUBLE = /(?:\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)/y;
const INT = /(?:0[xX][0-9A-Fa-f]+|\d+)/y;
const SYMBOL = /(?:&&|\|\||[<>=!]=|[-+*/%<>!?:.,()[\]{}])/y;

/** Single characters that people write where CEL has another sign. */
const INSTEAD: Readonly<Record<string, string>> = { '=': '==', '&': '&&', '|': '||' };

/**
 * The tokens of an expression; the last one is `end`.
 * @throws ExpressionError for what is no token, unsigned integers and bytes included: no field of the view has either.
 */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };
  for (;;) {
    at += take(SPACE)?.length ?? 0;
    if (at >= text.length) break;
    const token = startsString(text, at) ? readString(text, at) : readPlain(text, at, take);
    tokens.push(token);
    at += token.text.length;
  }
  return [...tokens, { kind: 'end', at: text.length, text: '' }];
}

function readPlain(text: string, at: number, take: (pattern: RegExp) => string | undefined): Token {
  const name = take(NAME);
  if (name !== undefined) return { kind: 'name', at, text: name };
  const double = take(DOUBLE);
  const int = double === undefined ? take(INT) : undefined;
  const number = double ?? int;
  if (number !== undefined) {
    if (/[\w]/.test(text[at + number.length] ?? '')) {
      throw new ExpressionError(at + number.length, 'a number goes on with a letter', 'write it without, or in quotes');
    }
    if (int !== undefined) return { kind: 'int', at, value: BigInt(int), text: int };
    return { kind: 'double', at, value: Number(number), text: number };
  }
  const symbol = take(SYMBOL);
  if (symbol !== undefined) return { kind: 'symbol', at, text: symbol };
  const [character = ''] = text.slice(at);
  const instead = INSTEAD[character];
  throw new ExpressionError(
    at,
    `${JSON.stringify(character)} means nothing here`,
    instead === undefined ? 'leave it out' : `write ${instead}`,
  );
}
