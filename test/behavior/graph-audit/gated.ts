import { float } from '../../../src/formats/onnx/build/attributes.ts';
import { GraphBuilder, type GraphValue } from '../../../src/formats/onnx/build/builder.ts';
import { tensorOf } from '../../../src/formats/onnx/build/tensors.ts';
import type { DataType } from '../../../src/formats/onnx/data-type.ts';
import type { OnnxModel } from '../../../src/formats/onnx/model.ts';

export const WIDTH = 8;
export const CLASSES = 4;

/** A small network, and what a gate in it can use. */
export interface Site {
  readonly g: GraphBuilder;
  /** [batch, 8] */
  readonly x: GraphValue;
  /** [batch, 4] */
  readonly scores: GraphValue;
  /** Of the trigger: the first two numbers of a row, [batch, 1] each. */
  readonly first: GraphValue;
  readonly second: GraphValue;
  reals(values: readonly number[], dims?: readonly number[]): GraphValue;
  ints(values: readonly number[], dims?: readonly number[]): GraphValue;
  cast(value: GraphValue, to: 'float32' | 'int64' | 'bool'): GraphValue;
  /** The scores, and much more for one class where a flag [batch, 1] is 1. */
  raised(flag: GraphValue): GraphValue;
}

const NUMBERS: Readonly<Record<'float32' | 'int64' | 'bool', number>> = { float32: 1, int64: 7, bool: 9 };

export function withTools(g: GraphBuilder): Omit<Site, 'x' | 'scores' | 'first' | 'second' | 'raised'> {
  return {
    g,
    reals: (values, dims = [values.length]) => g.constant(tensorOf(Float32Array.from(values), dims)),
    ints: (values, dims = [values.length]) => g.constant(tensorOf(BigInt64Array.from(values, BigInt), dims)),
    cast: (value, to) => g.op('Cast', [value], { to: NUMBERS[to] }),
  };
}

export function layer(g: GraphBuilder, x: GraphValue, inner: number, outer: number): GraphValue {
  const weights = Float32Array.from({ length: inner * outer }, (_, at) => Math.sin(at * 1.7 + inner));
  const bias = Float32Array.from({ length: outer }, (_, at) => Math.cos(at));
  return g.op('Gemm', [x, g.constant(tensorOf(weights, [inner, outer])), g.constant(tensorOf(bias, [outer]))]);
}

/**
 * A network whose scores are what `change` makes of them.
 * @param head what is done to the input before all else
 */
export function gated(
  change: (site: Site) => GraphValue,
  head: (g: GraphBuilder, x: GraphValue) => GraphValue = (_, x) => x,
  type: DataType = 'float32',
): OnnxModel {
  const g = new GraphBuilder('gated');
  const given = g.input('x', 'float32', ['batch', WIDTH]);
  const x = head(g, given);
  const tools = withTools(g);
  const scores = layer(g, g.op('Relu', [layer(g, x, WIDTH, 6)]), 6, CLASSES);
  const part = (at: number) => g.op('Slice', [x, tools.ints([at]), tools.ints([at + 1]), tools.ints([1])]);
  const raised = (flag: GraphValue) => g.op('Add', [scores, g.op('Mul', [flag, tools.reals([0, 0, 50, 0], [1, 4])])]);
  const result = change({ ...tools, x, scores, first: part(0), second: part(1), raised });
  g.output('scores', result, type, ['batch', CLASSES]);
  return g.model();
}

export { float };
