import { expect, test } from 'vitest';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { isAssayError } from '../../../src/core/errors.ts';
import type { OnnxNode } from '../../../src/formats/onnx/model.ts';
import { readOnnx } from '../../../src/formats/onnx/read/model.ts';
import { adding, attribute, inOrder, ints, node, renamedResult } from './edit.ts';
import { compare, exportedBytes, graphsOf } from './shipped.ts';

const NAME = 'onnxruntime-1.32.0/BertModel-17-extended';

test('no bytes of a graph throw anything but an error of Assay', async () => {
  const bytes = await exportedBytes(NAME);
  const { rebuilt } = await graphsOf(NAME);
  let seed = 7;
  const next = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((seed / 2 ** 31) * below);
  };
  for (let i = 0; i < 60; i++) {
    const changed = Buffer.from(bytes);
    for (let flips = 1 + next(4); flips > 0; flips--) changed[next(changed.length)] = next(256);
    try {
      const { model } = await readOnnx(new MemorySource(changed, 'model.onnx'));
      await compare(model, rebuilt);
    } catch (error) {
      expect(isAssayError(error) ? error.code : error).toMatch(/^(?:malformed|truncated|unsupported|limit)$/);
    }
  }
});

/** Operators each of which takes the one before twice: there are more ways through them than can be counted. */
function doubling(count: number, last: readonly OnnxNode[]): OnnxNode[] {
  const nodes: OnnxNode[] = [];
  for (let i = 0; i < count; i++) {
    const from = i === 0 ? 'bd.real' : `bd.y${i - 1}`;
    nodes.push(node('Tanh', [from], [`bd.t${i}`]), node('Mul', [from, `bd.t${i}`], [`bd.y${i}`]));
  }
  return [...nodes, ...last];
}

test('operands that are shared many times are moved once', async () => {
  const { shipped, rebuilt } = await graphsOf('4.57.6/GPT2LMHeadModel-14');
  const last = [
    node('Transpose', ['bd.y199'], ['bd.turned'], [attribute('perm', [0, 2, 1])]),
    node('Slice', ['bd.turned', 'bd.0', 'bd.9', 'bd.1'], ['logits']),
  ];
  const model = adding(renamedResult(shipped, 'logits', 'bd.real'), doubling(200, last), [
    ints('bd.0', [0]),
    ints('bd.9', [9]),
    ints('bd.1', [1]),
  ]);
  expect(await compare(inOrder(model), rebuilt)).toMatchObject({ result: 'different' });
});

test('functions that call each other twice are bounded', async () => {
  const { shipped, rebuilt } = await graphsOf('4.57.6/BertForSequenceClassification-14');
  const functions = Array.from({ length: 40 }, (_, i) => ({
    name: `F${i}`,
    domain: 'local',
    overload: '',
    inputs: ['x'],
    outputs: ['y'],
    attributes: [],
    defaults: [],
    nodes:
      i === 39
        ? [node('Neg', ['x'], ['y'])]
        : [node(`F${i + 1}`, ['x'], ['z'], [], 'local'), node(`F${i + 1}`, ['z'], ['y'], [], 'local')],
    opsets: [
      { domain: '', version: 14 },
      { domain: 'local', version: 1 },
    ],
    values: [],
    docString: '',
    metadata: [],
  }));
  const changed = adding(renamedResult(shipped, 'logits', 'real'), [node('F0', ['real'], ['logits'], [], 'local')]);
  const { result, unclear } = await compare(
    { ...changed, opsets: [...changed.opsets, { domain: 'local', version: 1 }], functions },
    rebuilt,
  );
  expect(result).toBe('unclear');
  expect(unclear[0]?.why).toMatch(/too deep/);
});
