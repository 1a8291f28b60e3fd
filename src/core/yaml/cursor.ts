import { AssayError } from '../errors.ts';
import type { YamlDialect } from './tokens.ts';

/** A place in a text of YAML, with its column. */
export class Cursor {
  readonly text: string;
  readonly dialect: YamlDialect;
  readonly #breaks: string;
  at = 0;
  #lineStart = 0;

  constructor(text: string, dialect: YamlDialect) {
    this.text = text;
    this.dialect = dialect;
    this.#breaks = dialect === 'yaml-1.2' ? '\n\r' : '\n\r\x85\u2028\u2029';
    if (text.startsWith('\ufeff')) this.at = this.#lineStart = 1;
  }

  get column(): number {
    return this.at - this.#lineStart;
  }

  get lineStart(): number {
    return this.#lineStart;
  }

  /** The character some places ahead; empty behind the end. */
  peek(ahead = 0): string {
    return this.text.charAt(this.at + ahead);
  }

  isBreak(character: string): boolean {
    return character !== '' && this.#breaks.includes(character);
  }

  /** Whether a word ends before this character. */
  isEnd(character: string): boolean {
    return character === '' || character === ' ' || character === '\t' || this.isBreak(character);
  }

  skip(count = 1): void {
    this.at += count;
  }

  skipBlanks(): void {
    while (isYamlBlank(this.peek())) this.at++;
  }

  /** Skips the end of a line. @returns its value in a scalar; empty when there is none */
  skipBreak(): string {
    const character = this.peek();
    if (!this.isBreak(character)) return '';
    this.at += character === '\r' && this.peek(1) === '\n' ? 2 : 1;
    this.#lineStart = this.at;
    return character === '\u2028' || character === '\u2029' ? character : '\n';
  }

  /** Skips a byte order mark at the start of a line, where this dialect allows it. */
  skipMark(): void {
    if (this.dialect !== 'pyyaml' && this.column === 0 && this.peek() === '\ufeff') this.at++;
  }

  skipToBreak(): void {
    while (this.at < this.text.length && !this.isBreak(this.peek())) this.at++;
  }

  /** Whether a line that ends or starts a document begins here. */
  atDocumentMark(): boolean {
    if (this.column !== 0) return false;
    const mark = this.text.slice(this.at, this.at + 3);
    return (mark === '---' || mark === '...') && this.isEnd(this.peek(3));
  }

  malformed(what: string, at = this.at): AssayError {
    return new AssayError('malformed', `not valid YAML: ${what} at character ${at}`, { offset: at });
  }
}

export function isYamlBlank(character: string): boolean {
  return character === ' ' || character === '\t';
}
