import type { ScriptCursor } from './cursor.ts';
import type { ScriptArgument, ScriptExpression } from './syntax.ts';

/** Operators between two values, by how strongly they bind, the weakest first. */
const LEVELS: readonly (readonly string[])[] = [
  ['or'],
  ['and'],
  ['==', '!=', '<', '>', '<=', '>=', 'in', 'is'],
  ['|'],
  ['^'],
  ['&'],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '//', '%', '@'],
];
const NOT_LEVEL = 2;
/** Words that are not names of values. */
const KEYWORDS: ReadonlySet<string> = new Set([
  'and',
  'class',
  'def',
  'elif',
  'else',
  'for',
  'if',
  'import',
  'in',
  'is',
  'lambda',
  'not',
  'or',
  'pass',
  'return',
  'while',
  'with',
]);
const CONSTANTS: ReadonlyMap<string, boolean | null> = new Map([
  ['True', true],
  ['False', false],
  ['None', null],
]);
/** Values that are combined one after the other: the tree that they make is as deep. */
const MAX_PARTS = 100;
/** Beyond 64 bits. */
const MAX_INT = 2 ** 63;

/** An expression, or several with commas, which are a tuple. */
export function readExpressions(cursor: ScriptCursor): ScriptExpression {
  const { line } = cursor;
  const first = readExpression(cursor);
  if (!cursor.isSign(',')) return first;
  const items = [first];
  while (cursor.takesSign(',')) {
    if (cursor.is('newline') || cursor.isSign('=') || cursor.isSign(':') || cursor.isWord('in')) break;
    items.push(readExpression(cursor));
  }
  return { kind: 'tuple', items, line };
}

export function readExpression(cursor: ScriptCursor): ScriptExpression {
  return cursor.within(() => {
    const { line } = cursor;
    const yes = readBinary(cursor, 0);
    if (!cursor.takes('name', 'if')) return yes;
    const condition = readBinary(cursor, 0);
    cursor.expect('name', 'else');
    return { kind: 'choice', condition, yes, no: readExpression(cursor), line };
  });
}

function readBinary(cursor: ScriptCursor, level: number): ScriptExpression {
  const operators = LEVELS[level];
  if (operators === undefined) return readUnary(cursor);
  if (level === NOT_LEVEL && cursor.isWord('not')) {
    const { line } = cursor.next();
    return { kind: 'unary', operator: 'not', of: cursor.within(() => readBinary(cursor, NOT_LEVEL)), line };
  }
  let left = readBinary(cursor, level + 1);
  for (let parts = 0; ; parts++) {
    const { line } = cursor;
    const operator = takeOperator(cursor, operators);
    if (operator === undefined) return left;
    if (parts > MAX_PARTS) throw cursor.refuse(`more than ${MAX_PARTS} parts follow each other`);
    const [before, right] = [left, cursor.within(() => readBinary(cursor, level + 1))];
    left = { kind: 'binary', operator, left: before, right, line };
  }
}

function takeOperator(cursor: ScriptCursor, operators: readonly string[]): string | undefined {
  const { kind, text } = cursor.token;
  if (kind === 'name' && text === 'not' && operators.includes('in') && cursor.peek(1).text === 'in') {
    cursor.next();
    cursor.next();
    return 'not in';
  }
  if ((kind !== 'sign' && kind !== 'name') || !operators.includes(text)) return undefined;
  cursor.next();
  return text === 'is' && cursor.takes('name', 'not') ? 'is not' : text;
}

function readUnary(cursor: ScriptCursor): ScriptExpression {
  const { line } = cursor;
  for (const operator of ['-', '+', '~'])
    if (cursor.takesSign(operator)) {
      const of = cursor.within(() => readUnary(cursor));
      if (operator === '-' && (of.kind === 'int' || of.kind === 'float')) return { ...of, value: -of.value };
      return { kind: 'unary', operator, of, line };
    }
  const base = readPostfix(cursor);
  if (!cursor.takesSign('**')) return base;
  return { kind: 'binary', operator: '**', left: base, right: cursor.within(() => readUnary(cursor)), line };
}

function readPostfix(cursor: ScriptCursor): ScriptExpression {
  let of = readPrimary(cursor);
  let parts = 0;
  for (;;) {
    const { line } = cursor;
    if (cursor.takesSign('.')) of = { kind: 'attribute', of, name: cursor.expect('name').text, line };
    else if (cursor.takesSign('(')) of = { kind: 'call', callee: of, args: readArguments(cursor), line };
    else if (cursor.takesSign('[')) of = readItem(cursor, of, line);
    else return of;
    if (++parts > MAX_PARTS) throw cursor.refuse(`more than ${MAX_PARTS} parts follow each other`);
  }
}

function readItem(cursor: ScriptCursor, of: ScriptExpression, line: number): ScriptExpression {
  const first = cursor.isSign(':') ? undefined : readExpression(cursor);
  // Types have several parts: Dict[str, Tensor].
  const from = first !== undefined && cursor.isSign(',') ? readRest(cursor, first) : first;
  if (cursor.takesSign(']')) {
    if (from === undefined) throw cursor.refuse('an index is expected');
    return { kind: 'item', of, index: from, line };
  }
  cursor.expect('sign', ':');
  const to = cursor.isSign(':') || cursor.isSign(']') ? undefined : readExpression(cursor);
  const step = cursor.takesSign(':') && !cursor.isSign(']') ? readExpression(cursor) : undefined;
  cursor.expect('sign', ']');
  return { kind: 'slice', of, from, to, step, line };
}

function readRest(cursor: ScriptCursor, first: ScriptExpression): ScriptExpression {
  const items = [first];
  while (cursor.takesSign(',') && !cursor.isSign(']')) items.push(readExpression(cursor));
  return { kind: 'tuple', items, line: first.line };
}

function readArguments(cursor: ScriptCursor): ScriptArgument[] {
  const args: ScriptArgument[] = [];
  while (!cursor.takesSign(')')) {
    const named = cursor.is('name') && cursor.peek(1).kind === 'sign' && cursor.peek(1).text === '=';
    const name = named ? cursor.next().text : undefined;
    if (named) cursor.next();
    args.push({ name, value: readExpression(cursor) });
    if (!cursor.isSign(')')) cursor.expect('sign', ',');
  }
  return args;
}

function readPrimary(cursor: ScriptCursor): ScriptExpression {
  const { kind, text, line } = cursor.token;
  switch (kind) {
    case 'name': {
      const constant = CONSTANTS.get(text);
      if (constant === undefined && KEYWORDS.has(text)) break;
      cursor.next();
      return constant === undefined ? { kind: 'name', name: text, line } : { kind: 'constant', value: constant, line };
    }
    case 'int': {
      const value = Number(text);
      if (value > MAX_INT || text.length > 20) throw cursor.refuse('a number has more than 64 bits');
      cursor.next();
      return { kind: 'int', value, line };
    }
    case 'float':
      cursor.next();
      return { kind: 'float', value: Number(text), line };
    case 'text':
      cursor.next();
      return { kind: 'text', value: text, line };
    case 'sign':
      if (cursor.takesSign('(')) return readParentheses(cursor, line);
      if (cursor.takesSign('[')) return { kind: 'list', items: readItems(cursor, ']').items, line };
      if (cursor.takesSign('{')) return readDict(cursor, line);
  }
  throw cursor.refuse('a value is expected');
}

function readItems(cursor: ScriptCursor, end: string): { readonly items: ScriptExpression[]; readonly commas: number } {
  const items: ScriptExpression[] = [];
  let commas = 0;
  while (!cursor.takesSign(end)) {
    items.push(readExpression(cursor));
    if (cursor.takesSign(',')) commas++;
    else if (!cursor.isSign(end)) throw cursor.refuse(`"," or "${end}" is expected`);
  }
  return { items, commas };
}

function readParentheses(cursor: ScriptCursor, line: number): ScriptExpression {
  const { items, commas } = readItems(cursor, ')');
  const [only] = items;
  return only !== undefined && commas === 0 ? only : { kind: 'tuple', items, line };
}

function readDict(cursor: ScriptCursor, line: number): ScriptExpression {
  const entries: [ScriptExpression, ScriptExpression][] = [];
  while (!cursor.takesSign('}')) {
    const key = readExpression(cursor);
    cursor.expect('sign', ':');
    entries.push([key, readExpression(cursor)]);
    if (!cursor.isSign('}')) cursor.expect('sign', ',');
  }
  return { kind: 'dict', entries, line };
}
