import type { Constant, Node } from './cel/ast.ts';
import { VARIABLES } from './cel/evaluate.ts';

/** What is known before there is an artifact: fields of the view by their path, `environment.stage`. */
export type Known = ReadonlyMap<string, Constant>;

/**
 * What an expression always gives, given what is known; `undefined` when that depends on the artifact. Part of the language
 * only: an answer is right, no answer says nothing.
 */
export function constantOf(node: Node, known: Known, variables: ReadonlyMap<string, Node>): Constant | undefined {
  const of = (part: Node) => constantOf(part, known, variables);
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
      if (terms.includes(decisive)) return decisive;
      return terms.every((term) => term === !decisive) ? !decisive : undefined;
    }
    case 'if': {
      const test = of(node.test);
      return typeof test === 'boolean' ? of(test ? node.yes : node.no) : undefined;
    }
    case 'call':
      return ofCall(node.name, node.args, of);
    default:
      return undefined;
  }
}

function ofCall(name: string, args: readonly Node[], of: (node: Node) => Constant | undefined): Constant | undefined {
  const [left, right] = args;
  if (left === undefined) return undefined;
  const value = of(left);
  if (name === '!_') return typeof value === 'boolean' ? !value : undefined;
  if (value === undefined || right === undefined) return undefined;
  if (name === '@in') return right.kind === 'list' ? within(value, right.items.map(of)) : undefined;
  const other = of(right);
  if (other === undefined) return undefined;
  const equal = isEqual(value, other);
  if (name === '_==_') return equal;
  return name === '_!=_' && equal !== undefined ? !equal : undefined;
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
