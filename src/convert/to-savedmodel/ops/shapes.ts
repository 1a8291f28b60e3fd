import type { TfShape } from '../../../formats/tensorflow/index.ts';

/** The shape of an operation that works element by element on values that are broadcast to each other. */
export function broadcastSizes(a: TfShape, b: TfShape): TfShape {
  if (a === undefined || b === undefined) return undefined;
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, index) => {
    const one = sizeFromEnd(a, rank - index);
    const other = sizeFromEnd(b, rank - index);
    if (one === 1) return other;
    return other === 1 || other === undefined ? one : other;
  });
}

/** A missing dimension is one of size 1. */
function sizeFromEnd(shape: readonly (number | undefined)[], fromEnd: number): number | undefined {
  return fromEnd > shape.length ? 1 : shape[shape.length - fromEnd];
}

/** The shape with another size on one axis. */
export function withSize(shape: TfShape, axis: number, size: number | undefined): TfShape {
  return shape?.map((one, index) => (index === (axis < 0 ? axis + shape.length : axis) ? size : one));
}

/** The shape after a reduction. */
export function reducedShape(shape: TfShape, axes: readonly number[] | undefined, keep: boolean): TfShape {
  if (axes === undefined) return keep ? shape?.map(() => 1) : [];
  if (shape === undefined) return undefined;
  const reduced = new Set(axes.map((axis) => (axis < 0 ? axis + shape.length : axis)));
  return shape.flatMap((size, index) => (reduced.has(index) ? (keep ? [1] : []) : [size]));
}

export function permuted(shape: TfShape, order: readonly number[]): TfShape {
  return shape === undefined ? order.map(() => undefined) : order.map((axis) => shape[axis]);
}

export function isKnownShape(shape: TfShape): shape is readonly number[] {
  return shape?.every((size) => size !== undefined) === true;
}
