import type { FileBudget } from '../../core/index.ts';
import { type DataType, GraphBuilder, type GraphValue, tensorOf, tensorOfStrings } from '../../formats/onnx/index.ts';
import type { Labels, RealMatrix } from '../estimator/index.ts';
import type { Matrix } from './matrix.ts';

export type Reduction = 'ReduceSum' | 'ReduceMax' | 'ReduceMin' | 'ReduceMean';

/** The operators that many estimators need, over a graph. Constants are charged to the budget of the file. */
export class Operators {
  readonly graph: GraphBuilder;
  /** The type in which a converted model computes: that of its library. */
  readonly precision: 'float32' | 'float64';
  readonly budget: FileBudget;
  readonly #casts = new Map<GraphValue, GraphValue>();

  constructor(budget: FileBudget, precision: 'float32' | 'float64' = 'float64') {
    this.budget = budget;
    this.precision = precision;
    this.graph = new GraphBuilder('model');
  }

  op(name: string, inputs: readonly GraphValue[]): GraphValue {
    return this.graph.op(name, inputs);
  }

  /** A constant in the type of computation. */
  reals(values: ArrayLike<number>, dims: readonly number[] = [values.length]): GraphValue {
    const wide = this.precision === 'float64';
    this.budget.hold((wide ? 8 : 4) * values.length);
    return this.graph.constant(tensorOf(wide ? Float64Array.from(values) : Float32Array.from(values), dims));
  }

  real(value: number): GraphValue {
    return this.reals([value], []);
  }

  ints(values: readonly (number | bigint)[], dims: readonly number[] = [values.length]): GraphValue {
    this.budget.hold(8 * values.length);
    return this.graph.constant(tensorOf(BigInt64Array.from(values, BigInt), dims));
  }

  texts(values: readonly string[], dims?: readonly number[]): GraphValue {
    this.budget.hold(values.reduce((sum, text) => sum + 16 + 2 * text.length, 0));
    return this.graph.constant(tensorOfStrings(values, dims));
  }

  cast(value: GraphValue, type: DataType): GraphValue {
    const codes: Partial<Record<DataType, number>> = { float32: 1, int64: 7, string: 8, bool: 9, float64: 11 };
    return this.graph.op('Cast', [value], { to: codes[type] ?? 1 });
  }

  /** A matrix in the type of computation. */
  matrix({ value, type }: Matrix): GraphValue {
    if (type === this.precision) return value;
    let cast = this.#casts.get(value);
    if (cast === undefined) {
      cast = this.cast(value, this.precision);
      this.#casts.set(value, cast);
    }
    return cast;
  }

  result(value: GraphValue, width: number): Matrix {
    return { value, width, type: this.precision };
  }

  add(a: GraphValue, b: GraphValue): GraphValue {
    return this.op('Add', [a, b]);
  }

  sub(a: GraphValue, b: GraphValue): GraphValue {
    return this.op('Sub', [a, b]);
  }

  mul(a: GraphValue, b: GraphValue): GraphValue {
    return this.op('Mul', [a, b]);
  }

  div(a: GraphValue, b: GraphValue): GraphValue {
    return this.op('Div', [a, b]);
  }

  scale(a: GraphValue, factor: number): GraphValue {
    return factor === 1 ? a : this.mul(a, this.real(factor));
  }

  /** The sum of some values. */
  sum(values: readonly GraphValue[]): GraphValue {
    const [first, ...rest] = values;
    if (first === undefined) return this.real(0);
    return rest.reduce((total, value) => this.add(total, value), first);
  }

  /** `x @ weights.T + intercept`: a row of the weights for each column of the result. */
  affine(x: GraphValue, weights: RealMatrix, intercept?: ArrayLike<number>): GraphValue {
    const product = this.op('MatMul', [x, this.transposed(weights)]);
    return intercept === undefined ? product : this.add(product, this.reals(intercept));
  }

  /** `x @ weights`. */
  product(x: GraphValue, { rows, columns, values }: RealMatrix): GraphValue {
    return this.op('MatMul', [x, this.reals(values, [rows, columns])]);
  }

  transposed({ rows, columns, values }: RealMatrix): GraphValue {
    this.budget.work(values.length);
    const turned = new Float64Array(values.length);
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < columns; c++) turned[c * rows + r] = values[r * columns + c] ?? 0;
    return this.reals(turned, [columns, rows]);
  }

  /** Reduces each row to one column. */
  reduce(kind: Reduction, x: GraphValue, axis = 1): GraphValue {
    // Until opset 18, the axes of all reductions but the sum are attributes.
    if (kind === 'ReduceSum') return this.graph.op(kind, [x, this.ints([axis])], { keepdims: 1 });
    return this.graph.op(kind, [x], { axes: [axis], keepdims: 1 });
  }

  square(x: GraphValue): GraphValue {
    return this.mul(x, x);
  }

  /** The rows, each with the given sum of its numbers; rows of zeros are as they were, or what `empty` is. */
  normalized(x: GraphValue, empty?: GraphValue): GraphValue {
    const sum = this.reduce('ReduceSum', x);
    const zero = this.op('Equal', [sum, this.real(0)]);
    const shares = this.div(x, this.where(zero, this.real(1), sum));
    return empty === undefined ? shares : this.where(zero, empty, shares);
  }

  where(condition: GraphValue, yes: GraphValue, no: GraphValue): GraphValue {
    return this.op('Where', [condition, yes, no]);
  }

  /** Columns side by side. */
  concat(parts: readonly GraphValue[], axis = 1): GraphValue {
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : this.graph.op('Concat', parts, { axis });
  }

  /** Some of the columns. */
  columns(x: GraphValue, indexes: readonly number[]): GraphValue {
    return this.graph.op('Gather', [x, this.ints(indexes)], { axis: 1 });
  }

  softmax(x: GraphValue): GraphValue {
    return this.graph.op('Softmax', [x], { axis: 1 });
  }

  sigmoid(x: GraphValue): GraphValue {
    return this.op('Sigmoid', [x]);
  }

  /** Both classes of one column that is for the second: `[1 - p, p]`. */
  bothShares(p: GraphValue): GraphValue {
    return this.concat([this.sub(this.real(1), p), p]);
  }

  /** Scores of both classes of a decision whose sign is the class: `[-d, d]`. */
  bothSides(decision: GraphValue): GraphValue {
    return this.concat([this.op('Neg', [decision]), decision]);
  }

  /** The index of the first highest column. [N] */
  best(scores: GraphValue): GraphValue {
    return this.graph.op('ArgMax', [scores], { axis: 1, keepdims: 0 });
  }

  /** For each row, 1 in the column of an index, and 0 in the others. @param indexes [N] */
  oneHot(indexes: GraphValue, width: number): GraphValue {
    const column = this.op('Unsqueeze', [indexes, this.ints([1])]);
    const each = this.ints(Array.from({ length: width }, (_, index) => index));
    return this.cast(this.op('Equal', [column, each]), this.precision);
  }

  /** The labels of some indexes. */
  labels(indexes: GraphValue, labels: Labels): GraphValue {
    const table = labels.kind === 'texts' ? this.texts(labels.values) : this.ints(labels.values);
    return this.graph.op('Gather', [table, indexes], { axis: 0 });
  }

  /** The labels with the highest scores. */
  labelOf(scores: GraphValue, labels: Labels): GraphValue {
    return this.labels(this.best(scores), labels);
  }
}
