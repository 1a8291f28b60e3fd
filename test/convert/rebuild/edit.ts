import { tensorOf } from '../../../src/formats/onnx/build/tensors.ts';
import type { OnnxAttribute, OnnxGraph, OnnxModel, OnnxNode, OnnxTensor } from '../../../src/formats/onnx/model.ts';
import { tensorBytes } from '../../../src/formats/onnx/tensor-data.ts';

export function attribute(
  name: string,
  value: number | readonly number[] | OnnxTensor | OnnxGraph | string,
): OnnxAttribute {
  const common = { name, docString: '' };
  if (typeof value === 'number') return { ...common, type: 'int', value: BigInt(value) };
  if (typeof value === 'string') return { ...common, type: 'string', value: Buffer.from(value) };
  if ('nodes' in value) return { ...common, type: 'graph', value };
  if ('dims' in value) return { ...common, type: 'tensor', value };
  return { ...common, type: 'ints', value: BigInt64Array.from(value, BigInt) };
}

export function node(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: readonly OnnxAttribute[] = [],
  domain = '',
): OnnxNode {
  const name = `${op}_${outputs[0]}`;
  return { name, op, domain, overload: '', inputs, outputs, attributes, docString: '', metadata: [] };
}

export function reals(name: string, values: readonly number[], dims: readonly number[] = [values.length]): OnnxTensor {
  return { ...tensorOf(Float32Array.from(values), dims), name };
}

export function ints(name: string, values: readonly number[], dims: readonly number[] = [values.length]): OnnxTensor {
  return { ...tensorOf(BigInt64Array.from(values, BigInt), dims), name };
}

export function withGraph(model: OnnxModel, change: Partial<OnnxGraph>): OnnxModel {
  return { ...model, graph: { ...model.graph, ...change } };
}

/** The model with more nodes, and more initializers. */
export function adding(
  model: OnnxModel,
  nodes: readonly OnnxNode[],
  initializers: readonly OnnxTensor[] = [],
): OnnxModel {
  const { graph } = model;
  return withGraph(model, {
    nodes: [...graph.nodes, ...nodes],
    initializers: [...graph.initializers, ...initializers],
  });
}

/** The model in which a value has another name where it is made: what is added can take its place. */
export function renamedResult(model: OnnxModel, name: string, to: string): OnnxModel {
  const nodes = model.graph.nodes.map((one) => ({
    ...one,
    outputs: one.outputs.map((output) => (output === name ? to : output)),
  }));
  return withGraph(model, { nodes });
}

/** Nodes after others whose results they take. */
export function inOrder(model: OnnxModel): OnnxModel {
  const made = new Set([...model.graph.inputs, ...model.graph.initializers].map(({ name }) => name));
  const left = [...model.graph.nodes];
  const nodes: OnnxNode[] = [];
  while (left.length > 0) {
    const at = left.findIndex(({ inputs }) => inputs.every((input) => input === '' || made.has(input)));
    const [next] = left.splice(Math.max(0, at), 1);
    if (at < 0 || next === undefined) throw new Error('the graph has a circle');
    nodes.push(next);
    for (const output of next.outputs) made.add(output);
  }
  return withGraph(model, { nodes });
}

/** The model with each node changed. */
export function mapNodes(model: OnnxModel, map: (node: OnnxNode, index: number) => OnnxNode): OnnxModel {
  return withGraph(model, { nodes: model.graph.nodes.map(map) });
}

/** The numbers of an initializer, or of the tensor of a Constant node. */
export async function numbersOf(tensor: OnnxTensor): Promise<Float32Array> {
  const bytes = await tensorBytes(tensor);
  return new Float32Array(Uint8Array.from(bytes).buffer);
}

/** The model with the numbers of some initializers changed. */
export async function changing(
  model: OnnxModel,
  match: (tensor: OnnxTensor) => boolean,
  change: (values: Float32Array) => void,
): Promise<OnnxModel> {
  let changed = 0;
  const initializers: OnnxTensor[] = [];
  for (const tensor of model.graph.initializers) {
    if (tensor.type !== 'float32' || !match(tensor) || changed > 0) {
      initializers.push(tensor);
      continue;
    }
    const values = await numbersOf(tensor);
    change(values);
    initializers.push({ ...tensorOf(values, tensor.dims), name: tensor.name });
    changed++;
  }
  if (changed === 0) throw new Error('no tensor was changed');
  return withGraph(model, { initializers });
}
