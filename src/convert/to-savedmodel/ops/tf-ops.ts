import {
  attr,
  type TfAttributes,
  TfGraphBuilder,
  type TfType,
  type TfValue,
  tfTensor,
} from '../../../formats/tensorflow/index.ts';
import { broadcastSizes, isKnownShape, permuted, reducedShape, withSize } from './shapes.ts';

export type TfReduction = 'Sum' | 'Mean' | 'Max' | 'Min' | 'Prod';

/** The operations of TensorFlow that many operators of ONNX need. */
export class TfOps {
  readonly graph = new TfGraphBuilder();
  /** What is known of small integers, which axes and sizes are. */
  readonly #integers = new Map<TfValue, readonly number[]>();
  readonly #parts = new Map<TfValue, readonly (number | undefined)[]>();
  /** The same of a few other numbers. */
  readonly #numbers = new Map<TfValue, readonly number[]>();
  /** Images with their channels last, by the values that have them second. */
  readonly #channelsLast = new Map<TfValue, TfValue>();

  /** The elements of a value that were known when the model was translated. */
  knownIntegers(value: TfValue): readonly number[] | undefined {
    return this.#integers.get(value);
  }

  /** The same, of vectors of which only some elements were known. */
  partlyKnown(value: TfValue): readonly (number | undefined)[] | undefined {
    return this.#integers.get(value) ?? this.#parts.get(value);
  }

  learnIntegers(value: TfValue, integers: readonly number[]): void {
    this.#integers.set(value, integers);
  }

  knownNumbers(value: TfValue): readonly number[] | undefined {
    return this.#numbers.get(value);
  }

  learnNumbers(value: TfValue, numbers: readonly number[]): void {
    this.#numbers.set(value, numbers);
  }

  /** A value that is another one, as within a loop, has the elements that are known of it. */
  learnSame(value: TfValue, other: TfValue): void {
    this.#knownAs(value, other);
    const numbers = this.#numbers.get(other);
    if (numbers !== undefined) this.#numbers.set(value, numbers);
  }

  int32s(values: readonly number[], dims: readonly number[] = [values.length]): TfValue {
    return this.#known(this.graph.constant(tfTensor('int32', Int32Array.from(values), dims)), values);
  }

  int64s(values: readonly number[], dims: readonly number[] = [values.length]): TfValue {
    return this.#known(this.graph.constant(tfTensor('int64', BigInt64Array.from(values, BigInt), dims)), values);
  }

  /** A number in the type of another value; by the cast of a constant where the type is not a common one. */
  number(value: number, type: TfType): TfValue {
    if (type === 'float64') return this.graph.constant(tfTensor(type, Float64Array.of(value), []));
    if (type === 'float32') return this.graph.constant(tfTensor(type, Float32Array.of(value), []));
    if (type === 'int32') return this.int32s([value], []);
    if (type === 'int64') return this.int64s([value], []);
    return this.cast(this.graph.constant(tfTensor('float64', Float64Array.of(value), [])), type);
  }

  /** An operation on each element, which keeps the type. */
  unary(op: string, x: TfValue, attributes: TfAttributes = {}): TfValue {
    return this.#each(x, (one) => this.graph.op(op, [one], one, { T: attr.type(one.type), ...attributes }));
  }

  /** A question about each element. */
  asked(op: string, x: TfValue): TfValue {
    return this.graph.op(op, [x], { type: 'bool', shape: x.shape }, { T: attr.type(x.type) });
  }

  binary(op: string, a: TfValue, b: TfValue): TfValue {
    return this.graph.op(
      op,
      [a, b],
      { type: a.type, shape: broadcastSizes(a.shape, b.shape) },
      { T: attr.type(a.type) },
    );
  }

  add(a: TfValue, b: TfValue): TfValue {
    return this.binary('AddV2', a, b);
  }

  sub(a: TfValue, b: TfValue): TfValue {
    return this.binary('Sub', a, b);
  }

  mul(a: TfValue, b: TfValue): TfValue {
    return this.binary('Mul', a, b);
  }

  div(a: TfValue, b: TfValue): TfValue {
    return this.binary('RealDiv', a, b);
  }

  compare(op: string, a: TfValue, b: TfValue): TfValue {
    const result = { type: 'bool', shape: broadcastSizes(a.shape, b.shape) } as const;
    const logical = op === 'LogicalAnd' || op === 'LogicalOr';
    return this.graph.op(op, [a, b], result, logical ? {} : { T: attr.type(a.type) });
  }

  not(x: TfValue): TfValue {
    return this.graph.op('LogicalNot', [x], x);
  }

  select(condition: TfValue, yes: TfValue, no: TfValue): TfValue {
    const shape = broadcastSizes(condition.shape, broadcastSizes(yes.shape, no.shape));
    return this.graph.op('SelectV2', [condition, yes, no], { type: yes.type, shape }, { T: attr.type(yes.type) });
  }

  cast(x: TfValue, type: TfType): TfValue {
    if (x.type === type) return x;
    const cast = this.graph.op(
      'Cast',
      [x],
      { type, shape: x.shape },
      { SrcT: attr.type(x.type), DstT: attr.type(type) },
    );
    const known = this.#integers.get(x);
    return known !== undefined && (type === 'int32' || type === 'int64') ? this.#known(cast, known) : cast;
  }

  /** @param axes all of them when absent */
  reduce(op: TfReduction, x: TfValue, axes: readonly number[] | undefined, keep: boolean): TfValue {
    if (axes === undefined && x.shape === undefined) return this.#reduceAll(op, x, keep);
    const over = axes ?? x.shape?.map((_, axis) => axis) ?? [];
    return this.graph.op(
      op,
      [x, this.int32s(over)],
      { type: x.type, shape: reducedShape(x.shape, over, keep) },
      { T: attr.type(x.type), keep_dims: attr.bool(keep) },
    );
  }

  #reduceAll(op: TfReduction, x: TfValue, keep: boolean): TfValue {
    const axes = this.graph.op(
      'Range',
      [
        this.int32s([0], []),
        this.graph.op('Rank', [x], { type: 'int32', shape: [] }, { T: attr.type(x.type) }),
        this.int32s([1], []),
      ],
      { type: 'int32', shape: [undefined] },
      { Tidx: attr.type('int32') },
    );
    const result = { type: x.type, shape: keep ? undefined : [] };
    return this.graph.op(op, [x, axes], result, { T: attr.type(x.type), keep_dims: attr.bool(keep) });
  }

  transpose(x: TfValue, order: readonly number[]): TfValue {
    if (order.every((axis, index) => axis === index)) return x;
    const result = { type: x.type, shape: permuted(x.shape, order) };
    return this.graph.op('Transpose', [x, this.int32s(order)], result, { T: attr.type(x.type) });
  }

  /** @param shape int64 */
  reshape(x: TfValue, shape: TfValue): TfValue {
    const sizes = this.#integers.get(shape)?.map((size) => (size < 0 ? undefined : size));
    const [rank] = shape.shape ?? [];
    const known = sizes ?? (rank === undefined ? undefined : Array<undefined>(rank).fill(undefined));
    return this.graph.op(
      'Reshape',
      [x, shape],
      { type: x.type, shape: known },
      { T: attr.type(x.type), Tshape: attr.type(shape.type) },
    );
  }

  expandDims(x: TfValue, axis: number): TfValue {
    const at = x.shape === undefined || axis >= 0 ? axis : axis + x.shape.length + 1;
    const shape = x.shape === undefined ? undefined : [...x.shape.slice(0, at), 1, ...x.shape.slice(at)];
    const value = this.graph.op(
      'ExpandDims',
      [x, this.int32s([axis], [])],
      { type: x.type, shape },
      { T: attr.type(x.type) },
    );
    return this.#knownAs(value, x);
  }

  /** @param axes all of size 1 when absent */
  squeeze(x: TfValue, axes: readonly number[] | undefined): TfValue {
    const shape = axes === undefined ? this.#allSqueezed(x) : reducedShape(x.shape, axes, false);
    const attributes = axes === undefined ? {} : { squeeze_dims: attr.ints(axes) };
    const value = this.graph.op('Squeeze', [x], { type: x.type, shape }, { T: attr.type(x.type), ...attributes });
    return this.#knownAs(value, x);
  }

  #allSqueezed({ shape }: TfValue): readonly number[] | undefined {
    return isKnownShape(shape) ? shape.filter((size) => size !== 1) : undefined;
  }

  concat(parts: readonly TfValue[], axis: number): TfValue {
    const [first] = parts;
    if (parts.length === 1 && first !== undefined) return first;
    const sizes = parts.map(({ shape }) => shape?.[axis < 0 ? axis + shape.length : axis]);
    const total = sizes.every((size) => size !== undefined) ? sizes.reduce((sum, size) => sum + size, 0) : undefined;
    const type = first?.type ?? 'float32';
    const value = this.graph.op(
      'ConcatV2',
      [...parts, this.int32s([axis], [])],
      { type, shape: withSize(first?.shape, axis, total) },
      { N: attr.int(parts.length), T: attr.type(type), Tidx: attr.type('int32') },
    );
    if (axis === 0) this.#learnJoined(value, parts);
    return value;
  }

  /** What is known of vectors that are joined. */
  #learnJoined(value: TfValue, parts: readonly TfValue[]): void {
    const known = parts.map((part) => this.#integers.get(part));
    if (known.every((one) => one !== undefined)) this.#integers.set(value, known.flat());
    const lengths = parts.map(({ shape }) => (shape?.length === 1 ? shape[0] : undefined));
    if (!lengths.every((length) => length !== undefined && length <= MAX_PARTS)) return;
    const all = known.map((one, index) => one ?? Array<undefined>(lengths[index] ?? 0).fill(undefined));
    this.#parts.set(value, all.flat());
  }

  /** Indices are not negative. */
  gather(x: TfValue, indices: TfValue, axis: number, batchDims = 0): TfValue {
    const at = x.shape !== undefined && axis < 0 ? axis + x.shape.length : axis;
    const shape =
      x.shape === undefined || indices.shape === undefined
        ? undefined
        : [...x.shape.slice(0, at), ...indices.shape.slice(batchDims), ...x.shape.slice(at + 1)];
    const attributes = {
      Tparams: attr.type(x.type),
      Tindices: attr.type(indices.type),
      Taxis: attr.type('int32'),
      ...(batchDims === 0 ? {} : { batch_dims: attr.int(batchDims) }),
    };
    return this.graph.op('GatherV2', [x, indices, this.int32s([axis], [])], { type: x.type, shape }, attributes);
  }

  /** The sizes of a value. int64 */
  shapeOf(x: TfValue): TfValue {
    const value = this.graph.op(
      'Shape',
      [x],
      { type: 'int64', shape: [x.shape?.length] },
      { T: attr.type(x.type), out_type: attr.type('int64') },
    );
    return isKnownShape(x.shape) ? this.#known(value, x.shape) : value;
  }

  /** The same value, of which one size is known. */
  sized(x: TfValue, axis: number, size: number): TfValue {
    const shape = withSize(x.shape, axis, size);
    return this.graph.op(
      'EnsureShape',
      [x],
      { type: x.type, shape },
      { T: attr.type(x.type), shape: attr.shape(shape) },
    );
  }

  /** One size of a value. int64, without dimensions */
  sizeOf(x: TfValue, axis: number): TfValue {
    const sizes = this.shapeOf(x);
    return axis >= 0 ? this.gather(sizes, this.int32s([axis], []), 0) : this.slice(sizes, [axis], undefined, true);
  }

  /** A part of a vector, or rows of a matrix whose shape is known: `[from, to)`, or the element at `from`. */
  slice(x: TfValue, from: readonly number[], to: readonly number[] | undefined, one = false): TfValue {
    const length = one ? undefined : to === undefined ? undefined : Math.max(0, (to[0] ?? 0) - (from[0] ?? 0));
    return this.graph.op(
      'StridedSlice',
      [x, this.int64s(from), this.int64s(to ?? [0]), this.int64s([1])],
      { type: x.type, shape: [...(one ? [] : [length]), ...(x.shape?.slice(1) ?? [])] },
      {
        T: attr.type(x.type),
        Index: attr.type('int64'),
        shrink_axis_mask: attr.int(one ? 1 : 0),
        end_mask: attr.int(to === undefined ? 1 : 0),
      },
    );
  }

  broadcastTo(x: TfValue, shape: TfValue): TfValue {
    const known = this.#integers.get(shape);
    const [rank] = shape.shape ?? [];
    const sizes = known ?? (rank === undefined ? undefined : Array<undefined>(rank).fill(undefined));
    return this.graph.op(
      'BroadcastTo',
      [x, shape],
      { type: x.type, shape: sizes },
      { T: attr.type(x.type), Tidx: attr.type(shape.type) },
    );
  }

  matmul(a: TfValue, b: TfValue, adjoint: { readonly a?: boolean; readonly b?: boolean } = {}): TfValue {
    const attributes = {
      T: attr.type(a.type),
      adj_x: attr.bool(adjoint.a === true),
      adj_y: attr.bool(adjoint.b === true),
    };
    return this.graph.op('BatchMatMulV2', [a, b], { type: a.type, shape: matmulShape(a, b, adjoint) }, attributes);
  }

  /** Images with channels last: [N, sizes..., C]. */
  channelsLast(x: TfValue, rank: number): TfValue {
    const known = this.#channelsLast.get(x);
    if (known !== undefined) return known;
    const last = this.transpose(x, [0, ...axesFrom(2, rank), 1]);
    this.#channelsLast.set(x, last);
    return last;
  }

  /** The same images as ONNX has them: [N, C, sizes...]. What stays unused of it is not written. */
  channelsSecond(last: TfValue, rank: number): TfValue {
    const second = this.transpose(last, [0, rank - 1, ...axesFrom(1, rank - 1)]);
    if (second !== last) this.#channelsLast.set(second, last);
    return second;
  }

  /** Applies an operation to images as they lie, so that those between two convolutions are not turned. */
  #each(x: TfValue, apply: (value: TfValue) => TfValue): TfValue {
    const last = this.#channelsLast.get(x);
    return last === undefined ? apply(x) : this.channelsSecond(apply(last), last.shape?.length ?? 0);
  }

  #known(value: TfValue, integers: readonly number[]): TfValue {
    this.#integers.set(value, integers);
    return value;
  }

  #knownAs(value: TfValue, other: TfValue): TfValue {
    const known = this.#integers.get(other);
    return known === undefined ? value : this.#known(value, known);
  }
}

/** Elements of a vector that are looked at, as of a shape. */
const MAX_PARTS = 32;

/** The axes `from`, ..., `to - 1`. */
export function axesFrom(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}

function matmulShape(a: TfValue, b: TfValue, adjoint: { readonly a?: boolean; readonly b?: boolean }) {
  if (a.shape === undefined || b.shape === undefined) return undefined;
  const rows = a.shape.at(adjoint.a === true ? -1 : -2);
  const columns = b.shape.at(adjoint.b === true ? -2 : -1);
  return [...(broadcastSizes(a.shape.slice(0, -2), b.shape.slice(0, -2)) ?? []), rows, columns];
}
