import { AssayError } from '../../core/index.ts';
import { DYNAMIC, type SeenShapes } from './shapes.ts';
import type { RealType, Tape, TapeAttributes } from './tape.ts';

/** Operators on numbers of one type, as the operator set of the model has them. */
export class Ops {
  readonly tape: Tape;
  readonly type: RealType;
  readonly shapes: SeenShapes;

  constructor(tape: Tape, type: RealType, shapes: SeenShapes) {
    this.tape = tape;
    this.type = type;
    this.shapes = shapes;
  }

  op(op: string, inputs: readonly (string | undefined)[], attributes: TapeAttributes = {}): string {
    return this.tape.op(op, inputs, attributes);
  }

  real(value: number): string {
    return this.tape.reals([value], [], this.type);
  }

  reals(values: readonly number[] | Float64Array, dims: readonly number[]): string {
    return this.tape.reals(values, dims, this.type);
  }

  ints(values: readonly number[], dims?: readonly number[]): string {
    return this.tape.ints(values, dims);
  }

  ones(dims: readonly number[]): string {
    return this.reals(new Float64Array(dims.reduce((product, dim) => product * dim, 1)).fill(1), dims);
  }

  /** The identity matrix. */
  identity(size: number): string {
    const matrix = new Float64Array(size * size);
    for (let at = 0; at < size; at++) matrix[at * size + at] = 1;
    return this.reals(matrix, [size, size]);
  }

  add(a: string, b: string): string {
    return this.op('Add', [a, b]);
  }

  sub(a: string, b: string): string {
    return this.op('Sub', [a, b]);
  }

  mul(a: string, b: string): string {
    return this.op('Mul', [a, b]);
  }

  div(a: string, b: string): string {
    return this.op('Div', [a, b]);
  }

  neg(a: string): string {
    return this.op('Neg', [a]);
  }

  scale(a: string, factor: number): string {
    return factor === 1 ? a : this.mul(a, this.real(factor));
  }

  where(condition: string, yes: string, no: string): string {
    return this.op('Where', [condition, yes, no]);
  }

  /** 1 where the condition holds, 0 elsewhere. */
  mask(condition: string): string {
    return this.op('Cast', [condition], { to: this.type === 'float32' ? 1 : 11 });
  }

  /** The gradient where the condition holds, 0 elsewhere: also where the gradient is not a number. */
  keep(condition: string, gradient: string): string {
    return this.where(condition, gradient, this.real(0));
  }

  /** The sum over some axes, which stay as axes of one element. */
  sum(x: string, axes: readonly number[]): string {
    if (axes.length === 0) return x;
    if (this.tape.opset >= 13) return this.op('ReduceSum', [x, this.ints(axes)], { keepdims: 1 });
    return this.op('ReduceSum', [x], { axes, keepdims: 1 });
  }

  transpose(x: string, perm: readonly number[]): string {
    return perm.every((from, to) => from === to) ? x : this.op('Transpose', [x], { perm });
  }

  /** @param shape at most one size is DYNAMIC */
  reshape(x: string, shape: readonly number[]): string {
    if (shape.filter((size) => size === DYNAMIC).length > 1 || shape.includes(0))
      throw new AssayError('internal', `[${shape.join(', ')}] cannot be the shape of a gradient`);
    return this.op('Reshape', [x, this.ints(shape)]);
  }

  /** The numbers in the shape of another tensor, which has as many. */
  reshapeLike(x: string, like: string): string {
    const shape = this.shapes.of(like);
    const dynamic = shape.filter((size) => size === DYNAMIC).length;
    return dynamic <= 1 ? this.reshape(x, shape) : this.op('Reshape', [x, this.op('Shape', [like])]);
  }

  expandLike(x: string, like: string): string {
    return this.op('Expand', [x, this.op('Shape', [like])]);
  }

  /** New axes of one element, at these places of the result. */
  unsqueeze(x: string, axes: readonly number[]): string {
    if (axes.length === 0) return x;
    return this.tape.opset >= 13 ? this.op('Unsqueeze', [x, this.ints(axes)]) : this.op('Unsqueeze', [x], { axes });
  }

  /** The gradient of a tensor that was broadcast: the sum over what it was repeated along. */
  unbroadcast(gradient: string, to: string, from: string): string {
    const target = this.shapes.of(to);
    const source = this.shapes.of(from);
    const lead = source.length - target.length;
    const axes = source.flatMap((size, axis) => {
      const own = axis < lead ? undefined : target[axis - lead];
      return own === undefined || (own === 1 && size !== 1) ? [axis] : [];
    });
    const summed = this.sum(gradient, axes);
    return lead === 0 ? summed : this.reshapeLike(summed, to);
  }

  /**
   * Adds zeros around a tensor, or cuts where a number is negative.
   * @param before, behind for each axis
   */
  pad(x: string, before: readonly number[], behind: readonly number[]): string {
    if ([...before, ...behind].every((count) => count === 0)) return x;
    return this.op('Pad', [x, this.ints([...before, ...behind]), this.real(0)]);
  }

  slice(x: string, axis: number, start: number, end: number): string {
    return this.op('Slice', [x, this.ints([start]), this.ints([end]), this.ints([axis])]);
  }

  /**
   * Applies a matrix along an axis: the axis of `matrix.rows` elements becomes one of `matrix.columns`.
   * @param shape that of x
   */
  along(x: string, shape: readonly number[], axis: number, matrix: string): string {
    const rank = shape.length;
    const perm = Array.from({ length: rank }, (_, at) => at);
    perm[axis] = rank - 1;
    perm[rank - 1] = axis;
    return this.transpose(this.op('MatMul', [this.transpose(x, perm), matrix]), perm);
  }
}
