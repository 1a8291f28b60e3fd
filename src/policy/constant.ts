import { type Constant, expressionText, type Node, VARIABLES } from './cel/index.ts';

/** The known values before there is an artifact: fields of the view by their path, `environment.stage`. */
export type KnownConstant = ReadonlyMap<string, Constant>;

/**
 * The constant value of an expression, given the known values; `undefined` when it depends on the artifact. Supports a part of
 * the language only: a result is correct, and no result means nothing.
 */
export function expressionConstant(
  node: Node,
  known: KnownConstant,
  variables: ReadonlyMap<string, Node>,
): Constant | undefined {
  const of = (part: Node) => expressionConstant(part, known, variables);
  switch (node.kind) {
    case 'const':
      return node.value;
    case 'select': {
      if (node.of.kind !== 'ident') return undefined;
      const variable = node.of.name === VARIABLES ? variables.get(node.field) : undefined;
      return variable === undefined ? known.get(`${node.of.name}.${node.field}`) : of(variable);
    }
    case 'and':
    case 'or': {
      const decisive = node.kind === 'or';
      const terms = node.terms.map(of);
      if (terms.includes(decisive) || isExhaustive(node.kind, node.terms)) return decisive;
      return terms.every((term) => term === !decisive) ? !decisive : undefined;
    }
    case 'if': {
      const test = of(node.test);
      return typeof test === 'boolean' ? of(test ? node.yes : node.no) : undefined;
    }
    case 'call':
      return ofCall(node.name, node.args, of);
    case 'macro': {
      // The result is the same for every list, including an empty one.
      const neutral = node.name === 'all';
      if (node.name !== 'all' && node.name !== 'exists') return undefined;
      return isPath(node.over) && of(node.body) === neutral ? neutral : undefined;
    }
    default:
      return undefined;
  }
}

function ofCall(name: string, args: readonly Node[], of: (node: Node) => Constant | undefined): Constant | undefined {
  const [left, right] = args;
  if (left === undefined) return undefined;
  const value = of(left);
  if (name === '!_') return typeof value === 'boolean' ? !value : undefined;
  if (right === undefined) return undefined;
  if (ORDERS.has(name)) return ordered(name, sizeOr(left, value), sizeOr(right, of(right)));
  if (value === undefined) return undefined;
  if (name === '@in') return right.kind === 'list' ? within(value, right.items.map(of)) : undefined;
  const other = of(right);
  if (other === undefined) return undefined;
  const equal = isEqual(value, other);
  if (name === '_==_') return equal;
  return name === '_!=_' && equal !== undefined ? !equal : undefined;
}

/** Of numbers, least and greatest: a size is never negative. */
type Range = readonly [least: bigint | number, greatest: bigint | number];

const ORDERS: ReadonlySet<string> = new Set(['_<_', '_<=_', '_>_', '_>=_']);

function sizeOr(node: Node, value: Constant | undefined): Range | undefined {
  if (typeof value === 'bigint' || typeof value === 'number') return [value, value];
  const isSize = (node.kind === 'method' || node.kind === 'call') && node.name === 'size' && node.args.every(isPath);
  return isSize ? [0n, Number.POSITIVE_INFINITY] : undefined;
}

function ordered(name: string, a: Range | undefined, b: Range | undefined): boolean | undefined {
  if (a === undefined || b === undefined) return undefined;
  if (name === '_>_') return ordered('_<_', b, a);
  if (name === '_>=_') return ordered('_<=_', b, a);
  if (name === '_<_') return a[1] < b[0] ? true : a[0] >= b[1] ? false : undefined;
  return a[1] <= b[0] ? true : a[0] > b[1] ? false : undefined;
}

/**
 * `x == 'a' && x == 'b'`, which is always false, and `x != 'a' || x != 'b'`, which is always true.
 */
function isExhaustive(kind: 'and' | 'or', terms: readonly Node[]): boolean {
  const wanted = kind === 'and' ? '_==_' : '_!=_';
  const first = new Map<string, Constant>();
  return terms.some((term) => {
    if (term.kind !== 'call' || term.name !== wanted) return false;
    const [left, right] = term.args;
    const [path, value] = left?.kind === 'const' ? [right, left] : [left, right];
    if (path === undefined || value?.kind !== 'const' || !isPath(path)) return false;
    const key = expressionText(path);
    const known = first.get(key);
    if (known === undefined) first.set(key, value.value);
    return known !== undefined && isEqual(known, value.value) === false;
  });
}

/** A name and fields of it: it has a value, always. What a variable holds may fail, and a key of a map may be missing. */
function isPath(node: Node): boolean {
  if (node.kind === 'ident') return node.name !== VARIABLES;
  return node.kind === 'select' && !isMap(node.of) && isPath(node.of);
}

function isMap(node: Node): boolean {
  return (node.kind === 'ident' && node.name === 'checks') || (node.kind === 'select' && node.field === 'labels');
}

function within(value: Constant, items: readonly (Constant | undefined)[]): boolean | undefined {
  const found = items.map((item) => (item === undefined ? undefined : isEqual(value, item)));
  if (found.includes(true)) return true;
  return found.every((one) => one === false) ? false : undefined;
}

/** Numbers of two kinds are left to the evaluation. */
function isEqual(a: Constant, b: Constant): boolean | undefined {
  const kinds = [typeof a, typeof b];
  if (kinds.includes('number') && kinds.includes('bigint')) return undefined;
  return a === b;
}
