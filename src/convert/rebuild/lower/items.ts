import type { SymbolicShape, SymbolicSize } from '../terms/index.ts';
import { unknownForm } from './node.ts';
import { type LoweredValue, MAX_ITEMS } from './value.ts';

/** The sizes of a shape that is known. */
export function plainDims(shape: SymbolicShape): number[] {
  return shape.map(({ number }) => {
    if (number === undefined) throw unknownForm('a shape depends on the sizes of the inputs');
    return number;
  });
}

function strides(dims: readonly number[]): number[] {
  const result = new Array<number>(dims.length).fill(1);
  for (let i = dims.length - 2; i >= 0; i--) result[i] = (result[i + 1] ?? 1) * (dims[i + 1] ?? 1);
  return result;
}

/** Combines elements of few whole numbers; `undefined` where one is not known. */
export function broadcastItems(
  values: readonly (LoweredValue & { readonly shape: SymbolicShape })[],
  shape: SymbolicShape,
  combine: (...items: SymbolicSize[]) => SymbolicSize | undefined,
): SymbolicSize[] | undefined {
  if (values.some(({ items }) => items === undefined)) return undefined;
  const dims = plainDims(shape);
  const count = dims.reduce((productTerm, dim) => productTerm * dim, 1);
  if (count > MAX_ITEMS) return undefined;
  const steps = strides(dims);
  const result: SymbolicSize[] = [];
  for (let i = 0; i < count; i++) {
    const operands = values.flatMap(({ items, shape: own }) => {
      const sizes = plainDims(own);
      const inner = strides(sizes);
      let at = 0;
      for (const [axis, size] of sizes.entries()) {
        const outer = dims.length - sizes.length + axis;
        const place = Math.floor(i / (steps[outer] ?? 1)) % (dims[outer] ?? 1);
        at += (size === 1 ? 0 : place) * (inner[axis] ?? 1);
      }
      const item = items?.[at];
      return item === undefined ? [] : [item];
    });
    const made = operands.length === values.length ? combine(...operands) : undefined;
    if (made === undefined) return undefined;
    result.push(made);
  }
  return result;
}
