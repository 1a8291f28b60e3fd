import { childrenOf, type Macro, type Node } from './ast.ts';
import { Budget } from './budget.ts';
import { overloadsOf } from './functions.ts';
import { Failure, isList, isMap, keyOf, type MapKey, type Value, type ValueMap } from './values.ts';

/** What an evaluation works with. */
export interface Frame {
  readonly globals: ValueMap;
  /** The value of `variables.NAME`. */
  variable(name: string): Value | Failure;
  readonly budget: Budget;
  /** Values of the names that walks give to their items, outermost first. */
  readonly slots: Value[];
}

export type Evaluator = (frame: Frame) => Value | Failure;
type Scope = readonly string[];

/** The name under which a policy's variables are found. */
export const VARIABLES = 'variables';

export function newFrame(globals: ValueMap, budget = new Budget(), variable: Frame['variable'] = noVariable): Frame {
  return { globals, variable, budget, slots: [] };
}

function noVariable(name: string): Failure {
  return new Failure(`there is no variable ${name}`);
}

/** An expression, ready to be evaluated any number of times. It throws nothing but `limit`, when the budget is spent. */
export function compileExpression(node: Node, scope: Scope = []): Evaluator {
  switch (node.kind) {
    case 'const': {
      const { value } = node;
      return () => value;
    }
    case 'ident':
      return compileIdent(node.name, node.at, scope);
    case 'select':
      return compileSelect(node.of, node.field, node.at, scope);
    case 'has':
      return compileHas(node.of, node.field, node.at, scope);
    case 'index':
      return compileIndex(compileExpression(node.of, scope), compileExpression(node.index, scope), node.at);
    case 'call':
    case 'method':
      return compileCall(node.kind, node.name, node.at, node.args, scope);
    case 'and':
    case 'or':
      return compileJunction(node.kind, node.at, node.terms, scope);
    case 'if':
      return compileIf(
        node.at,
        [node.test, node.yes, node.no].map((part) => compileExpression(part, scope)),
      );
    case 'list':
      return compileList(node.items, scope);
    case 'map':
      return compileMap(node.entries, scope, node.at);
    case 'macro':
      return compileMacro(node, scope);
  }
}

function compileIdent(name: string, at: number, scope: Scope): Evaluator {
  const slot = scope.lastIndexOf(name);
  if (slot >= 0) return ({ slots }) => slots[slot] ?? null;
  return ({ globals }) => globals.get(name) ?? (globals.has(name) ? null : new Failure(`there is no ${name}`, at));
}

function compileSelect(of: Node, field: string, at: number, scope: Scope): Evaluator {
  if (of.kind === 'ident' && of.name === VARIABLES && !scope.includes(VARIABLES)) {
    return (frame) => frame.variable(field);
  }
  const operand = compileExpression(of, scope);
  return (frame) => {
    const value = operand(frame);
    if (value instanceof Failure) return value;
    if (!isMap(value)) return new Failure(`${field} is asked of what has no fields`, at);
    return value.get(field) ?? (value.has(field) ? null : new Failure(`there is no ${field}`, at));
  };
}

function compileHas(of: Node, field: string, at: number, scope: Scope): Evaluator {
  const operand = compileExpression(of, scope);
  return (frame) => {
    const value = operand(frame);
    if (value instanceof Failure) return value;
    return isMap(value) ? value.has(field) : new Failure(`${field} is asked of what has no fields`, at);
  };
}

function compileIndex(of: Evaluator, index: Evaluator, at: number): Evaluator {
  return (frame) => {
    const value = of(frame);
    if (value instanceof Failure) return value;
    const wanted = index(frame);
    if (wanted instanceof Failure) return wanted;
    const key = keyOf(wanted);
    if (isMap(value)) {
      const found = key === undefined ? undefined : value.get(key);
      return found ?? (key !== undefined && value.has(key) ? null : new Failure(`there is no ${String(key)}`, at));
    }
    if (!isList(value) || typeof key !== 'bigint') return new Failure('a list takes a whole number, a map a key', at);
    return (
      value[Number(key)] ?? (key >= 0n && key < value.length ? null : new Failure('the list has no such item', at))
    );
  };
}

function compileCall(
  style: 'call' | 'method',
  name: string,
  at: number,
  nodes: readonly Node[],
  scope: Scope,
): Evaluator {
  const overloads = overloadsOf(style, name);
  const args = nodes.map((node) => compileExpression(node, scope));
  return (frame) => {
    const values: Value[] = [];
    for (const arg of args) {
      const value = arg(frame);
      if (value instanceof Failure) return value;
      values.push(value);
    }
    for (const overload of overloads) {
      const result = overload.apply(values, frame.budget);
      if (result !== undefined) return result instanceof Failure ? new Failure(result.message, at) : result;
    }
    return new Failure(`${shownName(name)} does not take these values`, at);
  };
}

/** `_+_` as people write it. */
export function shownName(name: string): string {
  return name === '@in' ? 'in' : /^\w*[^\w]/.test(name) ? name.replaceAll('_', '') : name;
}

/** The first operand that decides does so, also when another one fails. */
function compileJunction(kind: 'and' | 'or', at: number, nodes: readonly Node[], scope: Scope): Evaluator {
  const terms = nodes.map((node) => compileExpression(node, scope));
  const decisive = kind === 'or';
  return (frame) => {
    let failure: Failure | undefined;
    for (const term of terms) {
      const value = term(frame);
      if (value === decisive) return decisive;
      if (value !== !decisive) failure ??= asFailure(value, at);
    }
    return failure ?? !decisive;
  };
}

function asFailure(value: Value | Failure, at: number): Failure {
  return value instanceof Failure ? value : new Failure('this is neither true nor false', at);
}

function compileIf(at: number, [test, yes, no]: readonly Evaluator[]): Evaluator {
  return (frame) => {
    const value = test?.(frame) ?? null;
    if (value === true) return yes?.(frame) ?? null;
    return value === false ? (no?.(frame) ?? null) : asFailure(value, at);
  };
}

function compileList(nodes: readonly Node[], scope: Scope): Evaluator {
  const items = nodes.map((node) => compileExpression(node, scope));
  return (frame) => {
    const values: Value[] = [];
    for (const item of items) {
      const value = item(frame);
      if (value instanceof Failure) return value;
      values.push(value);
    }
    return values;
  };
}

function compileMap(nodes: readonly (readonly [Node, Node])[], scope: Scope, at: number): Evaluator {
  const entries = nodes.map(
    ([key, value]) => [compileExpression(key, scope), compileExpression(value, scope)] as const,
  );
  return (frame) => {
    const map = new Map<MapKey, Value>();
    for (const [keyPart, valuePart] of entries) {
      const named = keyPart(frame);
      if (named instanceof Failure) return named;
      const key = typeof named === 'number' ? undefined : keyOf(named);
      if (key === undefined) return new Failure('a key is text, a whole number, true or false', at);
      if (map.has(key)) return new Failure(`the key ${String(key)} is there twice`, at);
      const value = valuePart(frame);
      if (value instanceof Failure) return value;
      map.set(key, value);
    }
    return map;
  };
}

function compileMacro(node: Macro, scope: Scope): Evaluator {
  const over = compileExpression(node.over, scope);
  const inner = [...scope, node.variable];
  const body = compileExpression(node.body, inner);
  const test = node.test === undefined ? undefined : compileExpression(node.test, inner);
  const cost = costOf(node.body) + (node.test === undefined ? 1 : 1 + costOf(node.test));
  const walk = WALKS[node.name](body, test, node.at);
  return (frame) => {
    const value = over(frame);
    if (value instanceof Failure) return value;
    const items = isMap(value) ? [...value.keys()] : isList(value) ? value : undefined;
    if (items === undefined) return new Failure(`${node.name} walks lists and maps`, node.at);
    return walk(frame, items, (item) => {
      frame.budget.spend(cost);
      frame.slots[scope.length] = item;
    });
  };
}

/** Parts of an expression that one turn evaluates; walks within pay for themselves. */
function costOf(node: Node): number {
  if (node.kind === 'macro') return 1 + costOf(node.over);
  return childrenOf(node).reduce((sum, child) => sum + costOf(child), 1);
}

type Walk = (frame: Frame, items: readonly Value[], turn: (item: Value) => void) => Value | Failure;

const WALKS: Readonly<Record<Macro['name'], (body: Evaluator, test: Evaluator | undefined, at: number) => Walk>> = {
  all: (body, _, at) => quantifier(body, at, false),
  exists: (body, _, at) => quantifier(body, at, true),
  exists_one: (body, _, at) => (frame, items, turn) => {
    let count = 0;
    for (const item of items) {
      turn(item);
      const value = body(frame);
      if (typeof value !== 'boolean') return asFailure(value, at);
      if (value) count++;
    }
    return count === 1;
  },
  filter: (body, _, at) => (frame, items, turn) => {
    const kept: Value[] = [];
    for (const item of items) {
      turn(item);
      const value = body(frame);
      if (typeof value !== 'boolean') return asFailure(value, at);
      if (value) kept.push(item);
    }
    return kept;
  },
  map: (body, test, at) => (frame, items, turn) => {
    const made: Value[] = [];
    for (const item of items) {
      turn(item);
      const wanted = test === undefined ? true : test(frame);
      if (typeof wanted !== 'boolean') return asFailure(wanted, at);
      if (!wanted) continue;
      const value = body(frame);
      if (value instanceof Failure) return value;
      made.push(value);
    }
    return made;
  },
};

/** An item that decides does so, also when others fail. */
function quantifier(body: Evaluator, at: number, decisive: boolean): Walk {
  return (frame, items, turn) => {
    let failure: Failure | undefined;
    for (const item of items) {
      turn(item);
      const value = body(frame);
      if (value === decisive) return decisive;
      if (value !== !decisive) failure ??= asFailure(value, at);
    }
    return failure ?? !decisive;
  };
}
