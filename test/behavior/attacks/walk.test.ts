import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OnnxTarget, openOnnxTarget } from '../../../src/behavior/attacks/onnx-target.ts';
import { pgd } from '../../../src/behavior/attacks/pgd.ts';
import { seededRandoms } from '../../../src/behavior/attacks/random.ts';
import type { AttackBatch, AttackOptions, AttackTarget } from '../../../src/behavior/attacks/target.ts';
import { whyNoLoop } from '../../../src/behavior/attacks/walk.ts';
import { GraphBuilder } from '../../../src/formats/onnx/build/builder.ts';
import { tensorOf } from '../../../src/formats/onnx/build/tensors.ts';
import { arrayOf, arraysOf, modelOf, PATIENT } from '../gradient/golden.ts';

const ARRAYS = arraysOf('attacks/digits.npz');
const ROWS = 60;
const BATCH: AttackBatch = {
  inputs: Float32Array.from(arrayOf(ARRAYS, 'x').numbers).slice(0, ROWS * 64),
  classes: Int32Array.from(arrayOf(ARRAYS, 'class').numbers).slice(0, ROWS),
};
const LINF: AttackOptions = { eps: 0.1, norm: 'linf', lower: 0, upper: 1, random: seededRandoms(1) };

/** The same target without its loop. */
function stepwise(own: OnnxTarget): AttackTarget {
  const { width, classes } = own;
  return { width, classes, forward: (inputs) => own.forward(inputs), gradient: (request) => own.gradient(request) };
}

describe.each(['mlp', 'cnn'])('the steps of PGD in a loop of the graph: %s', (name) => {
  let target: OnnxTarget;
  beforeAll(async () => {
    const model = await modelOf(Uint8Array.from(arrayOf(ARRAYS, `${name}/model`).numbers), name);
    target = await openOnnxTarget({
      model,
      input: 'x',
      shape: [1, 8, 8],
      output: 'y',
      scores: 'logits',
      bounds: PATIENT,
      runRows: 25,
    });
  });
  afterAll(() => target.close());

  test.each([
    ['row', 'cross-entropy', 1],
    ['random', 'margin', 2],
  ] as const)('have the results of the steps one by one, to the bit: from a %s, %s', async (start, loss, restarts) => {
    const scale = Float32Array.from({ length: 64 }, (_, at) => (at % 5 === 0 ? 0 : 1 + (at % 3) / 7));
    const options = { ...LINF, scale, steps: 12, stepSize: 0.021, start, loss, restarts };
    const looped = await pgd(target, BATCH, options);
    const single = await pgd(stepwise(target), BATCH, options);
    expect(looped.unlooped).toBe('');
    expect(single.unlooped).toContain('not those of the steps');
    const { unlooped: _, ...own } = looped;
    const { unlooped: __, ...other } = single;
    expect(own).toEqual(other);
    expect(looped.fell.filter((one) => one === 1).length).toBeGreaterThan(10);
    expect(looped.fell.filter((one) => one === 0).length).toBeGreaterThan(5);
  });

  test('are taken one by one for L2 and within a budget, and it is said why', async () => {
    const l2 = await pgd(target, BATCH, { ...LINF, eps: 0.6, norm: 'l2', steps: 2, stepSize: 0.2 });
    expect(l2.unlooped).toBe('the norm is not linf');
    const budget = await pgd(target, BATCH, { ...LINF, steps: 9, stepSize: 0.02, budget: 4 });
    expect(budget.unlooped).toBe('each row has a budget');
    expect(Math.max(...budget.gradients)).toBeLessThanOrEqual(4);
  });
});

describe('a loop that a model does not have', () => {
  async function walked(rows: string | number, columns: number) {
    const graph = new GraphBuilder('linear');
    const x = graph.input('x', 'float32', [rows, 3]);
    const weights = Float32Array.from({ length: 3 * columns }, (_, at) => Math.sin(at + 1));
    graph.output('y', graph.op('MatMul', [x, graph.constant(tensorOf(weights, [3, columns]))]), 'float32', [
      rows,
      columns,
    ]);
    const model = graph.model();
    const target = await openOnnxTarget({
      model,
      input: 'x',
      shape: [3],
      output: 'y',
      scores: 'logits',
      bounds: PATIENT,
    });
    try {
      const batch = { inputs: Float32Array.of(0.9, 0.1, 0.2, 0.9, 0.1, 0.2), classes: Int32Array.of(0, 1) };
      return await pgd(target, batch, { ...LINF, eps: 1, steps: 4, stepSize: 0.3 });
    } finally {
      await target.close();
    }
  }

  test('is not made of many rows of many nodes, of which steps are faster', () => {
    const of = (rows: number, layers: number) => {
      const graph = new GraphBuilder('layers');
      let value = graph.input('x', 'float32', ['rows', 64]);
      for (let layer = 0; layer < layers; layer++) value = graph.op('Relu', [value]);
      graph.output('y', value, 'float32', ['rows', 64]);
      return whyNoLoop(graph.model(), rows, 64);
    };
    expect(of(128, 32)).toBeUndefined();
    expect(of(129, 32)).toBe('129 rows of this model are faster so');
    expect(of(5, 1000)).toBe('5 rows of this model are faster so');
  });

  test.each([
    ['a fixed number of rows', 2, 3, 'the model takes 2 rows at a time'],
    ['one score', 'rows', 1, 'the model gives one score for two classes'],
  ] as const)('is said of %s, and the steps are taken all the same', async (_, rows, columns, why) => {
    const result = await walked(rows, columns);
    expect(result.unlooped).toBe(why);
    expect(Math.max(...result.gradients)).toBeGreaterThan(0);
  });
});
