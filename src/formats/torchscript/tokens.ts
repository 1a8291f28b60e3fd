import { AssayError, type FileBudget } from '../../core/index.ts';

export type ScriptTokenKind = 'name' | 'int' | 'float' | 'text' | 'sign' | 'newline' | 'indent' | 'dedent' | 'end';

export interface ScriptToken {
  readonly kind: ScriptTokenKind;
  /** A name or sign; the value of a text; the digits of a number. */
  readonly text: string;
  readonly line: number;
}

/** Blocks within blocks. */
const MAX_INDENT = 100;
/** Tokens of one file. */
const MAX_TOKENS = 4_000_000;
/** What a token takes. */
const TOKEN_BYTES = 100;

const TOKEN =
  /([A-Za-z_]\w*)|((?:\d+\.\d*|\.\d+)(?:[eE][-+]?\d+)?|\d+[eE][-+]?\d+)|(\d+)|(->|\*\*|\/\/|==|!=|<=|>=|<<|>>|[-+*/%@]=|[-+*/%@&|^~<>=()[\]{},:.;])/y;

/**
 * Splits source of TorchScript, as `torch.jit.save` writes it, into tokens. Lines within brackets are one.
 * @param name the file, for messages
 * @throws AssayError `malformed` for what is not TorchScript, `limit`
 */
export function tokensOf(source: string, name: string, budget: FileBudget): ScriptToken[] {
  return new Tokenizer(source, name, budget).all();
}

class Tokenizer {
  readonly #source: string;
  readonly #name: string;
  readonly #budget: FileBudget;
  readonly #tokens: ScriptToken[] = [];
  /** Columns of the blocks that are open. */
  readonly #indents = [0];
  #brackets = 0;
  #line = 1;
  #at = 0;

  constructor(source: string, name: string, budget: FileBudget) {
    this.#source = source;
    this.#name = name;
    this.#budget = budget;
  }

  all(): ScriptToken[] {
    const source = this.#source;
    this.#budget.work(source.length);
    let fresh = true;
    while (this.#at < source.length) {
      if (fresh && this.#brackets === 0) {
        if (this.#blankLine()) continue;
        this.#indent();
        fresh = false;
      }
      const char = source[this.#at];
      if (char === '\n') {
        this.#at++;
        if (this.#brackets === 0) {
          this.#push('newline', '');
          fresh = true;
        }
        this.#line++;
      } else if (char === ' ' || char === '\t' || char === '\r') this.#at++;
      else if (char === '#') this.#at = this.#endOfLine();
      else if (char === '"' || char === "'") this.#text(char);
      else this.#token();
    }
    if (this.#brackets > 0) throw this.#refuse('a bracket is not closed');
    if (!fresh) this.#push('newline', '');
    for (; this.#indents.length > 1; this.#indents.pop()) this.#push('dedent', '');
    this.#push('end', '');
    return this.#tokens;
  }

  /** Skips a line that holds nothing. */
  #blankLine(): boolean {
    let at = this.#at;
    while (this.#source[at] === ' ' || this.#source[at] === '\r' || this.#source[at] === '\t') at++;
    const char = this.#source[at];
    if (char === '#') at = this.#source.indexOf('\n', at);
    else if (char !== undefined && char !== '\n') return false;
    if (char === undefined || at < 0) this.#at = this.#source.length;
    else {
      this.#at = at + 1;
      this.#line++;
    }
    return true;
  }

  #indent(): void {
    const start = this.#at;
    while (this.#source[this.#at] === ' ') this.#at++;
    const column = this.#at - start;
    const open = this.#indents.at(-1) ?? 0;
    if (column > open) {
      if (this.#indents.length > MAX_INDENT) throw this.#limit(`blocks are nested deeper than ${MAX_INDENT}`);
      this.#indents.push(column);
      this.#push('indent', '');
      return;
    }
    while (column < (this.#indents.at(-1) ?? 0)) {
      this.#indents.pop();
      this.#push('dedent', '');
    }
    if (column !== this.#indents.at(-1)) throw this.#refuse('a line is indented as none before it');
  }

  #endOfLine(): number {
    const at = this.#source.indexOf('\n', this.#at);
    return at < 0 ? this.#source.length : at;
  }

  #token(): void {
    TOKEN.lastIndex = this.#at;
    const match = TOKEN.exec(this.#source);
    if (match === null) throw this.#refuse('is not TorchScript');
    const [whole, word, float, int, sign] = match;
    this.#at = TOKEN.lastIndex;
    if (word !== undefined) this.#push('name', word);
    else if (float !== undefined || int !== undefined) {
      const next = this.#source[this.#at] ?? '';
      if (/\w/.test(next)) throw this.#refuse('a number is not one of TorchScript');
      this.#push(float === undefined ? 'int' : 'float', whole);
    } else if (sign !== undefined) {
      if ('([{'.includes(sign)) this.#brackets++;
      if (')]}'.includes(sign) && --this.#brackets < 0) throw this.#refuse('a bracket is closed that is not open');
      this.#push('sign', sign);
    }
  }

  /** A text on one line, but for a line that its end goes on from. */
  #text(quote: string): void {
    let at = this.#at + 1;
    for (; this.#source[at] !== quote; at++) {
      const char = this.#source[at];
      if (char === undefined || char === '\n') throw this.#refuse('a text does not end');
      if (char === '\\') at++;
    }
    const text = this.#source.slice(this.#at, at + 1);
    this.#at = at + 1;
    this.#push('text', this.#unescaped(text));
    this.#line += text.split('\n').length - 1;
  }

  /** The escapes that PyTorch reads (torch/csrc/jit/frontend/parse_string_literal.h). */
  #unescaped(literal: string): string {
    const plain: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v' };
    return literal.slice(1, -1).replace(/\\([0-7]{3}|x[0-9a-fA-F]{2}|[\s\S])/g, (_, code: string) => {
      if (code.length === 3)
        return String.fromCharCode(code[0] === 'x' ? Number.parseInt(code.slice(1), 16) : Number.parseInt(code, 8));
      if ('\\\'"'.includes(code)) return code;
      if (code === '\n') return '';
      const known = Object.hasOwn(plain, code) ? plain[code] : undefined;
      if (known === undefined) throw this.#refuse('a text has an unknown escape');
      return known;
    });
  }

  #push(kind: ScriptTokenKind, text: string): void {
    if (this.#tokens.length >= MAX_TOKENS) throw this.#limit(`it has more than ${MAX_TOKENS} tokens`);
    this.#budget.hold(TOKEN_BYTES + 2 * text.length);
    this.#tokens.push({ kind, text, line: this.#line });
  }

  #refuse(what: string): AssayError {
    return new AssayError('malformed', `line ${this.#line}: ${what}`, { subject: this.#name });
  }

  #limit(what: string): AssayError {
    return new AssayError('limit', `line ${this.#line}: ${what}`, { subject: this.#name });
  }
}
