import type { DataType, GraphValue } from '../../formats/onnx/index.ts';

/** A size; the name of one that is known when the model runs, such as `batch`; or `undefined` for one that depends on such. */
export type GraphSize = number | string | undefined;

/** A tensor of the graph, with what is known of it before it runs. */
export interface GraphTensor {
  readonly value: GraphValue;
  readonly type: DataType;
  readonly shape: readonly GraphSize[];
}

/** For messages: `[batch, 3, ?, ?]`. */
export function shownShape(shape: readonly GraphSize[]): string {
  return `[${shape.map((size) => size ?? '?').join(', ')}]`;
}

/** The product of some sizes; `undefined` unless each is a number. */
export function product(sizes: readonly GraphSize[]): number | undefined {
  let total = 1;
  for (const size of sizes) {
    if (typeof size !== 'number') return undefined;
    total *= size;
  }
  return total;
}

/** The size of two dimensions that are combined element by element; `undefined` in a list for those that cannot be. */
export function broadcastSize(a: GraphSize, b: GraphSize): { readonly size: GraphSize } | undefined {
  if (a === b || b === 1) return { size: a };
  if (a === 1) return { size: b };
  if (typeof a === 'number' && typeof b === 'number') return undefined;
  // The other one has to be this number, or 1, when the model runs.
  if (typeof a === 'number') return { size: a };
  return { size: typeof b === 'number' ? b : undefined };
}

/** The shape of two tensors that are combined element by element; `undefined` where they cannot be. */
export function broadcastShape(a: readonly GraphSize[], b: readonly GraphSize[]): GraphSize[] | undefined {
  const rank = Math.max(a.length, b.length);
  const shape: GraphSize[] = [];
  for (let i = 0; i < rank; i++) {
    const [left, right] = [a.length - rank + i, b.length - rank + i];
    const both = broadcastSize(left < 0 ? 1 : a[left], right < 0 ? 1 : b[right]);
    if (both === undefined) return undefined;
    shape.push(both.size);
  }
  return shape;
}
