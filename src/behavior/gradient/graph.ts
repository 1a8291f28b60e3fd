import { AssayError } from '../../core/index.ts';
import type { OnnxAttribute, OnnxGraph, OnnxModel, OnnxNode, OnnxTensor } from '../../formats/onnx/index.ts';
import { malformedNode, shortName } from './refusals.ts';

/** A node, and all that it uses: its inputs, and what its subgraphs take from around them. */
export interface PlacedNode {
  readonly node: OnnxNode;
  readonly uses: readonly string[];
}

/** The main graph of a model, in an order in which each node comes after what it uses. */
export interface OrderedGraph {
  readonly nodes: readonly PlacedNode[];
  readonly producers: ReadonlyMap<string, PlacedNode>;
  /** Initializers, and the values of `Constant` nodes. */
  readonly constants: ReadonlyMap<string, OnnxTensor>;
  /** The inputs that have to be given. */
  readonly inputs: ReadonlySet<string>;
}

/** @throws AssayError `limit` for too many nodes; `malformed` for a circle, a value without a maker or with two */
export function orderedGraph({ graph }: OnnxModel, maxNodes: number): OrderedGraph {
  if (graph.nodes.length > maxNodes) {
    const message = `the model has ${graph.nodes.length} nodes, more than ${maxNodes}`;
    throw new AssayError('limit', message, { hint: 'use attacks that need no gradient' });
  }
  const placed = graph.nodes.map((node): PlacedNode => ({ node, uses: usesOf(node, maxNodes) }));
  const constants = constantsOf(graph);
  const producers = new Map<string, PlacedNode>();
  const inputs = new Set(graph.inputs.map(({ name }) => name).filter((name) => !constants.has(name)));
  for (const one of placed) {
    for (const output of one.node.outputs) {
      if (output === '') continue;
      const taken = producers.has(output) || inputs.has(output);
      if (taken || (constants.has(output) && one.node.op !== 'Constant'))
        throw malformedNode(one.node, `its result ${shortName(output)} has another maker`);
      producers.set(output, one);
    }
  }
  const known = (name: string) => inputs.has(name) || constants.has(name);
  return { nodes: sorted(placed, producers, known), producers, constants, inputs };
}

function constantsOf(graph: OnnxGraph): Map<string, OnnxTensor> {
  const constants = new Map<string, OnnxTensor>();
  for (const tensor of graph.initializers) constants.set(tensor.name, tensor);
  for (const { values } of graph.sparseInitializers) constants.set(values.name, values);
  for (const { op, domain, outputs, attributes } of graph.nodes) {
    const [value] = attributes;
    const [output] = outputs;
    if (op !== 'Constant' || !isStandard(domain) || output === undefined) continue;
    if (value?.name === 'value' && value.type === 'tensor') constants.set(output, value.value);
  }
  return constants;
}

export function isStandard(domain: string): boolean {
  return domain === '' || domain === 'ai.onnx';
}

/** What a node takes, subgraphs included: names that they define themselves are left out by the caller, who does not know them. */
function usesOf(node: OnnxNode, maxNodes: number): readonly string[] {
  const graphs = node.attributes.flatMap(graphsOf);
  const uses = new Set(node.inputs.filter((input) => input !== ''));
  if (graphs.length === 0) return [...uses];
  const defined = new Set<string>();
  const inner = new Set<string>();
  let count = 0;
  for (let graph = graphs.pop(); graph !== undefined; graph = graphs.pop()) {
    for (const { name } of graph.inputs) defined.add(name);
    for (const { name } of graph.initializers) defined.add(name);
    for (const { values } of graph.sparseInitializers) defined.add(values.name);
    for (const { name } of graph.outputs) inner.add(name);
    for (const one of graph.nodes) {
      if (++count > maxNodes) throw new AssayError('limit', `the subgraphs of a node have more than ${maxNodes} nodes`);
      for (const output of one.outputs) defined.add(output);
      for (const input of one.inputs) inner.add(input);
      graphs.push(...one.attributes.flatMap(graphsOf));
    }
  }
  for (const name of inner) if (name !== '' && !defined.has(name)) uses.add(name);
  return [...uses];
}

function graphsOf(attribute: OnnxAttribute): OnnxGraph[] {
  if (attribute.type === 'graph') return [attribute.value];
  return attribute.type === 'graphs' ? [...attribute.value] : [];
}

/** The nodes in an order that works, which is theirs where it does. */
function sorted(
  placed: readonly PlacedNode[],
  producers: ReadonlyMap<string, PlacedNode>,
  known: (name: string) => boolean,
): readonly PlacedNode[] {
  const waiting = new Map<PlacedNode, number>();
  const users = new Map<PlacedNode, PlacedNode[]>();
  for (const one of placed) {
    let count = 0;
    for (const name of one.uses) {
      const maker = producers.get(name);
      if (maker === undefined) {
        if (!known(name)) throw malformedNode(one.node, `nothing gives the value ${shortName(name)} that it takes`);
        continue;
      }
      count++;
      const list = users.get(maker);
      if (list === undefined) users.set(maker, [one]);
      else list.push(one);
    }
    waiting.set(one, count);
  }
  const order: PlacedNode[] = placed.filter((one) => waiting.get(one) === 0);
  for (let at = 0; at < order.length; at++) {
    const done = order[at];
    if (done === undefined) break;
    for (const user of users.get(done) ?? []) {
      const left = (waiting.get(user) ?? 0) - 1;
      waiting.set(user, left);
      if (left === 0) order.push(user);
    }
  }
  const stuck = placed.find((one) => (waiting.get(one) ?? 0) > 0);
  if (stuck !== undefined) throw malformedNode(stuck.node, 'it depends on its own result');
  return order;
}
