import { AssayError } from '../../core/index.ts';
import { type JinjaToken, malformed } from './lexer.ts';
import type { Argument, Expression } from './tree.ts';

/** Expressions within expressions. */
const MAX_DEPTH = 100;
const CONSTANTS: ReadonlySet<string> = new Set(['true', 'True', 'false', 'False', 'none', 'None']);
const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);
const BINARY: readonly (readonly string[])[] = [['+', '-'], ['~'], ['*', '/', '//', '%']];

/** Reads expressions from the tokens of one part, as Jinja2 does (jinja2/parser.py). */
export class ExpressionParser {
  readonly #tokens: readonly JinjaToken[];
  readonly #start: number;
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly JinjaToken[], start: number) {
    this.#tokens = tokens;
    this.#start = start;
  }

  get at(): number {
    return this.#tokens[this.#next]?.at ?? this.#start;
  }

  get done(): boolean {
    return this.#next >= this.#tokens.length;
  }

  is(kind: 'name' | 'operator', text: string, ahead = 0): boolean {
    const token = this.#tokens[this.#next + ahead];
    return token?.kind === kind && token.text === text;
  }

  take(kind: 'name' | 'operator', text: string): boolean {
    if (!this.is(kind, text)) return false;
    this.#next++;
    return true;
  }

  /** @throws AssayError `malformed` */
  need(kind: 'name' | 'operator', text: string): void {
    if (!this.take(kind, text)) throw malformed(`${text} is missing`, this.at);
  }

  /** @throws AssayError `malformed` */
  name(): string {
    const token = this.#tokens[this.#next];
    if (token?.kind !== 'name') throw malformed('a name is missing', this.at);
    this.#next++;
    return token.text;
  }

  /** Expressions between commas: a tuple when there is more than one. */
  tuple(): Expression {
    const { at } = this;
    const first = this.expression();
    if (!this.is('operator', ',')) return first;
    const parts = [first];
    while (this.take('operator', ',') && !this.done && !this.is('operator', ')')) parts.push(this.expression());
    return { kind: 'collection', parts, at };
  }

  /** @throws AssayError `malformed`, `limit` */
  expression(withCondition = true): Expression {
    if (++this.#depth > MAX_DEPTH)
      throw new AssayError('limit', `the expressions of the template are nested deeper than ${MAX_DEPTH}`, {
        offset: this.at,
      });
    const { at } = this;
    let value = this.#or();
    while (withCondition && this.take('name', 'if')) {
      const parts = [value, this.#or()];
      if (this.take('name', 'else')) parts.push(this.expression());
      value = { kind: 'operation', operator: 'if', parts, at };
    }
    this.#depth--;
    return value;
  }

  #or(): Expression {
    return this.#joined(['or'], () => this.#joined(['and'], () => this.#not()));
  }

  #joined(words: readonly string[], part: () => Expression): Expression {
    const { at } = this;
    let left = part();
    for (let word = words.find((one) => this.take('name', one)); word !== undefined; ) {
      left = { kind: 'operation', operator: word, parts: [left, part()], at };
      word = words.find((one) => this.take('name', one));
    }
    return left;
  }

  #not(): Expression {
    const { at } = this;
    if (!this.take('name', 'not')) return this.#compare();
    return this.#nested(() => ({ kind: 'operation', operator: 'not', parts: [this.#not()], at }));
  }

  #nested(read: () => Expression): Expression {
    if (++this.#depth > MAX_DEPTH)
      throw new AssayError('limit', `the expressions of the template are nested deeper than ${MAX_DEPTH}`, {
        offset: this.at,
      });
    const value = read();
    this.#depth--;
    return value;
  }

  #compare(): Expression {
    const { at } = this;
    const parts = [this.#binary(0)];
    while (this.#comparison()) parts.push(this.#binary(0));
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : { kind: 'operation', operator: 'compare', parts, at };
  }

  #comparison(): boolean {
    const token = this.#tokens[this.#next];
    if (token?.kind === 'operator' && COMPARISONS.has(token.text)) this.#next++;
    else if (this.is('name', 'not') && this.is('name', 'in', 1)) this.#next += 2;
    else return this.take('name', 'in');
    return true;
  }

  #binary(level: number): Expression {
    const operators = BINARY[level];
    if (operators === undefined) return this.#unary(true);
    const { at } = this;
    let left = this.#binary(level + 1);
    for (;;) {
      const operator = operators.find((one) => this.take('operator', one));
      if (operator === undefined) return left;
      left = { kind: 'operation', operator, parts: [left, this.#binary(level + 1)], at };
    }
  }

  #unary(withFilter: boolean): Expression {
    const { at } = this;
    const sign = ['-', '+'].find((one) => this.take('operator', one));
    let value: Expression =
      sign === undefined
        ? this.#postfix(this.#primary())
        : this.#nested(() => ({ kind: 'operation', operator: sign, parts: [this.#unary(false)], at }));
    while (this.take('operator', '**'))
      value = { kind: 'operation', operator: '**', parts: [value, this.#unary(false)], at };
    return withFilter ? this.#filters(this.#postfix(value)) : value;
  }

  #primary(): Expression {
    const token = this.#tokens[this.#next];
    const { at } = this;
    if (token === undefined) throw malformed('a value is missing', at);
    this.#next++;
    if (token.kind === 'number') return { kind: 'number', value: token.value, at };
    if (token.kind === 'text') return { kind: 'text', text: token.text + this.#moreText(), at };
    if (token.kind === 'name')
      return CONSTANTS.has(token.text) ? { kind: 'constant', at } : { kind: 'name', name: token.text, at };
    if (token.text === '(') return this.#parenthesis(at);
    if (token.text === '[') return { kind: 'collection', parts: this.#list(']'), at };
    if (token.text === '{') return { kind: 'collection', parts: this.#list('}'), at };
    throw malformed(`${token.text} in place of a value`, at);
  }

  /** Strings that follow each other are one. */
  #moreText(): string {
    const parts: string[] = [];
    for (let token = this.#tokens[this.#next]; token?.kind === 'text'; token = this.#tokens[this.#next]) {
      parts.push(token.text);
      this.#next++;
    }
    return parts.join('');
  }

  #parenthesis(at: number): Expression {
    if (this.take('operator', ')')) return { kind: 'collection', parts: [], at };
    const value = this.tuple();
    this.need('operator', ')');
    return value;
  }

  #list(end: string): Expression[] {
    const parts: Expression[] = [];
    while (!this.take('operator', end)) {
      if (parts.length > 0) this.need('operator', ',');
      if (this.take('operator', end)) break;
      parts.push(this.expression());
      if (end === '}') {
        this.need('operator', ':');
        parts.push(this.expression());
      }
    }
    return parts;
  }

  #postfix(start: Expression): Expression {
    let value = start;
    for (;;) {
      const { at } = this;
      if (this.take('operator', '.')) value = this.#attribute(value, at);
      else if (this.take('operator', '[')) value = { kind: 'item', of: value, key: this.#subscript(at), at };
      else if (this.is('operator', '(')) value = { kind: 'call', of: value, arguments: this.arguments(), at };
      else return value;
    }
  }

  #attribute(of: Expression, at: number): Expression {
    const token = this.#tokens[this.#next];
    if (token?.kind !== 'number') return { kind: 'attribute', of, name: this.name(), at };
    this.#next++;
    return { kind: 'item', of, key: { kind: 'number', value: token.value, at }, at };
  }

  #subscript(at: number): Expression {
    const parts: Expression[] = [];
    let sliced = false;
    while (!this.take('operator', ']')) {
      if (this.take('operator', ':') || this.take('operator', ',')) sliced = true;
      else parts.push(this.expression());
    }
    const [only] = parts;
    if (only !== undefined && parts.length === 1 && !sliced) return only;
    if (!sliced) throw malformed('an empty subscript', at);
    return { kind: 'slice', parts, at };
  }

  /** From the opening parenthesis to the closing one. */
  arguments(): Argument[] {
    this.need('operator', '(');
    const all: Argument[] = [];
    while (!this.take('operator', ')')) {
      if (all.length > 0) this.need('operator', ',');
      if (this.take('operator', ')')) break;
      all.push(this.#argument());
    }
    return all;
  }

  #argument(): Argument {
    for (const spread of ['**', '*']) {
      if (this.take('operator', spread)) return { name: spread, value: this.expression() };
    }
    const token = this.#tokens[this.#next];
    if (token?.kind !== 'name' || !this.is('operator', '=', 1)) return { name: undefined, value: this.expression() };
    this.#next += 2;
    return { name: token.text, value: this.expression() };
  }

  #filters(start: Expression): Expression {
    let value = start;
    for (;;) {
      const { at } = this;
      if (this.take('operator', '|')) value = this.filter(value, at);
      else if (this.take('name', 'is')) value = this.#test(value, at);
      else if (this.is('operator', '(')) value = { kind: 'call', of: value, arguments: this.arguments(), at };
      else return value;
    }
  }

  /** A filter's name and what it is given, behind the bar. */
  filter(of: Expression | undefined, at: number): Expression {
    const name = this.#dottedName();
    const own = this.is('operator', '(') ? this.arguments() : [];
    return { kind: 'filter', name, of, arguments: own, at };
  }

  #dottedName(): string {
    let name = this.name();
    while (this.take('operator', '.')) name += `.${this.name()}`;
    return name;
  }

  #test(of: Expression, at: number): Expression {
    const negated = this.take('name', 'not');
    const name = this.#dottedName();
    const own = this.is('operator', '(') ? this.arguments() : this.#bareArgument();
    const test: Expression = { kind: 'test', name, of, arguments: own, at };
    return negated ? { kind: 'operation', operator: 'not', parts: [test], at } : test;
  }

  #bareArgument(): Argument[] {
    const token = this.#tokens[this.#next];
    const starts =
      token?.kind === 'text' ||
      token?.kind === 'number' ||
      (token?.kind === 'name' && !['else', 'or', 'and', 'is', 'if', 'in', 'not'].includes(token.text)) ||
      (token?.kind === 'operator' && (token.text === '[' || token.text === '{'));
    return starts ? [{ name: undefined, value: this.#postfix(this.#primary()) }] : [];
  }
}
