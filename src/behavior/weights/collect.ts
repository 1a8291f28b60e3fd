import { createHash } from 'node:crypto';
import type { OnnxAttribute, OnnxGraph, OnnxModel, OnnxNode, OnnxTensor } from '../../formats/onnx/index.ts';

/** A tensor of a model, and where it stands. */
export interface PlacedTensor {
  /** Its name, after those of the nodes whose subgraphs it is in. Two may share it. */
  readonly name: string;
  readonly tensor: OnnxTensor;
}

/** Nodes of a model by their operator, subgraphs and functions included. */
export type OperatorCounts = ReadonlyMap<string, number>;

export interface ModelParts {
  readonly tensors: readonly PlacedTensor[];
  readonly operators: OperatorCounts;
}

/** Everything that a model is made of: in its graph, its subgraphs and its functions. */
export function modelPartsOf({ graph, functions }: OnnxModel): ModelParts {
  const tensors: PlacedTensor[] = [];
  const operators = new Map<string, number>();
  const ofNodes = (nodes: readonly OnnxNode[], path: string): void => {
    for (const node of nodes) {
      const { op, domain, name, outputs, attributes } = node;
      const operator = domain === '' || domain === 'ai.onnx' ? op : `${domain}.${op}`;
      operators.set(operator, (operators.get(operator) ?? 0) + 1);
      const own = `${path}${op === 'Constant' || name === '' ? (outputs[0] ?? '') : name}`;
      for (const attribute of attributes) ofAttribute(attribute, own);
    }
  };
  const ofGraph = (one: OnnxGraph, path: string): void => {
    for (const tensor of one.initializers) tensors.push({ name: path + tensor.name, tensor });
    for (const { values, indices } of one.sparseInitializers)
      tensors.push(
        { name: path + values.name, tensor: values },
        { name: `${path}${values.name}#indices`, tensor: indices },
      );
    ofNodes(one.nodes, path);
  };
  const ofAttribute = (attribute: OnnxAttribute, own: string): void => {
    const name = attribute.name === 'value' ? own : `${own}#${attribute.name}`;
    if (attribute.type === 'tensor') tensors.push({ name, tensor: attribute.value });
    if (attribute.type === 'tensors') for (const tensor of attribute.value) tensors.push({ name, tensor });
    if (attribute.type === 'sparse-tensor')
      tensors.push(
        { name, tensor: attribute.value.values },
        { name: `${name}#indices`, tensor: attribute.value.indices },
      );
    if (attribute.type === 'graph') ofGraph(attribute.value, `${own} > ${attribute.name} > `);
    if (attribute.type === 'graphs') for (const one of attribute.value) ofGraph(one, `${own} > ${attribute.name} > `);
  };
  ofGraph(graph, '');
  for (const one of functions) {
    ofNodes(one.nodes, `${one.domain}.${one.name} > `);
    for (const attribute of one.defaults) ofAttribute(attribute, `${one.domain}.${one.name}`);
  }
  return { tensors, operators };
}

/** Lists of numbers among the attributes of nodes, such as those of trees, by place and as digests. */
export function listsOf({ graph, functions }: OnnxModel): ReadonlyMap<string, string> {
  const lists = new Map<string, string>();
  const ofNodes = (nodes: readonly OnnxNode[], path: string): void => {
    for (const [at, { op, attributes }] of nodes.entries())
      for (const attribute of attributes) {
        const name = `${path}${op} ${at} ${attribute.name}`;
        if (attribute.type === 'floats' || attribute.type === 'ints') lists.set(name, digestOf(attribute.value));
        if (attribute.type === 'graph') ofNodes(attribute.value.nodes, `${name} > `);
      }
  };
  ofNodes(graph.nodes, '');
  for (const one of functions) ofNodes(one.nodes, `${one.name} > `);
  return lists;
}

function digestOf(values: Float32Array | BigInt64Array): string {
  return createHash('sha256')
    .update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    .digest('hex');
}
