import { type Constant, childrenOf, type MacroName, type Node, nodesOf } from './ast.ts';
import { ExpressionError } from './expression-error.ts';
import { type Token, tokensOf } from './tokens.ts';

/** CWE-400, CWE-674: what nobody writes by hand, and what would cost more than it says. */
export const MAX_EXPRESSION_LENGTH = 8_192;
export const MAX_NODES = 1_000;
const MAX_DEPTH = 48;
/** Walks within walks: three over a thousand files are a thousand million steps. */
export const MAX_WALKS = 3;

const MACROS: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'map', 'filter'] satisfies MacroName[]);
const KEYWORDS: ReadonlySet<string> = new Set(['true', 'false', 'null', 'in']);
/** Of the specification, for languages to come. */
const RESERVED: ReadonlySet<string> = new Set(
  'as break const continue else for function if import let loop package namespace return var void while'.split(' '),
);
const MAX_INT = 2n ** 63n - 1n;
const RELATIONS: readonly string[] = ['<', '<=', '>=', '>', '==', '!=', 'in'];

/**
 * Parses an expression.
 * @throws ExpressionError at the token that cannot stand where it stands, and for an expression that is too long, too deep,
 * or walks lists within lists more than `MAX_WALKS` deep.
 */
export function parseExpression(text: string): Node {
  if (text.length > MAX_EXPRESSION_LENGTH) {
    throw new ExpressionError(
      0,
      `the expression has more than ${MAX_EXPRESSION_LENGTH} characters`,
      'split it into variables',
    );
  }
  const node = new Parser(tokensOf(text)).parse();
  let count = 0;
  for (const _ of nodesOf(node)) {
    if (++count > MAX_NODES) {
      throw new ExpressionError(0, `the expression has more than ${MAX_NODES} parts`, 'split it into variables');
    }
  }
  return node;
}

class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): Node {
    const node = this.#expression();
    if (this.#peek().kind !== 'end') throw this.#unexpected('an operator or the end');
    return node;
  }

  #expression(): Node {
    if (++this.#depth > MAX_DEPTH) {
      throw new ExpressionError(
        this.#peek().at,
        `the expression is nested more than ${MAX_DEPTH} deep`,
        'split it into variables',
      );
    }
    const test = this.#junction('or', '||', () => this.#junction('and', '&&', () => this.#relation()));
    const at = this.#peek().at;
    const node = this.#take('?') ? this.#conditional(at, test) : test;
    this.#depth--;
    return node;
  }

  #conditional(at: number, test: Node): Node {
    const yes = this.#junction('or', '||', () => this.#junction('and', '&&', () => this.#relation()));
    this.#expect(':');
    return { kind: 'if', at, test, yes, no: this.#expression() };
  }

  #junction(kind: 'and' | 'or', symbol: string, operand: () => Node): Node {
    const first = operand();
    const at = this.#peek().at;
    if (!this.#isAt(symbol)) return first;
    const terms = [first];
    while (this.#take(symbol)) terms.push(operand());
    return { kind, at, terms };
  }

  #relation(): Node {
    return this.#leftToRight(RELATIONS, () =>
      this.#leftToRight(['+', '-'], () => this.#leftToRight(['*', '/', '%'], () => this.#unary())),
    );
  }

  #leftToRight(operators: readonly string[], operand: () => Node): Node {
    let left = operand();
    // Each turn nests the tree by one.
    for (let turns = 0; ; turns++) {
      const operator = this.#peek();
      const found = operators.find((symbol) => this.#take(symbol));
      if (found === undefined) return left;
      if (turns > MAX_NODES) throw new ExpressionError(operator.at, `there are more than ${MAX_NODES} operators`);
      left = { kind: 'call', at: operator.at, name: found === 'in' ? '@in' : `_${found}_`, args: [left, operand()] };
    }
  }

  #unary(): Node {
    const { at } = this.#peek();
    for (const symbol of ['!', '-']) {
      if (!this.#take(symbol)) continue;
      let count = 1;
      while (this.#take(symbol)) count++;
      if (count > MAX_DEPTH) throw new ExpressionError(at, `there are more than ${MAX_DEPTH} ${symbol} in a row`);
      return this.#negations(at, symbol, count);
    }
    return this.#member();
  }

  #negations(at: number, symbol: string, count: number): Node {
    const token = this.#peek();
    const isNumber = token.kind === 'int' || token.kind === 'double';
    // The sign is part of the number: the least integer has no positive counterpart.
    let node = symbol === '-' && isNumber ? this.#member({ at, token }) : this.#member();
    for (let left = symbol === '-' && isNumber ? count - 1 : count; left > 0; left--) {
      node = { kind: 'call', at, name: `${symbol}_`, args: [node] };
    }
    return node;
  }

  #member(negative?: { at: number; token: Token }): Node {
    let node = negative === undefined ? this.#primary() : this.#negativeNumber(negative);
    for (let turns = 0; ; turns++) {
      if (turns > MAX_DEPTH)
        throw new ExpressionError(this.#peek().at, `there are more than ${MAX_DEPTH} selections in a row`);
      const { at } = this.#peek();
      if (this.#take('.')) node = this.#selection(node);
      else if (this.#take('[')) {
        const index = this.#expression();
        this.#expect(']');
        node = { kind: 'index', at, of: node, index };
      } else return node;
    }
  }

  #selection(of: Node): Node {
    const name = this.#peek();
    if (name.kind !== 'name' || KEYWORDS.has(name.text)) throw this.#unexpected('the name of a field or a function');
    this.#next++;
    if (!this.#isAt('(')) return { kind: 'select', at: name.at, of, field: name.text };
    const args = this.#arguments();
    if (MACROS.has(name.text)) return macro(name, of, args);
    return { kind: 'method', at: name.at, name: name.text, args: [of, ...args] };
  }

  #primary(): Node {
    const token = this.#peek();
    this.#next++;
    switch (token.kind) {
      case 'int':
        return constant(token.at, inRange(token.value, token.at));
      case 'double':
      case 'string':
        return constant(token.at, token.value);
      case 'name':
        return this.#name(token);
      case 'symbol':
        if (token.text === '(') {
          const inner = this.#expression();
          this.#expect(')');
          return inner;
        }
        if (token.text === '[')
          return { kind: 'list', at: token.at, items: this.#items(']', () => this.#expression()) };
        if (token.text === '{') return { kind: 'map', at: token.at, entries: this.#items('}', () => this.#entry()) };
    }
    this.#next--;
    throw this.#unexpected('a value');
  }

  #name(token: Token): Node {
    if (token.text === 'true' || token.text === 'false') return constant(token.at, token.text === 'true');
    if (token.text === 'null') return constant(token.at, null);
    if (token.text === 'in') {
      this.#next--;
      throw this.#unexpected('a value');
    }
    if (RESERVED.has(token.text))
      throw new ExpressionError(token.at, `${token.text} is a word that CEL keeps for itself`, 'use another name');
    if (!this.#isAt('(')) return { kind: 'ident', at: token.at, name: token.text };
    const args = this.#arguments();
    if (token.text !== 'has') return { kind: 'call', at: token.at, name: token.text, args };
    const [field] = args;
    if (args.length === 1 && field?.kind === 'select')
      return { kind: 'has', at: field.at, of: field.of, field: field.field };
    throw new ExpressionError(token.at, 'has takes one field', 'write has(a.b)');
  }

  #entry(): readonly [Node, Node] {
    const key = this.#expression();
    this.#expect(':');
    return [key, this.#expression()];
  }

  #arguments(): Node[] {
    this.#expect('(');
    return this.#items(')', () => this.#expression());
  }

  /** A comma may end lists and maps, not arguments. */
  #items<T>(closing: string, item: () => T): T[] {
    const items: T[] = [];
    if (this.#take(closing)) return items;
    for (;;) {
      items.push(item());
      if (this.#take(closing)) return items;
      this.#expect(',', closing);
      if (closing !== ')' && this.#take(closing)) return items;
    }
  }

  #negativeNumber({ at, token }: { at: number; token: Token }): Node {
    this.#next++;
    if (token.kind === 'int') return constant(at, inRange(-token.value, at));
    return constant(at, token.kind === 'double' ? -token.value : null);
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? { kind: 'end', at: 0, text: '' };
  }

  #isAt(text: string): boolean {
    const token = this.#peek();
    return (token.kind === 'symbol' || token.kind === 'name') && token.text === text;
  }

  #take(text: string): boolean {
    if (!this.#isAt(text)) return false;
    this.#next++;
    return true;
  }

  /** @param or what could stand here as well, for the message */
  #expect(text: string, or?: string): void {
    if (!this.#take(text)) throw this.#unexpected(or === undefined ? text : `${text} or ${or}`);
  }

  #unexpected(wanted: string): ExpressionError {
    const token = this.#peek();
    const found = token.kind === 'end' ? 'the expression ends' : `there is ${token.text}`;
    return new ExpressionError(token.at, `${found} where ${wanted} should be`);
  }
}

function constant(at: number, value: Constant): Node {
  return { kind: 'const', at, value };
}

function inRange(value: bigint, at: number): bigint {
  if (value <= MAX_INT && value >= -MAX_INT - 1n) return value;
  throw new ExpressionError(at, 'the number does not fit 64 bits', 'write it with a decimal point');
}

function macro(name: Token, over: Node, args: readonly Node[]): Node {
  const [variable, second, third] = args;
  const wanted = name.text === 'map' ? [2, 3] : [2];
  if (variable?.kind !== 'ident' || second === undefined || !wanted.includes(args.length)) {
    throw new ExpressionError(name.at, `${name.text} takes a name and an expression`, `write .${name.text}(x, ...)`);
  }
  const base = { kind: 'macro', at: name.at, name: asMacro(name.text), over, variable: variable.name } as const;
  const node: Node = third === undefined ? { ...base, body: second } : { ...base, test: second, body: third };
  if (walksOf(node) > MAX_WALKS) {
    throw new ExpressionError(
      name.at,
      `lists are walked within lists more than ${MAX_WALKS} deep`,
      'split it into variables',
    );
  }
  return node;
}

function asMacro(name: string): MacroName {
  return name === 'all' || name === 'exists' || name === 'exists_one' || name === 'filter' ? name : 'map';
}

/** How deep lists are walked within lists. What is walked over is walked before, not within. */
function walksOf(node: Node): number {
  const deepest = (nodes: readonly Node[]) => Math.max(0, ...nodes.map(walksOf));
  if (node.kind !== 'macro') return deepest(childrenOf(node));
  const within = node.test === undefined ? [node.body] : [node.test, node.body];
  return Math.max(walksOf(node.over), 1 + deepest(within));
}
