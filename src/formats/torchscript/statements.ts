import { AssayError, type FileBudget } from '../../core/index.ts';
import { ScriptCursor } from './cursor.ts';
import { readExpression, readExpressions } from './expressions.ts';
import type {
  ClassAttribute,
  ClassDefinition,
  FunctionDefinition,
  Parameter,
  ScriptExpression,
  ScriptFile,
  ScriptStatement,
} from './syntax.ts';

/** Longer types are in no model. */
const MAX_TYPE = 10_000;
const HOOKS: ReadonlySet<string> = new Set(['__forward_pre_hooks__', '__forward_hooks__']);

/**
 * Parses a file of TorchScript (torch/csrc/jit/serialization/python_print.cpp writes it): classes and functions, of which nothing runs.
 * @param name the file, for messages
 * @throws AssayError `malformed` for what is not TorchScript, or defines something twice; `limit`
 * @example parseScript('class M(Module):\n  def forward(self: M, x: Tensor) -> Tensor:\n    return torch.relu(x)\n', 'm.py', budget);
 */
export function parseScript(source: string, name: string, budget: FileBudget): ScriptFile {
  const cursor = new ScriptCursor(source, name, budget);
  const classes = new Map<string, ClassDefinition>();
  const functions = new Map<string, FunctionDefinition>();
  const define = <T extends { readonly name: string }>(known: Map<string, T>, one: T) => {
    if (classes.has(one.name) || functions.has(one.name))
      throw new AssayError('malformed', `${one.name} is defined twice`, { subject: name });
    known.set(one.name, one);
  };
  while (!cursor.is('end')) {
    if (cursor.isWord('class')) define(classes, readClass(cursor));
    else if (cursor.isWord('def')) define(functions, readFunction(cursor));
    else if (cursor.isWord('import') || cursor.isWord('from')) skipLine(cursor);
    else readVersion(cursor);
  }
  return { classes, functions };
}

function skipLine(cursor: ScriptCursor): void {
  while (!cursor.takes('newline')) cursor.next();
}

/** `op_version_set = 1` stands in files of PyTorch before 1.4. */
function readVersion(cursor: ScriptCursor): void {
  cursor.expect('name', 'op_version_set');
  cursor.expect('sign', '=');
  cursor.expect('int');
  cursor.expect('newline');
}

function readClass(cursor: ScriptCursor): ClassDefinition {
  const { line } = cursor.expect('name', 'class');
  const name = cursor.expect('name').text;
  let base = '';
  if (cursor.takesSign('(')) {
    base = readType(cursor);
    cursor.expect('sign', ')');
  }
  const attributes = new Map<string, ClassAttribute>();
  const methods = new Map<string, FunctionDefinition>();
  const hooks: string[] = [];
  const taken = (what: string) => {
    if (attributes.has(what) || methods.has(what)) throw cursor.refuse(`${what} is defined twice in ${name}`);
  };
  block(cursor, () => {
    if (cursor.isWord('def')) {
      const method = readFunction(cursor);
      taken(method.name);
      methods.set(method.name, method);
    } else if (cursor.takes('name', 'pass')) cursor.expect('newline');
    else {
      const attribute = readAttribute(cursor, hooks);
      if (attribute === undefined) return;
      taken(attribute.name);
      attributes.set(attribute.name, attribute);
    }
  });
  return { name, base, attributes, methods, hooks, line };
}

/** `name : Type`, `name : Final[int] = 1`, `__annotations__["0"] = Type`, or a list of names (`__parameters__ = [...]`). */
function readAttribute(
  cursor: ScriptCursor,
  hooks: string[],
): (ClassAttribute & { readonly name: string }) | undefined {
  const word = cursor.expect('name').text;
  if (cursor.takesSign('[')) {
    const name = cursor.expect('text').text;
    cursor.expect('sign', ']');
    cursor.expect('sign', '=');
    const type = readType(cursor);
    cursor.expect('newline');
    return { name, type, value: undefined };
  }
  if (cursor.takesSign('=')) {
    const value = readExpression(cursor);
    cursor.expect('newline');
    if (HOOKS.has(word)) hooks.push(...hookNames(cursor, value));
    return undefined;
  }
  cursor.expect('sign', ':');
  const type = readType(cursor);
  const value = cursor.takesSign('=') ? readExpression(cursor) : undefined;
  cursor.expect('newline');
  return { name: word, type, value };
}

function hookNames(cursor: ScriptCursor, value: ScriptExpression): string[] {
  const items = value.kind === 'list' ? value.items : [];
  const names = items.flatMap((item) => (item.kind === 'text' ? [item.value] : []));
  if (value.kind !== 'list' || names.length !== items.length) throw cursor.refuse('hooks are not a list of names');
  return names;
}

/** A type as it is written. */
function readType(cursor: ScriptCursor): string {
  let type = '';
  let open = 0;
  for (;;) {
    const { kind, text } = cursor.token;
    if (kind === 'sign') {
      if (open === 0 && [',', ')', ':', '=', ']'].includes(text)) break;
      if ('[('.includes(text)) open++;
      if ('])'.includes(text)) open--;
    } else if (kind !== 'name' && kind !== 'int' && kind !== 'text') break;
    type += text;
    if (type.length > MAX_TYPE) throw cursor.refuse(`a type has more than ${MAX_TYPE} characters`);
    cursor.next();
  }
  if (type === '') throw cursor.refuse('a type is expected');
  return type;
}

function readFunction(cursor: ScriptCursor): FunctionDefinition {
  const { line } = cursor.expect('name', 'def');
  const name = cursor.expect('name').text;
  cursor.expect('sign', '(');
  const parameters: Parameter[] = [];
  while (!cursor.takesSign(')')) {
    const parameter = cursor.expect('name').text;
    if (parameters.some((one) => one.name === parameter)) throw cursor.refuse(`${parameter} is a parameter twice`);
    const type = cursor.takesSign(':') ? readType(cursor) : undefined;
    const fallback = cursor.takesSign('=') ? readExpression(cursor) : undefined;
    parameters.push({ name: parameter, type, fallback });
    if (!cursor.isSign(')')) cursor.expect('sign', ',');
  }
  if (cursor.takesSign('->')) readType(cursor);
  return { name, parameters, body: readBlock(cursor), line };
}

function block(cursor: ScriptCursor, each: () => void): void {
  cursor.expect('sign', ':');
  cursor.expect('newline');
  cursor.expect('indent');
  cursor.within(() => {
    while (!cursor.takes('dedent')) each();
  });
}

function readBlock(cursor: ScriptCursor): ScriptStatement[] {
  const statements: ScriptStatement[] = [];
  block(cursor, () => void statements.push(cursor.within(() => readStatement(cursor))));
  return statements;
}

function readStatement(cursor: ScriptCursor): ScriptStatement {
  const { line, text } = cursor.token;
  switch (cursor.is('name') ? text : '') {
    case 'def':
      return { kind: 'define', definition: readFunction(cursor), line };
    case 'pass':
      cursor.next();
      cursor.expect('newline');
      return { kind: 'pass', line };
    case 'return': {
      cursor.next();
      const value = cursor.is('newline') ? undefined : readExpressions(cursor);
      cursor.expect('newline');
      return { kind: 'return', value, line };
    }
    case 'if':
      cursor.next();
      return readIf(cursor, line);
    case 'while':
      cursor.next();
      return { kind: 'while', condition: readExpression(cursor), body: readBlock(cursor), line };
    case 'for': {
      cursor.next();
      const target = readTarget(cursor);
      cursor.expect('name', 'in');
      return { kind: 'for', target, over: readExpression(cursor), body: readBlock(cursor), line };
    }
    case 'with':
      while (!cursor.isSign(':')) {
        if (cursor.is('newline')) throw cursor.refuse('":" is expected');
        cursor.next();
      }
      return { kind: 'with', body: readBlock(cursor), line };
    default:
      return readAssignment(cursor, line);
  }
}

/** The variable of a loop. */
function readTarget(cursor: ScriptCursor): ScriptExpression {
  const { line } = cursor;
  return { kind: 'name', name: cursor.expect('name').text, line };
}

function readIf(cursor: ScriptCursor, line: number): ScriptStatement {
  const condition = readExpression(cursor);
  const yes = readBlock(cursor);
  if (cursor.isWord('elif')) {
    const { line: at } = cursor.next();
    return { kind: 'if', condition, yes, no: [cursor.within(() => readIf(cursor, at))], line };
  }
  return { kind: 'if', condition, yes, no: cursor.takes('name', 'else') ? readBlock(cursor) : [], line };
}

function readAssignment(cursor: ScriptCursor, line: number): ScriptStatement {
  const target = readExpressions(cursor);
  const sign = cursor.is('sign') ? cursor.token.text : '';
  const finish = (statement: ScriptStatement): ScriptStatement => {
    cursor.expect('newline');
    return statement;
  };
  if (sign === ':') {
    cursor.next();
    readType(cursor);
    const value = cursor.takesSign('=') ? readExpressions(cursor) : undefined;
    return finish({ kind: 'assign', target, value, line });
  }
  if (sign === '=') {
    cursor.next();
    return finish({ kind: 'assign', target, value: readExpressions(cursor), line });
  }
  if (/^[-+*/%@]=$/.test(sign)) {
    cursor.next();
    return finish({ kind: 'augment', target, operator: sign.slice(0, -1), value: readExpression(cursor), line });
  }
  return finish({ kind: 'expression', value: target, line });
}
