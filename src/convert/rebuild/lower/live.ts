import { AssayError } from '../../../core/index.ts';
import type { OnnxAttribute, OnnxGraph, OnnxModel, OnnxNode, OnnxTensor } from '../../../formats/onnx/index.ts';

/** What the outputs of a graph are made of. */
export interface Live {
  readonly nodes: ReadonlySet<OnnxNode>;
  /** Inputs and initializers that are used, by name. */
  readonly names: ReadonlySet<string>;
  /** Tensors of live initializers, and of attributes, also of functions and of graphs within. */
  readonly tensors: readonly OnnxTensor[];
}

/** @throws AssayError `malformed` where two values have one name: programs disagree on which of them is meant */
export function liveOf({ graph, functions }: OnnxModel): Live {
  const makers = new Map<string, OnnxNode>();
  for (const list of [graph.initializers, graph.inputs, graph.outputs] as const) {
    const seen = new Set<string>();
    for (const { name } of list) {
      if (seen.has(name)) throw twice(name);
      seen.add(name);
    }
  }
  const given = new Set([...graph.initializers, ...graph.inputs].map(({ name }) => name));
  for (const node of graph.nodes)
    for (const output of node.outputs) {
      if (output === '') continue;
      if (makers.has(output) || given.has(output)) throw twice(output);
      makers.set(output, node);
    }
  const nodes = new Set<OnnxNode>();
  const names = new Set<string>();
  const left = graph.outputs.map(({ name }) => name);
  for (let name = left.pop(); name !== undefined; name = left.pop()) {
    if (names.has(name)) continue;
    names.add(name);
    const node = makers.get(name);
    if (node === undefined || nodes.has(node)) continue;
    nodes.add(node);
    // Graphs within see all values around them.
    left.push(...node.inputs, ...node.attributes.flatMap(namesWithin));
  }
  const tensors = graph.initializers.filter(({ name }) => names.has(name));
  for (const node of nodes) tensors.push(...node.attributes.flatMap(tensorsOf));
  for (const one of functions)
    for (const list of [one.defaults, ...one.nodes.map(({ attributes }) => attributes)])
      tensors.push(...list.flatMap(tensorsOf));
  return { nodes, names, tensors };
}

function twice(name: string): AssayError {
  return new AssayError('malformed', `two values have the name ${JSON.stringify(name.slice(0, 80))}`);
}

function graphsOf(attribute: OnnxAttribute): readonly OnnxGraph[] {
  if (attribute.type === 'graph') return [attribute.value];
  return attribute.type === 'graphs' ? attribute.value : [];
}

function namesWithin(attribute: OnnxAttribute): string[] {
  return graphsOf(attribute).flatMap(({ nodes, outputs }) => [
    ...outputs.map(({ name }) => name),
    ...nodes.flatMap((node) => [...node.inputs, ...node.attributes.flatMap(namesWithin)]),
  ]);
}

function tensorsOf(attribute: OnnxAttribute): OnnxTensor[] {
  if (attribute.type === 'tensor') return [attribute.value];
  return graphsOf(attribute).flatMap(({ nodes, initializers }) => [
    ...initializers,
    ...nodes.flatMap((node) => node.attributes.flatMap(tensorsOf)),
  ]);
}
