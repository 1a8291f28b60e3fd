import { type GraphSize, type GraphTensor, type Network, product } from '../../network/index.ts';
import type { AtenCall } from '../call.ts';
import { type AtenDatum, type AtenType, integers, madeDatum } from '../datum.ts';

const ORDER: readonly AtenType[] = ['bool', 'int64', 'float32'];

/** The type in which two are combined: floating-point numbers win over integers, and these over Booleans. */
export function commonType(...parts: readonly Pick<AtenDatum, 'type'>[]): AtenType {
  return ORDER[Math.max(...parts.map(({ type }) => ORDER.indexOf(type)))] ?? 'float32';
}

/** Two values in one type. */
export function together(
  net: Network,
  a: AtenDatum,
  b: AtenDatum,
): { readonly left: GraphTensor; readonly right: GraphTensor } {
  const type = commonType(a, b);
  return { left: net.cast(a.tensor, type), right: net.cast(b.tensor, type) };
}

/** Combines two values element by element. */
export function combinedDatums(
  { net }: AtenCall,
  a: AtenDatum,
  b: AtenDatum,
  apply: (left: GraphTensor, right: GraphTensor) => GraphTensor,
): AtenDatum {
  const { left, right } = together(net, a, b);
  return madeDatum(apply(left, right));
}

/** Integers that are known, combined; `undefined` where they are not, or too many. */
export function foldedIntegers(
  a: AtenDatum,
  b: AtenDatum,
  fold: (left: GraphSize, right: GraphSize) => GraphSize,
): { readonly shape: readonly GraphSize[]; readonly known: GraphSize[] } | undefined {
  if (a.type !== 'int64' || b.type !== 'int64' || a.known === undefined || b.known === undefined) return undefined;
  if (a.rank > 1 || b.rank > 1) return undefined;
  const [left, right] = [a.known, b.known];
  const count = left.length === 1 ? right.length : left.length;
  if (right.length !== 1 && right.length !== count) return undefined;
  const known = Array.from({ length: count }, (_, index) =>
    fold(left.length === 1 ? left[0] : left[index], right.length === 1 ? right[0] : right[index]),
  );
  return { shape: Math.max(a.rank, b.rank) === 0 ? [] : [count], known };
}

/** An operator of two values, of which integers that are known stay so. */
export function combinedIntegers(
  call: AtenCall,
  a: AtenDatum,
  b: AtenDatum,
  fold: (left: GraphSize, right: GraphSize) => GraphSize,
  apply: (left: GraphTensor, right: GraphTensor) => GraphTensor,
): AtenDatum {
  const known = foldedIntegers(a, b, fold);
  if (known === undefined) return combinedDatums(call, a, b, apply);
  return integers(call.net, known.shape, known.known, () => combinedDatums(call, a, b, apply).tensor);
}

/** In floating-point numbers. */
export function realTensor(net: Network, x: AtenDatum): GraphTensor {
  return net.cast(x.tensor, 'float32');
}

/** The tensor of a shape whose elements are one value. */
export function expandedTo(net: Network, value: GraphTensor, shape: readonly (number | AtenDatum)[]): GraphTensor {
  const sizes = shape.map((size): GraphSize => (typeof size === 'number' ? size : size.known?.[0]));
  if (shape.length === 0) return value;
  const result = { type: value.type, shape: sizes };
  const known = product(sizes);
  const list = known === undefined ? sizesTensor(net, shape) : net.ints(sizes.map(Number));
  return net.op('Expand', [value, list], result);
}

/** Sizes as a tensor of integers. */
export function sizesTensor(net: Network, shape: readonly (number | AtenDatum)[]): GraphTensor {
  const parts = shape.map((size) => {
    if (typeof size === 'number') return net.ints([size]);
    return net.op('Reshape', [size.tensor, net.ints([1])], { type: 'int64', shape: [1] });
  });
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  return net.op('Concat', parts, { type: 'int64', shape: [parts.length] }, { axis: 0 });
}
