import { AssayError, quotedName } from '../../core/index.ts';
import type { Attributes, DataType, GraphBuilder, GraphValue } from '../../formats/onnx/index.ts';
import { Operators } from '../operators/index.ts';
import type { Tensor, TensorReadOptions } from '../tensors/index.ts';
import { broadcastShape, type GraphSize, type GraphTensor, shownShape } from './shape.ts';
import { weightTensor, weightType } from './weight.ts';

export type Elementwise = 'Add' | 'Sub' | 'Mul' | 'Div' | 'Pow' | 'Min' | 'Max';
export type CompareOperator = 'Equal' | 'Greater' | 'GreaterOrEqual' | 'Less' | 'LessOrEqual' | 'And' | 'Or';

const FLOATS: ReadonlySet<DataType> = new Set(['float16', 'bfloat16', 'float64']);
/** Nodes of one model. */
const MAX_NODES = 1_000_000;
/** What a node of the graph takes while it is built. */
const NODE_BYTES = 1_024;

/**
 * A neural network that is built as a graph, in `float32` and for batches of any size. Every tensor has its shape, as far as it is
 * known before the model runs; weights stay in their file until the graph is written. Images are NCHW, and kernels OIHW.
 */
export class Network {
  readonly ops: Operators;
  readonly #options: TensorReadOptions;
  readonly #subject: string;
  readonly #weights = new Map<Tensor, GraphTensor>();
  /** The layers that are being built, from the outside in. */
  readonly #layers: string[] = [];
  #nodes = 0;

  /** @param subject the file, for messages */
  constructor(options: TensorReadOptions, subject: string) {
    this.ops = new Operators(options.budget, 'float32');
    this.#options = options;
    this.#subject = subject;
  }

  get graph(): GraphBuilder {
    return this.ops.graph;
  }

  /** Builds a layer: errors name it. */
  within<T>(layer: string, build: () => T): T {
    this.#layers.push(layer);
    const built = build();
    this.#layers.pop();
    return built;
  }

  /** An error of a model that cannot be converted. */
  refuse(why: string, hint?: string): AssayError {
    return this.#error('unsupported', why, hint);
  }

  /** An error of a model that contradicts itself. */
  broken(what: string): AssayError {
    return this.#error('malformed', what);
  }

  #error(code: 'unsupported' | 'malformed', what: string, hint?: string): AssayError {
    const layer = this.#layers.at(-1);
    const message = layer === undefined ? what : `${layer}: ${what}`;
    return new AssayError(code, message, { subject: this.#subject, ...(hint === undefined ? {} : { hint }) });
  }

  input(name: string, type: DataType, shape: readonly GraphSize[]): GraphTensor {
    return { value: this.graph.input(name, type, shape), type, shape };
  }

  output(name: string, { value, type, shape }: GraphTensor): void {
    this.graph.output(name, value, type, shape);
  }

  /** What an operator gives, by its type and shape. */
  op(
    op: string,
    inputs: readonly (GraphTensor | GraphValue | undefined)[],
    result: Pick<GraphTensor, 'type' | 'shape'>,
    attributes: Attributes = {},
  ): GraphTensor {
    const [made] = this.opMany(op, inputs, [result], attributes);
    if (made === undefined) throw new AssayError('internal', `${op} has no result`);
    return made;
  }

  opMany(
    op: string,
    inputs: readonly (GraphTensor | GraphValue | undefined)[],
    results: readonly Pick<GraphTensor, 'type' | 'shape'>[],
    attributes: Attributes = {},
  ): GraphTensor[] {
    if (++this.#nodes > MAX_NODES) throw new AssayError('limit', `the model has more than ${MAX_NODES} operators`);
    this.#options.budget.hold(NODE_BYTES);
    const values = inputs.map((input) => (input !== undefined && 'value' in input ? input.value : input));
    const made = this.graph.ops(op, values, results.length, attributes);
    return results.flatMap(({ type, shape }, index) => {
      const value = made[index];
      return value === undefined ? [] : [{ value, type, shape }];
    });
  }

  /**
   * A weight, in the type of computation when it is a floating-point number.
   * @throws AssayError `unsupported` for a type that runtimes do not compute with
   */
  weight(tensor: Tensor): GraphTensor {
    const known = this.#weights.get(tensor);
    if (known !== undefined) return known;
    const made = this.#constant(tensor);
    const weight = FLOATS.has(made.type) ? this.cast(made, 'float32') : made;
    this.#weights.set(tensor, weight);
    return weight;
  }

  /** A weight of floating-point numbers. @throws AssayError `unsupported` for one of whole numbers, which a quantised layer has */
  realWeight(tensor: Tensor): GraphTensor {
    const weight = this.weight(tensor);
    if (weight.type === 'float32') return weight;
    throw this.refuse(
      `the weight ${quotedName(tensor.name)} has the type ${tensor.dtype}, not one of floating-point numbers`,
    );
  }

  #constant(tensor: Tensor): GraphTensor {
    const { name, dtype, shape } = tensor;
    const type = weightType(dtype);
    if (type === undefined) throw this.refuse(`the weight ${quotedName(name)} has the type ${dtype}`);
    this.#options.budget.hold(NODE_BYTES);
    const value = this.graph.constant(weightTensor(tensor, type, this.#options), name);
    return { value, type, shape: [...shape] };
  }

  /** Numbers of the type of computation. */
  reals(values: ArrayLike<number>, dims: readonly number[] = [values.length]): GraphTensor {
    return { value: this.ops.reals(values, dims), type: 'float32', shape: [...dims] };
  }

  real(value: number): GraphTensor {
    return this.reals([value], []);
  }

  ints(values: readonly number[], dims: readonly number[] = [values.length]): GraphTensor {
    return { value: this.ops.ints(values, dims), type: 'int64', shape: [...dims] };
  }

  cast(x: GraphTensor, type: DataType): GraphTensor {
    return x.type === type ? x : { ...x, value: this.ops.cast(x.value, type), type };
  }

  /** An operator of one tensor that keeps its shape and its type. */
  unary(op: string, x: GraphTensor, attributes: Attributes = {}): GraphTensor {
    return this.op(op, [x], x, attributes);
  }

  binary(op: Elementwise, a: GraphTensor, b: GraphTensor): GraphTensor {
    return this.op(op, [a, b], { type: a.type, shape: this.#together(a, b) });
  }

  compare(op: CompareOperator, a: GraphTensor, b: GraphTensor): GraphTensor {
    return this.op(op, [a, b], { type: 'bool', shape: this.#together(a, b) });
  }

  where(condition: GraphTensor, yes: GraphTensor, no: GraphTensor): GraphTensor {
    const branches = { ...yes, shape: this.#together(yes, no) };
    return this.op('Where', [condition, yes, no], { type: yes.type, shape: this.#together(condition, branches) });
  }

  #together(a: GraphTensor, b: GraphTensor): GraphSize[] {
    const shape = broadcastShape(a.shape, b.shape);
    if (shape !== undefined) return shape;
    throw this.broken(`the shapes ${shownShape(a.shape)} and ${shownShape(b.shape)} do not fit`);
  }

  add(a: GraphTensor, b: GraphTensor | number): GraphTensor {
    return this.binary('Add', a, this.#operand(b));
  }

  sub(a: GraphTensor, b: GraphTensor | number): GraphTensor {
    return this.binary('Sub', a, this.#operand(b));
  }

  mul(a: GraphTensor, b: GraphTensor | number): GraphTensor {
    return b === 1 ? a : this.binary('Mul', a, this.#operand(b));
  }

  div(a: GraphTensor, b: GraphTensor | number): GraphTensor {
    return b === 1 ? a : this.binary('Div', a, this.#operand(b));
  }

  #operand(value: GraphTensor | number): GraphTensor {
    return typeof value === 'number' ? this.real(value) : value;
  }

  /** The matrix product of the last two dimensions; those before are combined element by element. */
  matmul(a: GraphTensor, b: GraphTensor): GraphTensor {
    const [rows, inner] = a.shape.slice(-2);
    const [other, columns] = b.shape.slice(-2);
    const outer = broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
    if (a.shape.length < 2 || b.shape.length < 2 || outer === undefined || differ(inner, other))
      throw this.broken(`the shapes ${shownShape(a.shape)} and ${shownShape(b.shape)} do not fit`);
    return this.op('MatMul', [a, b], { type: a.type, shape: [...outer, rows, columns] });
  }

  /** The sizes of a tensor when the model runs. */
  sizes(x: GraphTensor): GraphTensor {
    return this.op('Shape', [x], { type: 'int64', shape: [x.shape.length] });
  }

  /** One size of a tensor, as a tensor of one number. */
  size(x: GraphTensor, axis: number): GraphTensor {
    const size = x.shape[axis];
    if (typeof size === 'number') return this.ints([size]);
    return this.op('Gather', [this.sizes(x), this.ints([axis])], { type: 'int64', shape: [1] }, { axis: 0 });
  }

  /** @throws AssayError `malformed` unless a tensor has this many dimensions, and the sizes that are given */
  expect(x: GraphTensor, shape: readonly GraphSize[], what = 'its input'): void {
    if (
      x.shape.length === shape.length &&
      x.shape.every((size, i) => shape[i] === undefined || !differ(size, shape[i]))
    )
      return;
    throw this.broken(`${what} has the shape ${shownShape(x.shape)} instead of ${shownShape(shape)}`);
  }
}

/** Whether two sizes are known to differ. */
export function differ(a: GraphSize, b: GraphSize): boolean {
  return typeof a === 'number' && typeof b === 'number' && a !== b;
}
