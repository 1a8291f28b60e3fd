import { AssayError } from '../../core/index.ts';
import { pythonText } from './python-text.ts';

export type JinjaToken =
  | { readonly kind: 'name'; readonly text: string; readonly at: number }
  | { readonly kind: 'text'; readonly text: string; readonly at: number }
  | { readonly kind: 'number'; readonly value: number; readonly at: number }
  | { readonly kind: 'operator'; readonly text: string; readonly at: number };

/** A part of a template: literal text, or the tokens between braces. */
export type Part =
  | { readonly kind: 'data'; readonly text: string; readonly at: number }
  | { readonly kind: 'print' | 'statement'; readonly tokens: readonly JinjaToken[]; readonly at: number };

const NUMBER =
  /(?:0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[0-9a-fA-F])+|\d(?:_?\d)*(?:\.\d(?:_?\d)*)?(?:[eE][+-]?\d(?:_?\d)*)?)/y;
const NAME = /[\p{ID_Start}_][\p{ID_Continue}]*/uy;
const OPERATOR = /\/\/|\*\*|==|!=|>=|<=|[-+/*%~[\](){}=<>.:|,;]/y;
const RAW = /\{%[-+]?\s{0,100}raw\s{0,100}[-+]?%\}/y;
const END_RAW = /\{%[-+]?\s{0,100}endraw\s{0,100}[-+]?%\}/g;

/**
 * Splits a template as Jinja2 does with its own delimiters (jinja2/lexer.py).
 * @throws AssayError `malformed`
 */
export function lexTemplate(text: string): Part[] {
  return new Lexer(text).parts();
}

class Lexer {
  readonly #text: string;
  readonly #parts: Part[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parts(): Part[] {
    while (this.#at < this.#text.length) {
      const start = this.#nextBrace();
      if (start > this.#at) this.#data(this.#at, start);
      this.#at = start;
      if (start < this.#text.length) this.#braced();
    }
    return this.#parts;
  }

  #data(from: number, to: number): void {
    this.#parts.push({ kind: 'data', text: this.#text.slice(from, to), at: from });
  }

  #nextBrace(): number {
    for (let at = this.#text.indexOf('{', this.#at); at >= 0; at = this.#text.indexOf('{', at + 1)) {
      if ('{%#'.includes(this.#text.charAt(at + 1) || ' ')) return at;
    }
    return this.#text.length;
  }

  #braced(): void {
    const at = this.#at;
    const second = this.#text.charAt(at + 1);
    if (second === '#') {
      const end = this.#text.indexOf('#}', at + 2);
      if (end < 0) throw malformed('a comment without an end', at);
      this.#at = end + 2;
      return;
    }
    RAW.lastIndex = at;
    const raw = second === '%' ? RAW.exec(this.#text)?.[0] : undefined;
    if (raw !== undefined) {
      this.#raw(at + raw.length);
      return;
    }
    this.#at = at + 2;
    if (/[-+]/.test(this.#text.charAt(this.#at))) this.#at++;
    const tokens = this.#tokens(second === '{' ? '}}' : '%}', at);
    this.#parts.push({ kind: second === '{' ? 'print' : 'statement', tokens, at });
  }

  #raw(from: number): void {
    END_RAW.lastIndex = from;
    const end = END_RAW.exec(this.#text);
    if (end === null) throw malformed('a raw block without an end', from);
    this.#data(from, end.index);
    this.#at = END_RAW.lastIndex;
  }

  #tokens(close: string, start: number): JinjaToken[] {
    const tokens: JinjaToken[] = [];
    let open = 0;
    for (;;) {
      this.#skipSpace();
      if (this.#at >= this.#text.length) throw malformed('braces without an end', start);
      const trims = /[-+]/.test(this.#text.charAt(this.#at)) ? 1 : 0;
      if (open === 0 && this.#text.startsWith(close, this.#at + trims)) {
        this.#at += trims + close.length;
        return tokens;
      }
      const token = this.#token();
      if (token.kind === 'operator' && '([{'.includes(token.text)) open++;
      if (token.kind === 'operator' && ')]}'.includes(token.text)) open = Math.max(0, open - 1);
      tokens.push(token);
    }
  }

  #skipSpace(): void {
    while (/\s/.test(this.#text.charAt(this.#at))) this.#at++;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #token(): JinjaToken {
    const at = this.#at;
    const first = this.#text.charAt(at);
    if (first === "'" || first === '"') return { kind: 'text', text: this.#string(first), at };
    const number = this.#match(NUMBER);
    if (number !== undefined) return { kind: 'number', value: Number(number.replaceAll('_', '')), at };
    const name = this.#match(NAME);
    if (name !== undefined) return { kind: 'name', text: name, at };
    const operator = this.#match(OPERATOR);
    if (operator !== undefined) return { kind: 'operator', text: operator, at };
    throw malformed('an unexpected character', at);
  }

  #string(quote: string): string {
    const from = this.#at + 1;
    for (let i = from; i < this.#text.length; i++) {
      const character = this.#text.charAt(i);
      if (character === '\\') i++;
      else if (character === quote) {
        this.#at = i + 1;
        return pythonText(this.#text.slice(from, i));
      }
    }
    throw malformed('a string without an end', this.#at);
  }
}

export function malformed(what: string, at: number): AssayError {
  return new AssayError('malformed', `not a template: ${what} at character ${at}`, { offset: at });
}
