import type { FileBudget } from '../../../core/index.ts';
import { type GraphScope, type NodeFacts, nodeName, type TensorflowGraph, tensorInputs } from './facts.ts';

/** Where a path comes from. What is appended to it stays within its folder. */
export type Origin =
  | { readonly kind: 'constant'; readonly text: string }
  /** A node that the caller of the graph feeds. */
  | { readonly kind: 'fed'; readonly node: string }
  | { readonly kind: 'argument'; readonly index: number }
  | { readonly kind: 'computed'; readonly by: string };

const MAX_ORIGINS = 64;
const MAX_DEPTH = 200;
const STEP_WORK = 64;

/** Operators that give on what they are given: the inputs that count. */
const PASSING: ReadonlyMap<string, 'first' | 'all' | 'choice'> = new Map([
  ['Identity', 'first'],
  ['StopGradient', 'first'],
  ['EnsureShape', 'first'],
  ['Reshape', 'first'],
  ['ExpandDims', 'first'],
  ['Squeeze', 'first'],
  ['ShardedFilename', 'first'],
  ['Pack', 'all'],
  ['IdentityN', 'all'],
  ['Select', 'choice'],
  ['SelectV2', 'choice'],
]);
const PLACEHOLDERS: ReadonlySet<string> = new Set(['Placeholder', 'PlaceholderV2']);

/** Finds where the values of inputs come from, within one scope. */
export class Origins {
  readonly #graph: TensorflowGraph;
  readonly #budget: FileBudget;
  readonly #known = new Map<GraphScope, Map<string, readonly Origin[]>>();
  #assigned: ReadonlyMap<string, readonly string[]> | undefined;

  constructor(graph: TensorflowGraph, budget: FileBudget) {
    this.#graph = graph;
    this.#budget = budget;
  }

  /** @param input as a node names it */
  of(scope: GraphScope, input: string, depth = 0): readonly Origin[] {
    const name = nodeName(input);
    this.#budget.work(STEP_WORK);
    const known = this.#known.get(scope) ?? new Map<string, readonly Origin[]>();
    this.#known.set(scope, known);
    const found = known.get(name);
    if (found !== undefined) return found;
    // A node that leads to itself is computed.
    known.set(name, [{ kind: 'computed', by: 'a loop' }]);
    const origins =
      depth > MAX_DEPTH ? [{ kind: 'computed', by: 'a long chain' } as const] : this.#find(scope, name, depth);
    const few = origins.length > MAX_ORIGINS ? [{ kind: 'computed', by: 'many values' } as const] : origins;
    known.set(name, few);
    return few;
  }

  #find(scope: GraphScope, name: string, depth: number): readonly Origin[] {
    const index = scope.arguments.indexOf(name);
    const node = scope.nodes.get(name);
    if (node === undefined)
      return index >= 0 ? [{ kind: 'argument', index }] : [{ kind: 'computed', by: 'a node that is missing' }];
    if (index >= 0) return [{ kind: 'computed', by: 'an argument and a node of one name' }];
    const inputs = tensorInputs(node);
    const each = (some: readonly string[]) => some.flatMap((input) => this.of(scope, input, depth + 1));
    const { op } = node;
    // The loader feeds the path of an asset to its constant.
    if (op === 'Const' && scope.name === '' && this.#graph.assets.has(name)) return [{ kind: 'fed', node: name }];
    if (op === 'Const' && node.constant !== undefined) return node.constant.map((text) => ({ kind: 'constant', text }));
    if (PLACEHOLDERS.has(op)) return [{ kind: 'fed', node: name }];
    if (op === 'PlaceholderWithDefault') return [{ kind: 'fed', node: name }, ...each(inputs.slice(0, 1))];
    if (op === 'StringJoin') return this.#joined(scope, node, depth);
    if (op === 'ReadVariableOp' && scope.name === '') return this.#variable(scope, inputs[0] ?? '', depth);
    const passing = this.#graph.functions.has(op) ? undefined : PASSING.get(op);
    if (passing === undefined || inputs.length === 0) return [{ kind: 'computed', by: op }];
    return each(passing === 'first' ? inputs.slice(0, 1) : passing === 'choice' ? inputs.slice(1, 3) : inputs);
  }

  /** A path with something appended, which must not lead out of its folder. */
  #joined(scope: GraphScope, node: NodeFacts, depth: number): readonly Origin[] {
    const [first, ...rest] = tensorInputs(node);
    if (first === undefined) return [{ kind: 'computed', by: 'StringJoin' }];
    const bases = this.of(scope, first, depth + 1);
    let ends: readonly string[] = [''];
    const separator = node.texts.get('separator') ?? (node.texts.has('separator') ? '..' : '');
    for (const input of rest) {
      const parts = this.of(scope, input, depth + 1);
      if (!parts.every((part) => part.kind === 'constant')) return [{ kind: 'computed', by: 'StringJoin' }];
      ends = ends.flatMap((end) =>
        parts.map((part) => `${end}${separator}${part.kind === 'constant' ? part.text : ''}`),
      );
      if (ends.length > MAX_ORIGINS) return [{ kind: 'computed', by: 'StringJoin' }];
    }
    return bases.flatMap((base): readonly Origin[] => {
      if (base.kind === 'constant') return ends.map((end) => ({ kind: 'constant', text: base.text + end }));
      return ends.some((end) => end.includes('..')) ? [{ kind: 'computed', by: 'StringJoin' }] : [base];
    });
  }

  /** What the variable of a handle of the main graph holds: all values that are assigned to it. */
  #variable(scope: GraphScope, handle: string, depth: number): readonly Origin[] {
    this.#assigned ??= this.#findAssigned();
    const values = this.#assigned.get(nodeName(handle));
    if (values === undefined || values.length === 0) return [{ kind: 'computed', by: 'a variable' }];
    return values.flatMap((value) =>
      value === '' ? [{ kind: 'computed' as const, by: 'a variable' }] : this.of(scope, value, depth + 1),
    );
  }

  /** By handles of the main graph: the inputs that are assigned to them; an empty one where another operator is given the handle. */
  #findAssigned(): ReadonlyMap<string, readonly string[]> {
    const assigned = new Map<string, string[]>();
    for (const node of this.#graph.main.nodes.values()) {
      this.#budget.work(STEP_WORK);
      const inputs = tensorInputs(node);
      for (const [at, input] of inputs.entries()) {
        const name = nodeName(input);
        if (this.#graph.main.nodes.get(name)?.op !== 'VarHandleOp') continue;
        if (node.op === 'ReadVariableOp' || node.op === 'VarIsInitializedOp') continue;
        const value = node.op === 'AssignVariableOp' && at === 0 ? (inputs[1] ?? '') : '';
        const values = assigned.get(name);
        if (values === undefined) assigned.set(name, [value]);
        else if (values.length < MAX_ORIGINS) values.push(value);
        else values[0] = '';
      }
    }
    return assigned;
  }
}
