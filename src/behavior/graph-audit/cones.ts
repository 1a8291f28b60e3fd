import { createHash } from 'node:crypto';
import type { OnnxAttribute, OnnxTensor } from '../../formats/onnx/index.ts';
import { digestOfTensor, type WeightSource } from '../weights/index.ts';
import type { PreparedGraph } from './facts.ts';
import { type FlatNode, STRUCTURE } from './flat-graph.ts';

/** What each node computes, as a digest: of its operator, its attributes, and what its inputs are made of. Names do not count. */
export interface Cones {
  of(node: FlatNode): string;
}

/** Training changes weights, and neither whole numbers nor what stands alone: those are told apart by their values, weights by shape. */
function isByValue({ type, dims }: OnnxTensor): boolean {
  return !/^(?:float|bfloat|complex)/.test(type) || dims.every((size) => size === 1);
}

/** @throws AssayError as `digestOfTensor` */
export async function conesOf({ graph, order }: PreparedGraph, options: WeightSource): Promise<Cones> {
  const values: (string | undefined)[] = [];
  const nodes = new Map<FlatNode, string>();
  for (const [at, [id]] of [...graph.inputs].entries()) values[id] = digest(['input', at]);
  for (const [id, tensor] of graph.constants) values[id] = await constantDigest(tensor, options);
  for (const node of order) {
    const attributes: string[] = [];
    for (const attribute of node.attributes) attributes.push(await attributeDigest(node, attribute, options));
    const own = digest([
      ...[node.op, node.domain === 'ai.onnx' ? '' : node.domain],
      ...[attributes.sort(), node.inputs.map((id) => (id < 0 ? '' : (values[id] ?? '')))],
    ]);
    nodes.set(node, own);
    for (const [at, id] of node.outputs.entries()) if (id >= 0) values[id] = digest([own, at]);
  }
  return { of: (node) => nodes.get(node) ?? '' };
}

function digest(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

async function constantDigest(tensor: OnnxTensor, options: WeightSource): Promise<string> {
  return isByValue(tensor) ? await digestOfTensor(tensor, options) : digest([tensor.type, tensor.dims]);
}

async function attributeDigest(
  { op, domain }: FlatNode,
  attribute: OnnxAttribute,
  options: WeightSource,
): Promise<string> {
  const { name, type } = attribute;
  if (type === 'tensor') return digest([op === 'Constant' ? '' : name, await constantDigest(attribute.value, options)]);
  if (type === 'int') return digest([name, String(attribute.value)]);
  if (type === 'float') return digest([name, attribute.value]);
  if (type === 'string') return digest([name, Buffer.from(attribute.value).toString('hex')]);
  // Those of classical models are their weights.
  if (type === 'ints') return digest([name, domain === 'ai.onnx.ml' ? '' : Array.from(attribute.value, String)]);
  if (type === 'floats') return digest([name, domain === 'ai.onnx.ml' ? '' : Array.from(attribute.value)]);
  if (type === 'strings') return digest([name, ...attribute.value.map((value) => Buffer.from(value).toString('hex'))]);
  return digest([name, type, domain === STRUCTURE]);
}
