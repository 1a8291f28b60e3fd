import { describe, expect, test } from 'vitest';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { tensorOf } from '../../../src/formats/onnx/build/tensors.ts';
import type { OnnxModel, OnnxTensor } from '../../../src/formats/onnx/model.ts';
import { tensorBytes } from '../../../src/formats/onnx/tensor-data.ts';
import { adding, attribute, inOrder, ints, mapNodes, node, numbersOf, reals, withGraph } from './edit.ts';
import { compare, graphsOf } from './shipped.ts';

const NAMES = [
  '4.57.6/BertForSequenceClassification-14',
  '4.57.6/LlamaForCausalLM-14',
  'onnxruntime-1.32.0/BertModel-17-extended',
];

/** Values and nodes with other names. */
function renamed(model: OnnxModel): OnnxModel {
  const kept = new Set(['', ...[...model.graph.inputs, ...model.graph.outputs].map(({ name }) => name)]);
  const names = new Map<string, string>();
  const other = (name: string) => {
    if (kept.has(name)) return name;
    if (!names.has(name)) names.set(name, `v${names.size}`);
    return names.get(name) ?? name;
  };
  const changed = mapNodes(model, (one, i) => ({
    ...one,
    name: `n${i}`,
    inputs: one.inputs.map(other),
    outputs: one.outputs.map(other),
  }));
  return withGraph(changed, {
    initializers: model.graph.initializers.map((one) => ({ ...one, name: other(one.name) })),
  });
}

/** As many nodes as possible in the opposite order. */
function reordered(model: OnnxModel): OnnxModel {
  const { nodes, initializers } = model.graph;
  return inOrder(withGraph(model, { nodes: [...nodes].reverse(), initializers: [...initializers].reverse() }));
}

/** Constant nodes in place of initializers. */
function asNodes(model: OnnxModel): OnnxModel {
  const { initializers, nodes } = model.graph;
  const constants = initializers.map((one) =>
    node('Constant', [], [one.name], [attribute('value', { ...one, name: '' })]),
  );
  return withGraph(model, { nodes: [...constants, ...nodes], initializers: [] });
}

/** Matrices that are turned, and turned back by a node. */
async function turned(model: OnnxModel): Promise<OnnxModel> {
  const initializers: OnnxTensor[] = [];
  const nodes = [...model.graph.nodes];
  for (const tensor of model.graph.initializers) {
    const [rows = 0, columns = 0] = tensor.dims;
    if (tensor.type !== 'float32' || tensor.dims.length !== 2) {
      initializers.push(tensor);
      continue;
    }
    const values = await numbersOf(tensor);
    const other = values.map((_, i) => values[(i % rows) * columns + Math.floor(i / rows)] ?? 0);
    initializers.push({ ...tensorOf(other, [columns, rows]), name: `${tensor.name}.turned` });
    nodes.unshift(node('Transpose', [`${tensor.name}.turned`], [tensor.name], [attribute('perm', [1, 0])]));
  }
  return withGraph(model, { nodes, initializers });
}

/** The result of every second node goes through an Identity. */
function through(model: OnnxModel): OnnxModel {
  const outputs = new Set(model.graph.outputs.map(({ name }) => name));
  const nodes = model.graph.nodes.flatMap((one, i) => {
    const [first = ''] = one.outputs;
    if (i % 2 === 0 || one.outputs.length !== 1 || outputs.has(first)) return [one];
    return [{ ...one, outputs: [`${first}.before`] }, node('Identity', [`${first}.before`], [first])];
  });
  return withGraph(model, { nodes });
}

/** What is computed and not used, also by what the input is. */
function withDead(model: OnnxModel): OnnxModel {
  const nodes = [
    node('Constant', [], ['dead.7'], [attribute('value', ints('', [7], []))]),
    node('Equal', ['input_ids', 'dead.7'], ['dead.equal']),
    node('Where', ['dead.equal', 'input_ids', 'dead.table'], ['dead.where']),
  ];
  return adding(model, nodes, [ints('dead.table', [1, 2, 3, 4, 5]), reals('dead.numbers', [1, 2, 3])]);
}

async function external(model: OnnxModel) {
  const parts: Uint8Array[] = [];
  let offset = 0;
  const initializers: OnnxTensor[] = [];
  for (const tensor of model.graph.initializers) {
    const bytes = await tensorBytes(tensor);
    const at = { location: 'model.onnx.data', offset, length: bytes.length, checksum: undefined, others: [] };
    initializers.push({ ...tensor, data: { kind: 'external', at } });
    parts.push(bytes);
    offset += bytes.length;
  }
  const source = new MemorySource(Buffer.concat(parts), 'model.onnx.data');
  return {
    model: withGraph(model, { initializers }),
    sources: (name: string) => (name === source.name ? source : undefined),
  };
}

describe.each(NAMES)('other ways to write %s', (name) => {
  const forms: readonly [string, (model: OnnxModel) => OnnxModel | Promise<OnnxModel>][] = [
    ['other names', renamed],
    ['another order of nodes and tensors', reordered],
    ['Constant nodes', asNodes],
    ['turned matrices', turned],
    ['Identity nodes', through],
    ['dead nodes', withDead],
  ];
  test.each(forms)('%s', async (_, change) => {
    const { shipped, rebuilt } = await graphsOf(name);
    expect(await compare(await change(shipped), rebuilt)).toMatchObject({ result: 'same', differences: [] });
  });

  test('tensors in another file', async () => {
    const { shipped, rebuilt } = await graphsOf(name);
    const { model, sources } = await external(shipped);
    expect(await compare(model, rebuilt, sources)).toMatchObject({ result: 'same', differences: [] });
  });

  test('tensors in a file that is not there are not assessed', async () => {
    const { shipped, rebuilt } = await graphsOf(name);
    const { model } = await external(shipped);
    const { result, unclear } = await compare(model, rebuilt);
    expect(result).toBe('unclear');
    expect(unclear[0]?.why).toMatch(/in a file that is not beside the model/);
  });
});
