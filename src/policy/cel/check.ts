import { closest } from '../../core/index.ts';
import type { Macro, Node } from './ast.ts';
import { VARIABLES } from './evaluate.ts';
import { ExpressionError } from './expression-error.ts';
import { functionNames, type Overload, overloadsOf } from './functions.ts';
import { patternOf } from './library.ts';
import { shownName } from './text.ts';
import {
  ANY,
  BOOL_TYPE,
  comparable,
  DOUBLE,
  INT_TYPE,
  joinedTypes,
  listOf,
  mapOf,
  present,
  STRING,
  type Type,
  typeNameOf,
} from './types.ts';

/** The names that an expression may use. */
export interface Names {
  readonly roots: Readonly<Record<string, Type>>;
  /** Types of `variables.NAME`, those that are defined before. */
  readonly variables: ReadonlyMap<string, Type>;
}

/**
 * The type of an expression.
 * @throws ExpressionError for the first fault: a name, field or function that is not there, operands of
 * types that never go together, a word that a field never holds.
 */
export function checkExpression(node: Node, names: Names): Type {
  return typeOf(node, { names, locals: [] });
}

interface Scope {
  readonly names: Names;
  /** Variables of loops, the innermost last. */
  readonly locals: readonly (readonly [name: string, type: Type])[];
}

function typeOf(node: Node, scope: Scope): Type {
  switch (node.kind) {
    case 'const':
      return typeOfConstant(node.value);
    case 'ident':
      return typeOfIdent(node.name, node.at, scope);
    case 'select':
      return typeOfSelect(node.of, node.field, node.at, scope);
    case 'has':
      typeOfSelect(node.of, node.field, node.at, scope);
      return BOOL_TYPE;
    case 'index':
      return typeOfIndex(node.of, node.index, scope);
    case 'call':
    case 'method':
      return typeOfCall(node, scope);
    case 'and':
    case 'or':
      for (const term of node.terms) wantBool(term, scope);
      return BOOL_TYPE;
    case 'if':
      wantBool(node.test, scope);
      return joinedTypes(typeOf(node.yes, scope), typeOf(node.no, scope));
    case 'list':
      return listOf(allJoined(node.items, scope));
    case 'map':
      return typeOfMap(node.entries, scope);
    case 'macro':
      return typeOfMacro(node, scope);
  }
}

function typeOfConstant(value: null | boolean | bigint | number | string): Type {
  if (value === null) return { kind: 'null' };
  if (typeof value === 'boolean') return BOOL_TYPE;
  if (typeof value === 'bigint') return INT_TYPE;
  return typeof value === 'number' ? DOUBLE : { kind: 'words', words: [value] };
}

function typeOfIdent(name: string, at: number, { names, locals }: Scope): Type {
  const local = locals.findLast(([known]) => known === name);
  if (local !== undefined) return local[1];
  const root = Object.hasOwn(names.roots, name) ? names.roots[name] : undefined;
  if (root !== undefined) return root;
  if (name === VARIABLES)
    throw new ExpressionError(at, 'variables can only be used one by one', 'write variables.NAME');
  throw missing(at, `${name} does not exist`, name, [...Object.keys(names.roots), ...locals.map(([known]) => known)]);
}

function typeOfSelect(of: Node, field: string, at: number, scope: Scope): Type {
  if (of.kind === 'ident' && of.name === VARIABLES && !scope.locals.some(([name]) => name === VARIABLES)) {
    const { variables } = scope.names;
    const known = variables.get(field);
    if (known === undefined)
      throw missing(at, `no variable ${field} is defined before this place`, field, variables.keys());
    return known;
  }
  const type = present(typeOf(of, scope));
  if (type.kind === 'any') return ANY;
  if (type.kind === 'map') return type.of;
  if (type.kind !== 'record') throw new ExpressionError(at, `${typeNameOf(type)} has no fields`);
  const known = Object.hasOwn(type.fields, field) ? type.fields[field] : undefined;
  if (known === undefined) throw missing(at, `${type.name} has no field ${field}`, field, Object.keys(type.fields));
  return known.type;
}

function missing(at: number, message: string, name: string, known: Iterable<string>): ExpressionError {
  const all = [...known];
  const [near] = closest(name, all);
  const list = all.length === 0 ? undefined : `use one of ${all.join(', ')}`;
  return new ExpressionError(at, message, near === undefined ? list : `did you mean ${near}?`);
}

function typeOfIndex(of: Node, index: Node, scope: Scope): Type {
  const type = present(typeOf(of, scope));
  const wanted = present(typeOf(index, scope));
  const fits = (kinds: readonly Type['kind'][]) => kinds.includes(wanted.kind) || wanted.kind === 'any';
  if (type.kind === 'any') return ANY;
  if (type.kind === 'list' && fits(['int'])) return type.of;
  if (type.kind === 'map' && fits(['string', 'words'])) return type.of;
  if (type.kind === 'record') {
    throw new ExpressionError(index.at, `${type.name} has fields`, 'select a field with a point, as in a.b');
  }
  const keys =
    type.kind === 'list'
      ? 'the index of a list is an integer'
      : type.kind === 'map'
        ? 'the key of a map is text'
        : `${typeNameOf(type)} has no members`;
  throw new ExpressionError(index.at, `${keys}, but this is ${typeNameOf(wanted)}`);
}

function allJoined(nodes: readonly Node[], scope: Scope): Type {
  const types = nodes.map((node) => typeOf(node, scope));
  return types.length === 0 ? ANY : types.reduce(joinedTypes);
}

function typeOfMap(entries: readonly (readonly [Node, Node])[], scope: Scope): Type {
  for (const [key] of entries) {
    const type = present(typeOf(key, scope));
    if (!comparable(type, STRING)) throw new ExpressionError(key.at, `a key is text, but this is ${typeNameOf(type)}`);
  }
  return mapOf(
    allJoined(
      entries.map(([, value]) => value),
      scope,
    ),
  );
}

function typeOfMacro(node: Macro, scope: Scope): Type {
  const over = present(typeOf(node.over, scope));
  if (over.kind !== 'list' && over.kind !== 'map' && over.kind !== 'any') {
    throw new ExpressionError(node.at, `${node.name} loops over lists and maps, but this is ${typeNameOf(over)}`);
  }
  const item = over.kind === 'list' ? over.of : over.kind === 'map' ? STRING : ANY;
  const inner = { ...scope, locals: [...scope.locals, [node.variable, item] as const] };
  if (node.test !== undefined) wantBool(node.test, inner);
  if (node.name === 'map') return listOf(typeOf(node.body, inner));
  wantBool(node.body, inner);
  return node.name === 'filter' ? listOf(item) : BOOL_TYPE;
}

function wantBool(node: Node, scope: Scope): void {
  const type = present(typeOf(node, scope));
  if (type.kind !== 'bool' && type.kind !== 'any') {
    throw new ExpressionError(node.at, `this must be a boolean, but is ${typeNameOf(type)}`);
  }
}

type Call = Extract<Node, { kind: 'call' | 'method' }>;

function typeOfCall(node: Call, scope: Scope): Type {
  const types = node.args.map((arg) => typeOf(arg, scope));
  const [left = ANY, right = ANY] = types;
  const { name, at } = node;
  if (node.kind === 'call') {
    if (name === '_==_' || name === '_!=_') checkEqual(left, right, at);
    if (name === '@in') checkMembership(left, right, at);
    if (['_<_', '_<=_', '_>_', '_>=_'].includes(name)) checkOrder(left, right, at);
    if (name === '_+_' && present(left).kind === 'list' && present(right).kind === 'list')
      return joinedTypes(left, right);
    if (name === 'dyn') return ANY;
  }
  if (name === 'matches') checkPattern(node.args[1]);
  const overloads = overloadsOf(node.kind, name);
  if (overloads.length === 0) throw noFunction(node);
  const fitting = overloads.filter(({ params }) => fits(params, types));
  const [first] = fitting;
  if (first === undefined) throw wrongOperands(node, types, overloads);
  return fitting.every(({ result }) => result.kind === first.result.kind) ? first.result : ANY;
}

function fits(params: readonly string[], types: readonly Type[]): boolean {
  return params.length === types.length && types.every((type, i) => accepts(params[i] ?? 'dyn', present(type)));
}

/** @param param name of a type of the library */
function accepts(param: string, { kind }: Type): boolean {
  if (param === 'dyn' || kind === 'any') return true;
  if (kind === 'words') return param === 'string';
  if (kind === 'record') return param === 'map';
  if (kind === 'null') return param === 'null_type';
  return param === kind;
}

function checkEqual(left: Type, right: Type, at: number): void {
  if (comparable(left, right)) return;
  throw (
    neverEqual(left, right, at) ??
    new ExpressionError(at, `${typeNameOf(left)} is compared with ${typeNameOf(right)}: they are never equal`)
  );
}

function checkMembership(item: Type, all: Type, at: number): void {
  const within = present(all);
  if (within.kind === 'list') {
    if (!comparable(item, within.of)) {
      throw (
        neverEqual(item, within.of, at) ??
        new ExpressionError(at, `${typeNameOf(item)} is compared with a list of ${typeNameOf(within.of)}`)
      );
    }
    checkEachWord(item, within.of, at);
  }
  if (within.kind === 'map' && !comparable(item, STRING)) {
    throw new ExpressionError(at, `${typeNameOf(item)} is compared with the keys of a map, which are text`);
  }
}

/** In `f.severity in ['high', 'critcal']`, each word has to be one of the field's. */
function checkEachWord(item: Type, others: Type, at: number): void {
  const known = present(item);
  const list = present(others);
  if (known.kind !== 'words' || list.kind !== 'words' || known.words.length < 2) return;
  const stranger = list.words.find((word) => !known.words.includes(word));
  if (stranger !== undefined) throw missing(at, `"${stranger}" is never the value`, stranger, known.words);
}

function neverEqual(left: Type, right: Type, at: number): ExpressionError | undefined {
  const [a, b] = [present(left), present(right)];
  if (a.kind !== 'words' || b.kind !== 'words') return undefined;
  const [known, [word = '']] = a.words.length >= b.words.length ? [a.words, b.words] : [b.words, a.words];
  return missing(at, `"${word}" is never the value`, word, known);
}

function checkOrder(left: Type, right: Type, at: number): void {
  const [a, b] = [present(left), present(right)];
  const isOrdered = !['list', 'map', 'record', 'null'].includes(a.kind);
  const isNumeric = (type: Type) => type.kind === 'int' || type.kind === 'double';
  const sameKind =
    a.kind === 'words' || a.kind === 'string' ? b.kind === 'words' || b.kind === 'string' : a.kind === b.kind;
  if (a.kind === 'any' || b.kind === 'any' || (isOrdered && (sameKind || (isNumeric(a) && isNumeric(b))))) return;
  throw new ExpressionError(at, `${typeNameOf(a)} and ${typeNameOf(b)} cannot be ordered`);
}

/** A pattern that stands in the policy is compiled with it. */
function checkPattern(node: Node | undefined): void {
  if (node?.kind !== 'const' || typeof node.value !== 'string') return;
  try {
    patternOf(node.value);
  } catch (error) {
    throw new ExpressionError(node.at, error instanceof Error ? error.message : String(error));
  }
}

function noFunction({ kind, name, at }: Call): ExpressionError {
  const other = kind === 'call' ? 'method' : 'call';
  if (overloadsOf(other, name).length > 0) {
    return new ExpressionError(
      at,
      `${name} is ${kind === 'call' ? 'written' : 'not written'} after a point`,
      kind === 'call' ? `write x.${name}(...)` : `write ${name}(x)`,
    );
  }
  return missing(at, `the function ${name} does not exist`, name, functionNames(kind));
}

function wrongOperands(
  { kind, name, at }: Call,
  types: readonly Type[],
  overloads: readonly Overload[],
): ExpressionError {
  const own = kind === 'method' ? types.slice(1) : types;
  const on = kind === 'method' ? ` of ${typeNameOf(types[0] ?? ANY)}` : '';
  const takes = [
    ...new Set(overloads.map(({ params }) => (kind === 'method' ? params.slice(1) : params).join(' and '))),
  ];
  const given = own.length === 0 ? 'nothing' : own.map(typeNameOf).join(' and ');
  return new ExpressionError(
    at,
    `${shownName(name)}${on} does not accept ${given}`,
    `it takes ${takes.map((each) => each || 'nothing').join(', or ')}`,
  );
}
