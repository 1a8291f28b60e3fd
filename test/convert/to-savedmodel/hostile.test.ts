import { describe, expect, it, test } from 'vitest';
import { savedModelOf } from '../../../src/convert/to-savedmodel/translate/model.ts';
import type { ByteSource } from '../../../src/core/bytes/byte-source.ts';
import type { Attributes, GraphBuilder } from '../../../src/formats/onnx/build/builder.ts';
import { tensorFrom, tensorOf } from '../../../src/formats/onnx/build/tensors.ts';
import type { OnnxModel, OnnxNode } from '../../../src/formats/onnx/model.ts';
import { writeSavedModel } from '../../../src/formats/tensorflow/write/write.ts';
import { budget, modelOf } from './models.ts';

async function translated(build: (graph: GraphBuilder) => void): Promise<ByteSource> {
  return writeSavedModel(await savedModelOf(modelOf({ build }), budget()));
}

/** A model of one operator. */
function one(op: string, attributes: Attributes = {}, domain = '', shape: readonly (number | string)[] = ['batch', 3]) {
  return (graph: GraphBuilder) => {
    const x = graph.input('x', 'float32', shape);
    graph.output('y', graph.op(op, [x], attributes, { domain }), 'float32');
  };
}

function withNode(model: OnnxModel, change: (node: OnnxNode) => OnnxNode): OnnxModel {
  return { ...model, graph: { ...model.graph, nodes: model.graph.nodes.map(change) } };
}

const TREE = {
  n_targets: 1,
  nodes_treeids: [0, 0, 0],
  nodes_nodeids: [0, 1, 2],
  nodes_featureids: [0, 0, 0],
  nodes_modes: ['BRANCH_LEQ', 'LEAF', 'LEAF'],
  nodes_truenodeids: [1, 0, 0],
  nodes_falsenodeids: [2, 0, 0],
  nodes_values: Float32Array.of(0, 0, 0),
  target_treeids: [0],
  target_nodeids: [1],
  target_ids: [0],
  target_weights: Float32Array.of(1),
};

describe('trees that contradict themselves', () => {
  it.each<[string, Attributes, RegExp]>([
    ['a child that does not exist', { nodes_truenodeids: [7, 0, 0] }, /child does not exist/],
    ['a child that is the node itself', { nodes_truenodeids: [0, 0, 0] }, /no root leads to|two parents/],
    [
      'two ways to one node',
      {
        nodes_modes: ['BRANCH_LEQ', 'BRANCH_LEQ', 'LEAF'],
        nodes_truenodeids: [1, 2, 0],
        nodes_falsenodeids: [2, 2, 0],
      },
      /two parents/,
    ],
    [
      'a circle beside the tree',
      {
        nodes_treeids: [0, 0, 0, 1, 1],
        nodes_nodeids: [0, 1, 2, 0, 1],
        nodes_featureids: [0, 0, 0, 0, 0],
        nodes_modes: ['BRANCH_LEQ', 'LEAF', 'LEAF', 'BRANCH_LT', 'BRANCH_LT'],
        nodes_truenodeids: [1, 0, 0, 1, 0],
        nodes_falsenodeids: [2, 0, 0, 1, 0],
        nodes_values: new Float32Array(5),
      },
      /no root leads to/,
    ],
    ['fewer children than nodes', { nodes_falsenodeids: [2, 0] }, /2 nodes_falsenodeids instead of 3/],
    ['fewer bounds than nodes', { nodes_values: Float32Array.of(0) }, /1 bounds for 3 nodes/],
    ['two nodes of one number', { nodes_nodeids: [0, 1, 1] }, /two nodes 1 of tree 0/],
    ['a feature before the first', { nodes_featureids: [-1, 0, 0] }, /a feature that cannot be/],
    ['a feature behind the last', { nodes_featureids: [3, 0, 0] }, /a feature beyond 3/],
    ['a feature of 64 bits', { nodes_featureids: [2 ** 40, 0, 0] }, /a feature that cannot be/],
    ['a weight of a node that decides', { target_nodeids: [0] }, /which is not a leaf/],
    ['a weight of a target that does not exist', { target_ids: [1] }, /or target 1/],
    ['a mode that does not exist', { nodes_modes: ['__proto__', 'LEAF', 'LEAF'] }, /the mode __proto__/],
    ['2^40 targets', { n_targets: 2 ** 40 }, /1099511627776 targets/],
    ['another aggregate', { aggregate_function: 'MAX' }, /aggregate function is MAX/],
    ['a transform', { post_transform: 'SOFTMAX' }, /transform is SOFTMAX/],
    ['base values of other targets', { base_values: Float32Array.of(1, 2) }, /2 base values for 1 targets/],
    ['numbers in place of texts', { nodes_modes: [1, 2, 3] }, /an attribute nodes_modes of another type/],
  ])('%s', async (_, change, message) => {
    const ended = translated(one('TreeEnsembleRegressor', { ...TREE, ...change }, 'ai.onnx.ml'));
    await expect(ended).rejects.toThrow(message);
  });

  it('of many targets are bounded by the budget', async () => {
    const count = 2_000;
    const leaves = Array.from({ length: count }, (_, index) => index);
    const zeros = leaves.map(() => 0);
    const attributes = {
      ...TREE,
      n_targets: 100_000,
      nodes_treeids: leaves,
      nodes_nodeids: zeros,
      nodes_featureids: zeros,
      nodes_modes: leaves.map(() => 'LEAF'),
      nodes_truenodeids: zeros,
      nodes_falsenodeids: zeros,
      nodes_values: new Float32Array(count),
      target_nodeids: [0],
    };
    await expect(translated(one('TreeEnsembleRegressor', attributes, 'ai.onnx.ml'))).rejects.toMatchObject({
      code: 'limit',
    });
  });
});

describe('operators that lie', () => {
  const image = ['batch', 3, 8, 8];
  it.each<[string, (graph: GraphBuilder) => void, RegExp]>([
    ['a window without size', one('MaxPool', { kernel_shape: [0, 2] }, '', image), /a window of 0 x 2/],
    ['a window of 2^53', one('MaxPool', { kernel_shape: [2 ** 53 - 1, 2] }, '', image), /a window of/],
    ['a stride of 0', one('AveragePool', { kernel_shape: [2, 2], strides: [0, 1] }, '', image), /the strides 0, 1/],
    ['negative pads', one('MaxPool', { kernel_shape: [2, 2], pads: [-1, 0, 0, 0] }, '', image), /the pads -1/],
    ['dilations', one('MaxPool', { kernel_shape: [2, 2], dilations: [2, 2] }, '', image), /dilations/],
    ['a window of other dimensions', one('MaxPool', { kernel_shape: [2] }, '', image), /a window of 1 dimensions/],
    ['an axis beyond the last', one('Softmax', { axis: 2 }), /the axis 2, of 2/],
    ['an order with an axis twice', one('Transpose', { perm: [0, 0] }), /the order 0, 0/],
    ['an axis of 64 bits', one('Softmax', { axis: 2n ** 62n }), /as its axis/],
    ['an equation that is not one', one('Einsum', { equation: 'ij->ij;import os' }), /not one/],
    ['an operator that does not exist', one('__proto__'), /__proto__ .* has no translation/],
    ['an operator of another set', one('Scaler', {}, 'ai.onnx.ml'), /ai\.onnx\.ml\.Scaler/],
  ])('%s', async (_, build, message) => {
    await expect(translated(build)).rejects.toThrow(message);
  });
});

describe('models that lie', () => {
  it('have names that TensorFlow cannot have', async () => {
    const build = (graph: GraphBuilder) =>
      graph.output('y', graph.op('Neg', [graph.input('x\0y', 'float32', [1])]), 'float32', [1]);
    await expect(translated(build)).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('x\\u0000y'),
    });
  });

  it('take what nothing makes', async () => {
    const model = withNode(modelOf({ build: one('Neg') }), (node) => ({ ...node, inputs: ['nowhere'] }));
    await expect(savedModelOf(model, budget())).rejects.toThrow('takes "nowhere", which is not made before it');
  });

  it('take what they make themselves', async () => {
    const model = withNode(modelOf({ build: one('Neg') }), (node) => ({ ...node, inputs: node.outputs }));
    await expect(savedModelOf(model, budget())).rejects.toThrow('not made before it');
  });

  it('make one value twice', async () => {
    const model = modelOf({ build: one('Neg') });
    const nodes = [...model.graph.nodes, ...model.graph.nodes];
    await expect(savedModelOf({ ...model, graph: { ...model.graph, nodes } }, budget())).rejects.toThrow(
      'exists already',
    );
  });

  it('have two inputs of one name', async () => {
    const model = modelOf({ build: one('Neg') });
    const inputs = [...model.graph.inputs, ...model.graph.inputs];
    await expect(savedModelOf({ ...model, graph: { ...model.graph, inputs } }, budget())).rejects.toThrow('two inputs');
  });

  it('say another type than they have', async () => {
    const build = (graph: GraphBuilder) =>
      graph.output('y', graph.op('IsNaN', [graph.input('x', 'float32', [1])]), 'float32', [1]);
    await expect(translated(build)).rejects.toThrow('is bool, not float32');
  });

  it('are of an operator set that is not known', async () => {
    const model = { ...modelOf({ build: one('Neg') }), opsets: [{ domain: '', version: 11 }] };
    await expect(savedModelOf(model, budget())).rejects.toThrow('operators of opset 11');
  });

  it('have constants of a type that TensorFlow does not have', async () => {
    const build = (graph: GraphBuilder) =>
      graph.output('y', graph.constant(tensorOf(Uint8Array.of(1), [2], 'int4')), 'int4', [2]);
    await expect(translated(build)).rejects.toThrow(/int4/);
  });
});

test('a model of 2 GiB is refused, and its weights are not read', async () => {
  const refused = () => {
    throw new Error('the weights were read');
  };
  const source: ByteSource = {
    name: 'weights',
    size: 2 ** 31,
    readNow: refused,
    read: refused,
    unchanged: async () => true,
    close: async () => {},
  };
  const build = (graph: GraphBuilder) => {
    const weights = graph.constant(tensorFrom({ source, offset: 0, length: 2 ** 31 }, [2 ** 29], 'float32'));
    graph.output('y', graph.op('ReduceSum', [weights]), 'float32');
  };
  await expect(translated(build)).rejects.toMatchObject({
    code: 'limit',
    message: expect.stringContaining('SavedModel'),
  });
});

test('equal models are equal bytes', async () => {
  const [a, b] = await Promise.all([translated(one('Softmax')), translated(one('Softmax'))]);
  expect(await a.read(0, a.size)).toEqual(await b.read(0, b.size));
});
