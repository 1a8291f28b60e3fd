import { describe, expect, it } from 'vitest';
import { type Given, type VerifyConvertedOptions, verifyConverted } from '../../../src/convert/verify/verify.ts';
import type { RunnableModel } from '../../../src/formats/arrays/model.ts';
import type { PlainArray } from '../../../src/formats/arrays/plain-array.ts';
import { GraphBuilder } from '../../../src/formats/onnx/build/builder.ts';
import { tensorOf } from '../../../src/formats/onnx/build/tensors.ts';
import type { OnnxModel } from '../../../src/formats/onnx/model.ts';
import { HOSTILE } from '../../support/onnx-hostile.ts';

const MiB = 1024 * 1024;
/** Starting a process takes long on a busy machine. */
const PATIENT = { bounds: { sandboxWallMs: 3_600_000, sandboxCpuSeconds: 3_600 } };
const WEIGHTS = [0.5, -2, 1.25];

/** `variable = X @ weights`, of three columns. */
function linear(weights: readonly number[] = WEIGHTS): OnnxModel {
  const graph = new GraphBuilder('linear');
  const product = graph.op('MatMul', [
    graph.input('X', 'float32', ['batch', 3]),
    graph.constant(tensorOf(Float32Array.from(weights), [3, 1])),
  ]);
  graph.output('variable', product, 'float32', ['batch', 1]);
  return graph.model();
}

const RUNNABLE: RunnableModel = {
  inputs: [{ name: 'X', type: 'float32', shape: ['batch', 3], ranges: [] }],
  outputs: [{ name: 'variable', role: 'values', shape: ['batch', 1] }],
  tolerances: [{ output: 'variable', absolute: 1e-5, relative: 1e-5 }],
};

const numbers = (dims: readonly number[], values: readonly number[]): PlainArray => ({
  kind: 'numbers',
  dims,
  values: Float64Array.from(values),
});
const ROWS = [1, 2, 3, -1, 0, 0.5, 4, 4, 4, 0, 0, 0];
const X = numbers([4, 3], ROWS);
const Y = Array.from({ length: 4 }, (_, row) =>
  WEIGHTS.reduce((sum, weight, i) => sum + weight * (ROWS[row * 3 + i] ?? 0), 0),
);

const file = (path: string, arrays: Readonly<Record<string, PlainArray>>) => ({
  path,
  sha256: `sha256:${'0'.repeat(64)}`,
  arrays: new Map(Object.entries(arrays)),
});
const given = (
  inputs: Readonly<Record<string, PlainArray>>,
  outputs: Readonly<Record<string, PlainArray>> = { variable: numbers([4], Y) },
): Given => ({ inputs: file('X.npz', inputs), outputs: file('Y.npz', outputs) });

function verify(
  what: Given,
  model: OnnxModel = linear(),
  runnable: RunnableModel = RUNNABLE,
  options: VerifyConvertedOptions = {},
) {
  return verifyConverted(runnable, model, what, {
    ...options,
    bounds: { ...PATIENT.bounds, ...options.bounds },
  });
}

describe('against outputs of the source', () => {
  it('passes where they are equal, and says what was compared', async () => {
    expect(await verify(given({ X }))).toMatchObject({
      kind: 'against source outputs',
      pass: true,
      runtime: { name: 'onnxruntime-node', version: expect.stringMatching(/^\d+\.\d+\.\d+/) },
      inputs: { from: 'file', rounded: false },
      outputs: { sha256: expect.any(String) },
      rows: 4,
      runs: [],
      compared: [{ output: 'variable', role: 'values', compared: 4, different: 0, pass: true }],
    });
  });

  it('takes the only array of a model with one input, by any name', async () => {
    expect(await verify(given({ arr_0: X }, { arr_0: numbers([4, 1], Y) }))).toMatchObject({ pass: true });
  });

  it('fails where one weight is another', async () => {
    const result = await verify(given({ X }), linear([0.5, -2, 1.2501]));
    expect(result).toMatchObject({ pass: false, compared: [{ different: 3, maxAbsolute: expect.closeTo(4e-4, 5) }] });
  });

  it('fails where the rows stand in another order', async () => {
    expect(await verify(given({ X }, { variable: numbers([4], [...Y].reverse()) }))).toMatchObject({ pass: false });
  });

  it('fails where one value is not a number', async () => {
    const result = await verify(given({ X }, { variable: numbers([4], [Number.NaN, ...Y.slice(1)]) }));
    expect(result).toMatchObject({ pass: false, compared: [{ different: 1, maxAbsolute: null }] });
  });

  it('takes NaN in the inputs, and says that numbers were rounded', async () => {
    const inputs = numbers([4, 3], [0.1, Number.NaN, ...ROWS.slice(2)]);
    const result = await verify(given({ X: inputs }, { variable: numbers([4], [Number.NaN, ...Y.slice(1)]) }));
    expect(result).toMatchObject({ pass: true, inputs: { rounded: true } });
  });

  it('runs many rows in parts', async () => {
    const rows = 1_000;
    const many = Array.from({ length: rows }, (_, row) => [row, 1, 0]).flat();
    const outputs = numbers(
      [rows],
      Array.from({ length: rows }, (_, row) => 0.5 * row - 2),
    );
    const inputs = numbers([rows, 3], many);
    expect(await verify(given({ X: inputs }, { variable: outputs }))).toMatchObject({ pass: true, rows });
    const last = numbers([rows], [...outputs.values.slice(0, -1)].map(Number).concat(0));
    expect(await verify(given({ X: inputs }, { variable: last }))).toMatchObject({ compared: [{ different: 1 }] });
  });

  const texts: PlainArray = { kind: 'texts', dims: [4, 3], values: ROWS.map(String) };
  it.each<[string, Given, Record<string, unknown>]>([
    ['a missing input', given({ a: X, b: X }), { subject: 'X.npz', message: expect.stringContaining('"X"') }],
    ['no inputs', given({}), { subject: 'X.npz' }],
    ['an input too many', given({ X, Z: X }), { message: expect.stringContaining('"Z"') }],
    ['texts for numbers', given({ X: texts }), { hint: expect.stringContaining('float32') }],
    ['too few columns', given({ X: numbers([6, 2], ROWS) }), { message: expect.stringContaining('[6, 2]') }],
    ['a list of numbers', given({ X: numbers([12], ROWS) }), {}],
    ['no rows', given({ X: numbers([0, 3], []) }, { variable: numbers([0], []) }), { message: 'has no rows' }],
    ['outputs of other rows', given({ X }, { variable: numbers([3], Y.slice(1)) }), { subject: 'Y.npz' }],
    ['no outputs', given({ X }, {}), { subject: 'Y.npz' }],
    ['an output too many', given({ X }, { variable: numbers([4], Y), label: numbers([4], Y) }), { subject: 'Y.npz' }],
    ['outputs without inputs', { outputs: file('Y.npz', {}) }, {}],
  ])('refuses %s', async (_, what, error) => {
    await expect(verify(what)).rejects.toMatchObject({ code: 'usage', ...error });
  });

  it('refuses more rows than are compared', async () => {
    const inputs = numbers([100_001, 3], new Array(300_003).fill(1));
    await expect(verify(given({ X: inputs }))).rejects.toMatchObject({
      code: 'limit',
      hint: expect.stringContaining('X[:100000]'),
    });
  });
});

describe('self-consistency', () => {
  it('compares other runs with drawn inputs, and says which', async () => {
    const steps: string[] = [];
    const result = await verify({}, linear(), RUNNABLE, { onStep: (what) => steps.push(what) });
    expect(result).toMatchObject({
      kind: 'self-consistency',
      pass: true,
      inputs: { from: 'seed', sha256: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) },
      outputs: null,
      rows: 64,
      runs: ['a second run', 'runs of each row alone', 'a run without the optimizer of the runtime'],
      compared: [{ compared: 3 * 64, different: 0 }],
    });
    expect(steps).toContain('runs of each row alone');
  });

  it('takes the rows of the user', async () => {
    expect(await verify({ inputs: file('X.npz', { X }) })).toMatchObject({
      kind: 'self-consistency',
      pass: true,
      inputs: { from: 'file' },
      rows: 4,
    });
  });

  it('fails for a model whose rows depend on the others', async () => {
    const graph = new GraphBuilder('mixing');
    const x = graph.input('X', 'float32', ['batch', 3]);
    const mean = graph.op('ReduceMean', [x], { axes: [0], keepdims: 1 });
    const first = graph.op(
      'Gather',
      [graph.op('Sub', [x, mean]), graph.constant(tensorOf(BigInt64Array.of(0n), [1]))],
      {
        axis: 1,
      },
    );
    graph.output('variable', first, 'float32', ['batch', 1]);
    expect(await verify({}, graph.model())).toMatchObject({ pass: false, compared: [{ pass: false }] });
  });

  it('fails for a model that gives less for some rows', async () => {
    const graph = new GraphBuilder('dropping');
    const x = graph.input('X', 'float32', ['batch', 3]);
    const positive = graph.op('Greater', [x, graph.constant(tensorOf(Float32Array.of(0), []))]);
    const all = graph.op(
      'Compress',
      [
        graph.op('Reshape', [x, graph.constant(tensorOf(BigInt64Array.of(-1n), [1]))]),
        graph.op('Reshape', [positive, graph.constant(tensorOf(BigInt64Array.of(-1n), [1]))]),
      ],
      { axis: 0 },
    );
    graph.output(
      'variable',
      graph.op('Unsqueeze', [all, graph.constant(tensorOf(BigInt64Array.of(1n), [1]))]),
      'float32',
    );
    const inputs = file('X.npz', { X: numbers([2, 3], [1, 1, -1, 1, -1, -1]) });
    const outputs = file('Y.npz', { variable: numbers([2], [1, 1]) });
    expect(await verify({ inputs, outputs }, graph.model())).toMatchObject({ pass: false });
  });

  it('fails for a model that gives other numbers each time', async () => {
    const graph = new GraphBuilder('random');
    const x = graph.op(
      'ReduceSum',
      [graph.input('X', 'float32', ['batch', 3]), graph.constant(tensorOf(BigInt64Array.of(1n), [1]))],
      {},
    );
    graph.output('variable', graph.op('Add', [x, graph.op('RandomNormalLike', [x])]), 'float32', ['batch', 1]);
    expect(await verify({}, graph.model())).toMatchObject({ pass: false });
  });

  it('fails where numbers become something else', async () => {
    const graph = new GraphBuilder('log');
    const x = graph.op('ReduceSum', [
      graph.input('X', 'float32', ['batch', 3]),
      graph.constant(tensorOf(BigInt64Array.of(1n), [1])),
    ]);
    graph.output('variable', graph.op('Log', [x]), 'float32', ['batch', 1]);
    expect(await verify({}, graph.model())).toMatchObject({
      pass: false,
      compared: [{ problem: 'it has values that are not finite numbers' }],
    });
  });

  it('runs a model of a fixed size as it is', async () => {
    const graph = new GraphBuilder('fixed');
    graph.output('y', graph.op('Neg', [graph.input('X', 'float32', [2, 3])]), 'float32', [2, 3]);
    const fixed: RunnableModel = {
      inputs: [{ name: 'X', type: 'float32', shape: [2, 3], ranges: [] }],
      outputs: [{ name: 'y', role: 'values', shape: [2, 3] }],
      tolerances: [],
    };
    const result = await verify({}, graph.model(), fixed);
    expect(result).toMatchObject({
      pass: true,
      rows: 1,
      runs: ['a second run', 'a run without the optimizer of the runtime'],
    });
  });

  it('does not part the steps of a sequence, which depend on each other', async () => {
    const graph = new GraphBuilder('steps');
    const x = graph.input('X', 'float32', ['length', 'batch', 2]);
    graph.output('y', graph.op('CumSum', [x, graph.constant(tensorOf(BigInt64Array.of(0n), []))]), 'float32', [
      'length',
      'batch',
      2,
    ]);
    const model = graph.model();
    const steps: RunnableModel = {
      inputs: [{ name: 'X', type: 'float32', shape: ['length', 'batch', 2], ranges: [] }],
      outputs: [{ name: 'y', role: 'values', shape: ['length', 'batch', 2] }],
      tolerances: [],
    };
    expect(await verify({}, model, steps)).toMatchObject({ pass: true, rows: 1 });
    const inputs = file('X.npz', { X: numbers([300, 1, 2], new Array(600).fill(1)) });
    const sums = numbers(
      [300, 1, 2],
      Array.from({ length: 600 }, (_, i) => Math.floor(i / 2) + 1),
    );
    expect(await verify({ inputs, outputs: file('Y.npz', { y: sums }) }, model, steps)).toMatchObject({
      pass: true,
    });
  });

  it('shows nothing for a model without outputs that are compared', async () => {
    expect(await verify({}, linear(), { ...RUNNABLE, outputs: [] })).toMatchObject({
      pass: false,
      problem: 'no value could be compared',
    });
  });
});

describe('a hostile model', () => {
  const ONE: RunnableModel = {
    inputs: [{ name: 'x', type: 'float32', shape: [1], ranges: [] }],
    outputs: [{ name: 'y', role: 'values', shape: [1] }],
    tolerances: [],
  };

  it.each([
    ['does not end', 'loop', { sandboxCpuSeconds: 1 }, 'sandboxCpuSeconds'],
    ['grows', 'expand', { sandboxMemoryBytes: 256 * MiB }, 'sandboxMemoryBytes'],
    ['gives too much', 'output', { sandboxMemoryBytes: 2048 * MiB, maxOutputBytes: MiB }, 'maxOutputBytes'],
  ] as const)('is stopped when it %s', async (_, name, bounds, limit) => {
    await expect(verify({}, HOSTILE[name](), ONE, { bounds })).rejects.toMatchObject({
      code: 'limit',
      message: expect.stringContaining(limit),
    });
  });

  it('is stopped by the caller', async () => {
    const stop = new AbortController();
    const onStep = (what: string) => what.startsWith('running') && stop.abort();
    await expect(verify({}, HOSTILE.loop(), ONE, { signal: stop.signal, onStep })).rejects.toMatchObject({
      code: 'aborted',
    });
  });
});
