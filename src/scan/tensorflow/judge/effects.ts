import type { FileBudget } from '../../../core/index.ts';
import { type GraphScope, type NodeFacts, nodeName, nodePlace, type TensorflowGraph } from './facts.ts';

const STEP_WORK = 32;
/** Operators that write variables to files. */
const SAVING: ReadonlySet<string> = new Set(['SaveV2', 'Save', 'SaveSlices', 'MergeV2Checkpoints']);

export interface Effect {
  readonly when: 'loaded' | 'called';
  readonly op: string;
  readonly place: string;
  readonly offset: number;
}

/** Files that are written where the model is loaded or called, and not where it is saved. */
export function effectsOf(graph: TensorflowGraph, budget: FileBudget): readonly Effect[] {
  const walk = new Reach(graph, budget);
  return [
    ...walk.from([...graph.restore, ...graph.initial], 'loaded'),
    ...walk.from([...graph.signatureOutputs], 'called'),
  ];
}

class Reach {
  readonly #graph: TensorflowGraph;
  readonly #budget: FileBudget;

  constructor(graph: TensorflowGraph, budget: FileBudget) {
    this.#graph = graph;
    this.#budget = budget;
  }

  from(roots: readonly string[], when: Effect['when']): Effect[] {
    const effects: Effect[] = [];
    const { functions, main } = this.#graph;
    const seen = new Map<GraphScope, Set<string>>();
    const waiting: (readonly [GraphScope, string])[] = roots.map((root) => [main, root]);
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const [scope, name] = next;
      const known = seen.get(scope) ?? new Set<string>();
      seen.set(scope, known);
      const node = scope.nodes.get(name);
      if (node === undefined || known.has(name)) continue;
      known.add(name);
      this.#budget.work(STEP_WORK * (1 + node.inputs.length));
      if (SAVING.has(node.op) && !functions.has(node.op))
        effects.push({ when, op: node.op, place: nodePlace(scope, node), offset: node.offset });
      for (const input of node.inputs) waiting.push([scope, nodeName(input)]);
      for (const called of this.#called(node)) {
        // All nodes of a function count: it may run those that it does not return.
        if (seen.has(called)) continue;
        seen.set(called, new Set());
        for (const inner of called.nodes.keys()) waiting.push([called, inner]);
      }
    }
    return effects;
  }

  #called(node: NodeFacts): GraphScope[] {
    return [node.op, ...node.functions].flatMap((name) => this.#graph.functions.get(name) ?? []);
  }
}
