import { AssayError, cut, type FileBudget } from '../../core/index.ts';
import { type ScriptToken, type ScriptTokenKind, tokensOf } from './tokens.ts';

/** Expressions within expressions, and blocks within blocks. */
const MAX_DEPTH = 200;
/** What a node of the tree takes. */
const NODE_BYTES = 150;

/** The tokens of a file, one after the other. */
export class ScriptCursor {
  readonly #tokens: readonly ScriptToken[];
  readonly #name: string;
  readonly #budget: FileBudget;
  #at = 0;
  #depth = 0;

  constructor(source: string, name: string, budget: FileBudget) {
    this.#tokens = tokensOf(source, name, budget);
    this.#name = name;
    this.#budget = budget;
  }

  get token(): ScriptToken {
    return this.peek(0);
  }

  get line(): number {
    return this.token.line;
  }

  peek(ahead: number): ScriptToken {
    return this.#tokens[this.#at + ahead] ?? { kind: 'end', text: '', line: this.#tokens.at(-1)?.line ?? 1 };
  }

  is(kind: ScriptTokenKind, text?: string): boolean {
    const { token } = this;
    return token.kind === kind && (text === undefined || token.text === text);
  }

  isSign(sign: string): boolean {
    return this.is('sign', sign);
  }

  isWord(word: string): boolean {
    return this.is('name', word);
  }

  /** Goes on behind a token, if it is this one. */
  takes(kind: ScriptTokenKind, text?: string): boolean {
    if (!this.is(kind, text)) return false;
    this.#at++;
    return true;
  }

  takesSign(sign: string): boolean {
    return this.takes('sign', sign);
  }

  next(): ScriptToken {
    const { token } = this;
    this.#at++;
    return token;
  }

  /** @throws AssayError `malformed` for another token */
  expect(kind: ScriptTokenKind, text?: string): ScriptToken {
    if (this.is(kind, text)) return this.next();
    throw this.refuse(`${text === undefined ? `a ${kind}` : JSON.stringify(text)} is expected`);
  }

  /** Reads something that may hold others of its kind. */
  within<T>(read: () => T): T {
    if (++this.#depth > MAX_DEPTH)
      throw new AssayError('limit', `line ${this.line}: it is nested deeper than ${MAX_DEPTH}`, {
        subject: this.#name,
      });
    this.#budget.hold(NODE_BYTES);
    const made = read();
    this.#depth--;
    return made;
  }

  refuse(what: string): AssayError {
    const { kind, text, line } = this.token;
    const found = kind === 'name' || kind === 'sign' ? JSON.stringify(cut(text, 40)) : `a ${kind}`;
    return new AssayError('malformed', `line ${line}: ${what}, before ${found}`, { subject: this.#name });
  }
}
