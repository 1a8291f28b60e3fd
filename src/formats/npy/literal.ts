import { AssayError } from '../../core/index.ts';

/** A value of a Python literal as `ast.literal_eval` reads it; numbers other than integers are not in `.npy` headers. */
export type Literal = string | number | boolean | null | Literal[] | Map<string, Literal>;

const MAX_DEPTH = 32;
const TOKEN =
  /[\s]*(?:([{}()[\],:])|'((?:[^'\\\n]|\\[\\'"])*)'|"((?:[^"\\\n]|\\[\\'"])*)"|(-?\d+)L?|(True|False|None)\b)/y;

/** @throws AssayError `malformed` on anything but dicts with text keys, tuples, lists, text, integers, True, False, None. */
export function parseLiteral(text: string): Literal {
  const parser = new LiteralParser(text);
  const value = parser.value(0);
  parser.end();
  return value;
}

class LiteralParser {
  readonly #text: string;
  #at = 0;
  #peeked: RegExpExecArray | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): Literal {
    if (depth > MAX_DEPTH) throw this.#broken('it is nested too deep');
    const [, sign, single, double, integer, word] = this.#take();
    const text = single ?? double;
    if (text !== undefined) return text.replace(/\\(.)/g, '$1');
    if (integer !== undefined) return this.#integer(integer);
    if (word !== undefined) return word === 'None' ? null : word === 'True';
    if (sign === '{') return this.#dict(depth);
    if (sign === '(') return this.#items(')', depth);
    if (sign === '[') return this.#items(']', depth);
    throw this.#broken('a value is missing');
  }

  end(): void {
    if (this.#text.slice(this.#at).trim() !== '') throw this.#broken('text follows the literal');
  }

  #integer(digits: string): number {
    const value = Number(digits);
    if (!Number.isSafeInteger(value)) throw this.#broken('a number is too large');
    return value;
  }

  #dict(depth: number): Map<string, Literal> {
    const entries = new Map<string, Literal>();
    while (!this.#skip('}')) {
      const key = this.value(depth + 1);
      if (typeof key !== 'string' || entries.has(key)) throw this.#broken('a key is not text, or occurs twice');
      if (!this.#skip(':')) throw this.#broken('":" is missing');
      entries.set(key, this.value(depth + 1));
      if (!this.#skip(',') && this.#peek()?.[1] !== '}') throw this.#broken('"," is missing');
    }
    return entries;
  }

  #items(close: string, depth: number): Literal[] {
    const items: Literal[] = [];
    while (!this.#skip(close)) {
      items.push(this.value(depth + 1));
      if (!this.#skip(',') && this.#peek()?.[1] !== close) throw this.#broken('"," is missing');
    }
    return items;
  }

  #skip(sign: string): boolean {
    if (this.#peek()?.[1] !== sign) return false;
    this.#take();
    return true;
  }

  #peek(): RegExpExecArray | undefined {
    if (this.#peeked === undefined) {
      TOKEN.lastIndex = this.#at;
      this.#peeked = TOKEN.exec(this.#text) ?? undefined;
    }
    return this.#peeked;
  }

  #take(): RegExpExecArray {
    const token = this.#peek();
    if (token === undefined) throw this.#broken('it is not a Python literal');
    this.#at += token[0].length;
    this.#peeked = undefined;
    return token;
  }

  #broken(why: string): AssayError {
    return new AssayError('malformed', `the header cannot be read: ${why}`, { offset: this.#at });
  }
}
