import type { GraphNode } from '../../../formats/pickle/graph/index.ts';
import { entriesIn, isConstantNode, itemsIn, NotKnown } from './parts.ts';

/** Options of `jit` that choose how code is compiled, and nothing else (numba/core/options.py, cpu.py). */
const OPTIONS: ReadonlySet<string> = new Set([
  ...['nopython', 'forceobj', 'looplift', 'error_model', 'fastmath', 'boundscheck', 'nogil', 'parallel', 'inline'],
  ...['no_rewrites', 'no_cpython_wrapper', 'no_cfunc_wrapper', '_nrt', 'debug'],
]);
const WORDS = /^(?:python|numpy|never|always|fast|nnan|ninf|nsz|arcp|contract|afn|reassoc)$/;

/** Types whose instances hold names, numbers and other types (numba/core/types). */
const TYPES =
  /^numba\.core\.types\.(?:scalars:(?:Boolean|Integer|Float|Complex)|misc:(?:NoneType|Omitted)|npytypes:Array|containers:(?:UniTuple|Tuple|List))$/;
const MAX_DEPTH = 4;

export function isPlainOption(key: string, value: GraphNode): boolean {
  if (!OPTIONS.has(key)) return false;
  if (isConstantNode(value, 'bool') || isConstantNode(value, 'none')) return true;
  return value.kind === 'constant' && value.type === 'text' && WORDS.test(value.value);
}

/** A type of numba's as `_type_reconstructor(copyreg._reconstructor, (class, object, None), attributes)` makes it. */
export function isPlainType(node: GraphNode, depth = 0): boolean {
  if (node.kind !== 'call' || node.callee.kind !== 'global' || depth > MAX_DEPTH) return false;
  if (node.callee.name !== '_type_reconstructor') return false;
  const [maker, args, state] = itemsIn(node.args, 'tuple');
  if (maker?.kind !== 'global' || maker.module !== 'copyreg' || maker.name !== '_reconstructor') return false;
  const [cls, base, nothing] = itemsIn(args, 'tuple');
  if (cls?.kind !== 'global' || !TYPES.test(`${cls.module}:${cls.name}`)) return false;
  if (base?.kind !== 'global' || base.module !== 'builtins' || base.name !== 'object') return false;
  if (!isConstantNode(nothing, 'none')) throw new NotKnown();
  return [...entriesIn(state).values()].every((value) => isPlain(value, depth));
}

function isPlain(value: GraphNode, depth: number): boolean {
  if (value.kind === 'constant') return true;
  if (value.kind === 'tuple' && depth < MAX_DEPTH) return value.items.every((item) => isPlain(item, depth + 1));
  return isPlainType(value, depth + 1);
}
