import { dependents, type OrderedGraph, type PlacedNode } from '../gradient/index.ts';

/** The part of a graph through which the numbers of an input reach an output. */
export interface Dependence {
  /** Nodes that the output needs and that depend on the input, each after what it uses. */
  readonly path: readonly PlacedNode[];
  readonly active: ReadonlySet<string>;
}

/**
 * All that depends on the values of the input, steps and drawn numbers included: unlike a gradient, a bound may leave out nothing.
 * @param input the only input that is not fixed
 */
export function pathFrom(graph: OrderedGraph, input: string, output: string): Dependence {
  const active = dependents({ ...graph, inputs: new Set([input]) });
  const needed = new Set<PlacedNode>();
  const stack = [output];
  const seen = new Set<string>();
  for (let name = stack.pop(); name !== undefined; name = stack.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    const maker = graph.producers.get(name);
    if (maker === undefined) continue;
    needed.add(maker);
    stack.push(...maker.uses);
  }
  const path = graph.nodes.filter((one) => needed.has(one) && one.node.outputs.some((name) => active.has(name)));
  return { path, active };
}
