import type { GraphValue } from '../../formats/onnx/index.ts';
import { differ, type Network } from './network.ts';
import { type GraphSize, type GraphTensor, product, shownShape } from './shape.ts';

/** An axis, which may be counted from the end. @throws AssayError `malformed` for one that the tensor does not have */
export function axisOf(net: Network, x: GraphTensor, axis: number): number {
  const rank = x.shape.length;
  const from = axis < 0 ? axis + rank : axis;
  if (!Number.isSafeInteger(from) || from < 0 || from >= rank)
    throw net.broken(`a tensor of ${rank} dimensions does not have the dimension ${axis}`);
  return from;
}

/**
 * The same elements in another shape. A name is a size of the input; one size may be `undefined`: what is left.
 * @throws AssayError `malformed` where the elements are known to be others
 */
export function reshape(net: Network, x: GraphTensor, sizes: readonly GraphSize[]): GraphTensor {
  const [before, after] = [product(x.shape), product(sizes)];
  if (sizes.includes(0)) throw net.refuse('a tensor without elements');
  const rest = sizes.filter((size) => (typeof size === 'string' ? !x.shape.includes(size) : size === undefined));
  const kept = sizes.filter((size): size is string => typeof size === 'string' && x.shape.includes(size));
  if (rest.length > 1 || (before !== undefined && after !== undefined && before !== after))
    throw net.broken(`the shape ${shownShape(x.shape)} does not become ${shownShape(sizes)}`);
  const left = rest.length === 0 ? undefined : leftOver(net, x.shape, sizes, kept);
  const shape = sizes.map((size) => (size === undefined ? left : size));
  const isPlain = sizes.every((size, i) => !kept.some((name) => name === size) || x.shape[i] === size);
  const parts = sizes.map((size, i) => {
    if (typeof size === 'number') return size;
    return size !== undefined && x.shape[i] === size ? 0 : -1;
  });
  if (isPlain) return net.op('Reshape', [x, net.ints(parts)], { type: x.type, shape });
  const values = sizes.map((size, i): GraphValue => {
    const at = typeof size === 'string' ? x.shape.indexOf(size) : -1;
    return (at < 0 ? net.ints([parts[i] ?? -1]) : net.size(x, at)).value;
  });
  return net.op('Reshape', [x, net.ops.concat(values, 0)], { type: x.type, shape });
}

/** What a size has to be so that the elements are as many, if that is known. */
function leftOver(
  net: Network,
  from: readonly GraphSize[],
  to: readonly GraphSize[],
  kept: readonly string[],
): number | undefined {
  const names = [...kept];
  const others = from.filter((size) => {
    const at = names.findIndex((name) => Object.is(name, size));
    if (at >= 0) names.splice(at, 1);
    return at < 0;
  });
  const total = product(others);
  const used = product(to.filter((size) => typeof size === 'number'));
  if (total === undefined || used === undefined || names.length > 0) return undefined;
  if (total % used !== 0) throw net.broken(`the shape ${shownShape(from)} does not become ${shownShape(to)}`);
  return total / used;
}

/** A tensor in the shape of another one, which has as many elements. */
export function reshapeLike(net: Network, x: GraphTensor, like: GraphTensor): GraphTensor {
  return net.op('Reshape', [x, net.sizes(like)], { type: x.type, shape: like.shape });
}

/** Joins the dimensions from one to another, both included. */
export function flatten(net: Network, x: GraphTensor, start: number, end = -1): GraphTensor {
  const [from, to] = [axisOf(net, x, start), axisOf(net, x, end)];
  if (from > to) throw net.broken(`the dimensions ${start} to ${end} are none`);
  if (from === to) return x;
  const joined = product(x.shape.slice(from, to + 1));
  const [before, behind] = [x.shape.slice(0, from), x.shape.slice(to + 1)];
  const shape = [...before, joined, ...behind];
  if ([...before, ...behind].includes(undefined)) return flattenAny(net, x, from, to, shape);
  return reshape(net, x, shape);
}

/** As `flatten`, where several sizes are known only when the model runs. */
function flattenAny(net: Network, x: GraphTensor, from: number, to: number, shape: readonly GraphSize[]): GraphTensor {
  const parts = x.shape.flatMap((_, axis): GraphValue[] => {
    if (axis === from) return [net.ints([-1]).value];
    return axis > from && axis <= to ? [] : [net.size(x, axis).value];
  });
  return net.op('Reshape', [x, net.ops.concat(parts, 0)], { type: x.type, shape });
}

export function transpose(net: Network, x: GraphTensor, perm: readonly number[]): GraphTensor {
  if (perm.length !== x.shape.length || new Set(perm).size !== perm.length || perm.some((axis) => !(axis in x.shape)))
    throw net.broken(`the order (${perm.join(', ')}) is not one of ${x.shape.length} dimensions`);
  if (perm.every((axis, i) => axis === i)) return x;
  return net.op('Transpose', [x], { type: x.type, shape: perm.map((axis) => x.shape[axis]) }, { perm });
}

/** The dimensions with two of them exchanged. */
export function swapAxes(net: Network, x: GraphTensor, a: number, b: number): GraphTensor {
  const perm = x.shape.map((_, axis) => axis);
  const [from, to] = [axisOf(net, x, a), axisOf(net, x, b)];
  perm[from] = to;
  perm[to] = from;
  return transpose(net, x, perm);
}

export function concat(net: Network, parts: readonly GraphTensor[], axis: number): GraphTensor {
  const [first] = parts;
  if (first === undefined) throw net.broken('joins no tensors');
  const at = axisOf(net, first, axis);
  const shape = [...first.shape];
  for (const part of parts)
    net.expect(
      part,
      first.shape.map((size, i) => (i === at ? undefined : size)),
      'a tensor that it joins',
    );
  shape[at] = parts.reduce<number | undefined>((sum, part) => {
    const size = part.shape[at];
    return sum === undefined || typeof size !== 'number' ? undefined : sum + size;
  }, 0);
  return parts.length === 1 ? first : net.op('Concat', parts, { type: first.type, shape }, { axis: at });
}

/** Some neighbours along an axis. @param end absent for all that follow */
export function slice(net: Network, x: GraphTensor, axis: number, start: number, end?: number): GraphTensor {
  const at = axisOf(net, x, axis);
  const size = x.shape[at];
  if (typeof size === 'number' && (start >= size || (end !== undefined && end > size)))
    throw net.broken(`takes ${start} to ${end ?? size} of ${size}`);
  if (start === 0 && (end === undefined || end === size)) return x;
  const length = sliceLength(size, start, end);
  const shape = x.shape.map((one, i) => (i === at ? length : one));
  const bounds = [net.ints([start]), net.ints([end ?? Number.MAX_SAFE_INTEGER]), net.ints([at])];
  return net.op('Slice', [x, ...bounds], { type: x.type, shape });
}

function sliceLength(size: GraphSize, start: number, end: number | undefined): number | undefined {
  if (start < 0 || (end ?? 0) < 0) {
    if (typeof size === 'number')
      return sliceLength(size, start < 0 ? start + size : start, (end ?? 0) < 0 ? (end ?? 0) + size : end);
    return start < 0 && end === undefined ? -start : undefined;
  }
  if (end !== undefined) return end - start;
  return typeof size === 'number' ? size - start : undefined;
}

/** A tensor in equal parts along an axis, whose size is known. */
export function split(net: Network, x: GraphTensor, axis: number, count: number): GraphTensor[] {
  const at = axisOf(net, x, axis);
  const size = x.shape[at];
  if (typeof size !== 'number' || size % count !== 0 || size === 0)
    throw net.broken(`the size ${size ?? '?'} does not have ${count} equal parts`);
  const each = size / count;
  return Array.from({ length: count }, (_, i) => slice(net, x, at, i * each, (i + 1) * each));
}

/** One of an axis, which is gone then. */
export function takeOne(net: Network, x: GraphTensor, axis: number, index: number): GraphTensor {
  const at = axisOf(net, x, axis);
  const size = x.shape[at];
  if (typeof size === 'number' && (index >= size || index < -size)) throw net.broken(`takes ${index} of ${size}`);
  const shape = x.shape.filter((_, i) => i !== at);
  return net.op('Gather', [x, net.ops.ints([index], [])], { type: x.type, shape }, { axis: at });
}

/** A new axis of size 1. */
export function unsqueeze(net: Network, x: GraphTensor, axis: number): GraphTensor {
  const at = axis < 0 ? axis + x.shape.length + 1 : axis;
  const shape = [...x.shape.slice(0, at), 1, ...x.shape.slice(at)];
  return net.op('Unsqueeze', [x, net.ints([at])], { type: x.type, shape });
}

/** Leaves out an axis of size 1. */
export function squeeze(net: Network, x: GraphTensor, axis: number): GraphTensor {
  const at = axisOf(net, x, axis);
  if (differ(x.shape[at], 1)) throw net.broken(`the dimension ${axis} has the size ${x.shape[at]}`);
  return net.op('Squeeze', [x, net.ints([at])], { type: x.type, shape: x.shape.filter((_, i) => i !== at) });
}

/** The mean of some axes, which stay with the size 1 unless `keep` is false. */
export function mean(net: Network, x: GraphTensor, axes: readonly number[], keep = true): GraphTensor {
  const at = axes.map((axis) => axisOf(net, x, axis));
  const shape = keep
    ? x.shape.map((size, i) => (at.includes(i) ? 1 : size))
    : x.shape.filter((_, i) => !at.includes(i));
  return net.op('ReduceMean', [x], { type: x.type, shape }, { axes: at, keepdims: keep });
}
