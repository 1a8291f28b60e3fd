import { AssayError } from '../errors.ts';
import { Cursor } from './cursor.ts';
import { tagDirective, tagToken, wordToken } from './properties.ts';
import { blockScalar, plainScalar, quotedScalar } from './scalars.ts';
import type { Mark, Token, YamlOptions } from './tokens.ts';

/** What may turn out to be a key, once a colon follows. */
interface PossibleKey {
  readonly number: number;
  readonly required: boolean;
  readonly at: number;
  readonly lineStart: number;
  readonly column: number;
}

/** Characters that a key which is not marked may have (YAML 1.1 and 1.2). */
const MAX_SIMPLE_KEY = 1024;

/**
 * The tokens of a text. Follows PyYAML's scanner (lib/yaml/scanner.py), which libyaml and ruamel.yaml share, and takes tabs for
 * spaces where some of them refuse: if one of them reads a tag or a key, so does this scanner.
 */
export class YamlScanner {
  readonly #cursor: Cursor;
  readonly #maxDepth: number;
  readonly #queue: Token[] = [];
  readonly #indents: number[] = [];
  readonly #keys = new Map<number, PossibleKey>();
  #taken = 0;
  #flow = 0;
  #indent = -1;
  #keyMayStart = true;
  #done = false;

  constructor(text: string, options: YamlOptions) {
    this.#cursor = new Cursor(text, options.dialect);
    this.#maxDepth = options.maxDepth;
  }

  /** @throws AssayError `malformed`, `limit` */
  peek(): Token {
    while (this.#needsMore()) this.#fetch();
    return this.#queue[0] ?? { kind: 'stream-end', at: this.#cursor.at };
  }

  /** @throws AssayError `malformed`, `limit` */
  next(): Token {
    const token = this.peek();
    if (this.#queue.shift() !== undefined) this.#taken++;
    return token;
  }

  #needsMore(): boolean {
    if (this.#done) return false;
    if (this.#queue.length === 0) return true;
    this.#dropStaleKeys();
    for (const { number } of this.#keys.values()) if (number === this.#taken) return true;
    return false;
  }

  #fetch(): void {
    this.#toNextToken();
    this.#dropStaleKeys();
    this.#unwind(this.#cursor.column);
    const cursor = this.#cursor;
    const character = cursor.peek();
    if (character === '') this.#end();
    else if (character === '%' && cursor.column === 0) this.#directive();
    else if (cursor.atDocumentMark()) this.#documentMark();
    else if (!this.#indicator(character)) this.#content(character);
  }

  #indicator(character: string): boolean {
    const beforeEnd = this.#cursor.isEnd(this.#cursor.peek(1));
    if (character === '[') this.#openFlow('flow-sequence-start');
    else if (character === '{') this.#openFlow('flow-mapping-start');
    else if (character === ']') this.#closeFlow('flow-sequence-end');
    else if (character === '}') this.#closeFlow('flow-mapping-end');
    else if (character === ',') this.#flowEntry();
    else if (character === '-' && beforeEnd) this.#blockEntry();
    else if (character === '?' && (this.#flow > 0 || beforeEnd)) this.#key();
    else if (character === ':' && (this.#flow > 0 || beforeEnd)) this.#value();
    else return false;
    return true;
  }

  #content(character: string): void {
    const cursor = this.#cursor;
    const { at } = cursor;
    if (character === '*' || character === '&' || character === '!') {
      this.#saveKey();
      this.#keyMayStart = false;
      this.#queue.push(character === '!' ? tagToken(cursor, this.#flow > 0) : wordToken(cursor));
    } else if ((character === '|' || character === '>') && this.#flow === 0) {
      this.#keyMayStart = true;
      this.#dropKey();
      this.#queue.push({ kind: 'scalar', at, text: blockScalar(cursor, this.#indent), plain: false });
    } else if (character === "'" || character === '"') {
      this.#saveKey();
      this.#keyMayStart = false;
      this.#queue.push({ kind: 'scalar', at, text: quotedScalar(cursor), plain: false });
    } else if ('@`%'.includes(character)) throw cursor.malformed(`a value that starts with ${character}`);
    else {
      this.#saveKey();
      const { text, crossedLine } = plainScalar(cursor, this.#flow > 0, this.#indent + 1);
      this.#keyMayStart = crossedLine;
      if (cursor.at === at) throw cursor.malformed('an unexpected character');
      this.#queue.push({ kind: 'scalar', at, text, plain: true });
    }
  }

  #toNextToken(): void {
    const cursor = this.#cursor;
    for (;;) {
      cursor.skipMark();
      cursor.skipBlanks();
      if (cursor.peek() === '#') cursor.skipToBreak();
      if (cursor.skipBreak() === '') return;
      if (this.#flow === 0) this.#keyMayStart = true;
    }
  }

  #mark(kind: Mark, length: number): void {
    this.#queue.push({ kind, at: this.#cursor.at });
    this.#cursor.skip(length);
  }

  #end(): void {
    this.#unwind(-1);
    this.#dropKey();
    this.#queue.push({ kind: 'stream-end', at: this.#cursor.at });
    this.#done = true;
  }

  #directive(): void {
    this.#unwind(-1);
    this.#dropKey();
    this.#keyMayStart = false;
    this.#queue.push(tagDirective(this.#cursor));
  }

  #documentMark(): void {
    this.#unwind(-1);
    this.#dropKey();
    this.#keyMayStart = false;
    this.#mark(this.#cursor.peek() === '-' ? 'document-start' : 'document-end', 3);
  }

  #openFlow(kind: Mark): void {
    this.#saveKey();
    this.#flow++;
    if (this.#flow > this.#maxDepth) throw tooDeep(this.#cursor, this.#maxDepth);
    this.#keyMayStart = true;
    this.#mark(kind, 1);
  }

  #closeFlow(kind: Mark): void {
    this.#dropKey();
    this.#flow = Math.max(0, this.#flow - 1);
    this.#keyMayStart = false;
    this.#mark(kind, 1);
  }

  #flowEntry(): void {
    this.#keyMayStart = true;
    this.#dropKey();
    this.#mark('flow-entry', 1);
  }

  #blockEntry(): void {
    if (this.#flow === 0) {
      if (!this.#keyMayStart) throw this.#cursor.malformed('an unexpected list entry');
      if (this.#addIndent(this.#cursor.column)) this.#queue.push({ kind: 'block-sequence-start', at: this.#cursor.at });
    }
    this.#keyMayStart = true;
    this.#dropKey();
    this.#mark('entry', 1);
  }

  #key(): void {
    if (this.#flow === 0) {
      if (!this.#keyMayStart) throw this.#cursor.malformed('an unexpected key');
      if (this.#addIndent(this.#cursor.column)) this.#queue.push({ kind: 'block-mapping-start', at: this.#cursor.at });
    }
    this.#keyMayStart = this.#flow === 0;
    this.#dropKey();
    this.#mark('key', 1);
  }

  #value(): void {
    const key = this.#keys.get(this.#flow);
    if (key !== undefined) {
      this.#keys.delete(this.#flow);
      const start = key.number - this.#taken;
      this.#queue.splice(start, 0, { kind: 'key', at: key.at });
      if (this.#flow === 0 && this.#addIndent(key.column))
        this.#queue.splice(start, 0, { kind: 'block-mapping-start', at: key.at });
      this.#keyMayStart = false;
    } else {
      if (this.#flow === 0) {
        if (!this.#keyMayStart) throw this.#cursor.malformed('a value without a key');
        if (this.#addIndent(this.#cursor.column))
          this.#queue.push({ kind: 'block-mapping-start', at: this.#cursor.at });
      }
      this.#keyMayStart = this.#flow === 0;
      this.#dropKey();
    }
    this.#mark('value', 1);
  }

  #saveKey(): void {
    if (!this.#keyMayStart) return;
    this.#dropKey();
    const { at, column, lineStart } = this.#cursor;
    const required = this.#flow === 0 && this.#indent === column;
    this.#keys.set(this.#flow, { number: this.#taken + this.#queue.length, required, at, lineStart, column });
  }

  #dropKey(): void {
    const key = this.#keys.get(this.#flow);
    if (key === undefined) return;
    if (key.required) throw this.#cursor.malformed('a key without a colon', key.at);
    this.#keys.delete(this.#flow);
  }

  #dropStaleKeys(): void {
    const { at, lineStart } = this.#cursor;
    for (const [level, key] of this.#keys) {
      if (key.lineStart === lineStart && at - key.at <= MAX_SIMPLE_KEY) continue;
      if (key.required) throw this.#cursor.malformed('a key without a colon', key.at);
      this.#keys.delete(level);
    }
  }

  #addIndent(column: number): boolean {
    if (this.#indent >= column) return false;
    this.#indents.push(this.#indent);
    if (this.#indents.length > this.#maxDepth) throw tooDeep(this.#cursor, this.#maxDepth);
    this.#indent = column;
    return true;
  }

  #unwind(column: number): void {
    if (this.#flow > 0) return;
    while (this.#indent > column) {
      this.#indent = this.#indents.pop() ?? -1;
      this.#queue.push({ kind: 'block-end', at: this.#cursor.at });
    }
  }
}

function tooDeep(cursor: Cursor, most: number): AssayError {
  return new AssayError('limit', `YAML is nested deeper than ${most}`, { offset: cursor.at });
}
