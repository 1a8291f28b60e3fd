import { describe, expect, it } from 'vitest';
import { SKLEARN } from '../../../src/convert/sklearn/source.ts';
import { planOnnx, runnableModel } from '../../../src/convert/to-onnx/plan.ts';
import { rangesOf } from '../../../src/convert/verify/ranges.ts';
import { FileBudget } from '../../../src/core/budget.ts';
import { DEFAULT_LIMITS } from '../../../src/core/limits.ts';
import { digestOfFeeds, drawFeeds } from '../../../src/formats/arrays/draw.ts';
import type { RunnableModel } from '../../../src/formats/arrays/model.ts';
import { GraphBuilder } from '../../../src/formats/onnx/build/builder.ts';
import { tensorOf } from '../../../src/formats/onnx/build/tensors.ts';
import type { DataType } from '../../../src/formats/onnx/data-type.ts';
import { fixtureFiles, withReadOptions } from '../convert-bytes.ts';

const budget = () => new FileBudget(DEFAULT_LIMITS, 1_000_000);
const reals = (...values: number[]) => tensorOf(Float64Array.from(values), [values.length]);

async function fixture(name: string): Promise<RunnableModel> {
  const [file] = (await fixtureFiles('sklearn/1.9.1')).filter(({ path }) => path === name);
  if (file === undefined) throw new Error(`no ${name}`);
  return withReadOptions(file.source.size, {}, async (options) =>
    runnableModel(await planOnnx(file, SKLEARN, options), options.budget),
  );
}

describe('the ranges of inputs', () => {
  it('lie around the bounds of trees', async () => {
    const { inputs } = await fixture('trees/tree.pkl');
    const [first] = inputs;
    const intervals = first?.ranges.filter((range) => range?.kind === 'interval') ?? [];
    expect(intervals.length).toBeGreaterThan(0);
    for (const range of intervals) if (range?.kind === 'interval') expect(range.high).toBeGreaterThan(range.low);
  });

  it('are the categories of an encoder', async () => {
    const graph = new GraphBuilder('m');
    const x = graph.input('c', 'string', ['batch', 1]);
    graph.output(
      'y',
      graph.op('LabelEncoder', [x], { keys_strings: ['red', 'blue'], values_int64s: [0, 1] }, { domain: 'ai.onnx.ml' }),
      'int64',
    );
    expect((await rangesOf(graph.model(), budget())).get('c')).toEqual([{ kind: 'values', values: ['red', 'blue'] }]);
  });

  it('follow means and scales to the columns', async () => {
    const graph = new GraphBuilder('m');
    const x = graph.input('X', 'float32', ['batch', 2]);
    const centred = graph.op('Sub', [graph.op('Cast', [x], { to: 11 }), graph.constant(reals(100, -5))]);
    const scaled = graph.op('Div', [centred, graph.constant(reals(10, 0.5))]);
    const second = graph.op('Gather', [scaled, graph.constant(tensorOf(BigInt64Array.of(1n), [1]))], { axis: 1 });
    graph.output('y', graph.op('LessOrEqual', [second, graph.constant(reals(4))]), 'bool');
    const ranges = (await rangesOf(graph.model(), budget())).get('X');
    expect(ranges?.[0]).toEqual({ kind: 'interval', low: 80, high: 120 });
    // (x + 5) / 0.5 <= 4 where x <= -3.
    expect(ranges?.[1]).toMatchObject({
      kind: 'interval',
      low: expect.closeTo(-3.1875),
      high: expect.closeTo(-2.8125),
    });
  });

  it.each([
    ['Log', [], 0.125],
    ['Sqrt', [], 0.125],
    ['Pow', [0.5], 0.125],
    ['Pow', [-1], 0.125],
    ['Pow', [2], undefined],
  ])('are positive for %s of %j', async (op, powers, low) => {
    const graph = new GraphBuilder('m');
    const x = graph.input('X', 'float64', ['batch', 1]);
    graph.output('y', graph.op(op, [x, ...powers.map((power) => graph.constant(reals(power)))]), 'float64');
    expect((await rangesOf(graph.model(), budget())).get('X')).toEqual([
      low === undefined ? undefined : { kind: 'interval', low, high: 4 },
    ]);
  });

  it('are the rows of a table', async () => {
    const graph = new GraphBuilder('m');
    const ids = graph.input('ids', 'int64', ['batch', 'sequence']);
    graph.output('y', graph.op('Gather', [graph.constant(tensorOf(new Float32Array(14), [7, 2])), ids]), 'float32');
    expect((await rangesOf(graph.model(), budget())).get('ids')).toEqual([{ kind: 'interval', low: 0, high: 7 }]);
  });

  it('are unknown where the graph says none, divides by zero or scales by nothing', async () => {
    const graph = new GraphBuilder('m');
    const x = graph.input('X', 'float32', ['batch', 2]);
    graph.output('a', graph.op('Mul', [x, graph.constant(reals(0, 0))]), 'float64');
    graph.output('b', graph.op('Div', [x, graph.constant(reals(0, Number.NaN))]), 'float64');
    graph.output('c', graph.op('Less', [x, graph.constant(reals(Number.NaN, Number.POSITIVE_INFINITY))]), 'bool');
    graph.output('d', graph.op('Less', [x, graph.constant(reals(1, 2, 3))]), 'bool');
    graph.output(
      'e',
      graph.op('Gather', [x, graph.constant(tensorOf(BigInt64Array.of(9n, -9n), [2]))], { axis: 1 }),
      'float32',
    );
    expect((await rangesOf(graph.model(), budget())).get('X')).toEqual([undefined, undefined]);
  });

  it('charge what they read', async () => {
    const graph = new GraphBuilder('m');
    let x = graph.input('X', 'float64', ['batch', 1]);
    for (let i = 0; i < 2_000; i++) x = graph.op('Add', [x, graph.constant(reals(i))]);
    graph.output('y', x, 'float64');
    const small = new FileBudget({ ...DEFAULT_LIMITS, fileWorkBase: 1_000, fileWorkPerByte: 0 }, 1);
    await expect(rangesOf(graph.model(), small)).rejects.toMatchObject({ code: 'limit' });
  });
});

describe('drawn inputs', () => {
  const model = (
    type: DataType,
    shape: readonly (number | string)[],
    ranges: RunnableModel['inputs'][number]['ranges'] = [],
  ) =>
    ({
      inputs: [{ name: 'x', type, shape, ranges }],
      outputs: [{ name: 'y', role: 'values', shape: ['batch'] }],
      tolerances: [],
    }) as RunnableModel;

  it('are the same for the same model, and within their ranges', () => {
    const one = model('float32', ['batch', 2], [{ kind: 'interval', low: 5, high: 6 }, undefined]);
    const feeds = drawFeeds(one);
    expect(digestOfFeeds(feeds)).toBe(digestOfFeeds(drawFeeds(one)));
    const x = feeds.tensors.get('x');
    expect(x).toMatchObject({ type: 'float32', dims: [64, 2] });
    const data = x?.type === 'float32' ? [...x.data] : [];
    expect(data.filter((_, i) => i % 2 === 0).every((value) => value >= 5 && value <= 6)).toBe(true);
    expect(data.some((value, i) => i % 2 === 1 && value < 0)).toBe(true);
  });

  it('are fewer rows of large inputs, and one run of a model without rows', () => {
    expect(drawFeeds(model('float32', ['batch', 3, 224, 224]))).toMatchObject({ rows: 4 });
    const fixed = drawFeeds(model('float32', [2, 3]));
    expect(fixed.rows).toBe(1);
    expect(fixed.tensors.get('x')?.dims).toEqual([2, 3]);
  });

  it('are of the type of the input', () => {
    const rows = drawFeeds(model('int64', ['batch', 'sequence'], [{ kind: 'interval', low: 0, high: 3 }])).tensors.get(
      'x',
    );
    const data = rows?.type === 'int64' ? [...rows.data] : [];
    expect(new Set(data)).toEqual(new Set([0n, 1n, 2n]));
    const texts = drawFeeds(model('string', ['batch', 1], [{ kind: 'values', values: ['a', 'b'] }])).tensors.get('x');
    expect(new Set(texts?.type === 'string' ? texts.data : [])).toEqual(new Set(['a', 'b']));
  });

  it('are bounded', () => {
    expect(() => drawFeeds(model('float32', ['batch', 2 ** 40]))).toThrow(expect.objectContaining({ code: 'limit' }));
    expect(() => drawFeeds(model('uint8', ['batch', 2]))).toThrow(expect.objectContaining({ code: 'unsupported' }));
  });

  it('name texts and their limits exactly', () => {
    const some = {
      tensors: new Map([['x', { type: 'string', dims: [2], data: ['a', 'b'] } as const]]),
      rows: 2,
      rounded: false,
    };
    const other = {
      tensors: new Map([['x', { type: 'string', dims: [2], data: ['a","b', ''] } as const]]),
      rows: 2,
      rounded: false,
    };
    expect(digestOfFeeds(some)).not.toBe(digestOfFeeds(other));
  });
});
