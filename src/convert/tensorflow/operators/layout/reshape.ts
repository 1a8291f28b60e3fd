import { type GraphSize, type GraphTensor, product, transpose } from '../../../network/index.ts';
import { type Lowering, made, type OperationCall } from '../../graph/index.ts';
import { integersValue } from '../combine.ts';
import { sizesFrom } from './make.ts';

/**
 * A new shape. A size that has the name of a size of the input at the same place is that one (0, in ONNX), and one other may be
 * whatever is left (-1); else the shape is what the model computes.
 */
export const reshapeTo: Lowering = (call) => {
  const { net } = call;
  const [x, sizes] = [call.input(0), call.input(1)];
  const given = sizes.known ?? sizesFrom(call, sizes);
  const rests = given.filter((size) => size === -1).length;
  if (rests > 1) throw call.broken(`has ${rests} sizes that are left`);
  const parts = given.map((size, axis) => {
    if (typeof size === 'number') return size;
    return size !== undefined && x.shape[axis] === size ? 0 : undefined;
  });
  const open = parts.filter((part) => part === undefined).length;
  const shape = resultShape(call, x.shape, given);
  const make = (): GraphTensor => {
    const result = { type: x.type, shape };
    // A size of 0 would be taken for one of the input.
    if (open + rests > 1 || given.includes(0))
      return net.op('Reshape', [x.tensor, sizes.tensor], result, { allowzero: given.includes(0) });
    return net.op('Reshape', [x.tensor, net.ints(parts.map((part) => part ?? -1))], result);
  };
  return x.known === undefined ? made(make()) : integersValue(net, shape, x.known, make);
};

function resultShape(call: OperationCall, from: readonly GraphSize[], given: readonly GraphSize[]): GraphSize[] {
  const at = given.indexOf(-1);
  if (at < 0) return [...given];
  const others = given.filter((_, axis) => axis !== at);
  const names = others.filter((size): size is string => typeof size === 'string');
  const left = [...from];
  // A named size that both have is the same on both sides.
  const paired = names.every((name) => {
    const place = left.indexOf(name);
    if (place >= 0) left.splice(place, 1);
    return place >= 0;
  });
  const [total, used] = [product(left), product(others.filter((size) => typeof size === 'number'))];
  const rest =
    paired && !others.includes(undefined) && total !== undefined && used !== undefined ? total / used : undefined;
  if (rest !== undefined && !Number.isSafeInteger(rest)) {
    if (used === 0) return given.map((size, axis) => (axis === at ? undefined : size));
    throw call.broken(`makes a shape of other elements`);
  }
  const [only, ...more] = left;
  // All but one size are named, and stand on both sides.
  const same = paired && used === 1 && more.length === 0 ? only : undefined;
  return given.map((size, axis) => (axis === at ? (rest ?? same) : size));
}

export const squeezeAxes: Lowering = (call) => {
  const { net } = call;
  const x = call.input(0);
  const given = call.counts('squeeze_dims').map((axis) => call.axis(x, axis));
  if (given.length === 0 && x.shape.some((size) => typeof size !== 'number'))
    throw call.refuse('which of its dimensions have the size 1 is not known');
  const axes = given.length > 0 ? given : x.shape.flatMap((size, axis) => (size === 1 ? [axis] : []));
  const shape = x.shape.filter((_, axis) => !axes.includes(axis));
  const make = () => net.op('Squeeze', [x.tensor, net.ints(axes)], { type: x.type, shape });
  if (axes.length === 0) return x;
  return x.known === undefined ? made(make()) : integersValue(net, shape, x.known, make);
};

export const expandDims: Lowering = (call) => {
  const { net } = call;
  const x = call.input(0);
  const axis = call.integer(1);
  const at = axis < 0 ? axis + x.shape.length + 1 : axis;
  if (at < 0 || at > x.shape.length) throw call.broken(`has the axis ${axis}, of ${x.shape.length}`);
  const shape = [...x.shape.slice(0, at), 1, ...x.shape.slice(at)];
  const make = () => net.op('Unsqueeze', [x.tensor, net.ints([at])], { type: x.type, shape });
  return x.known === undefined ? made(make()) : integersValue(net, shape, x.known, make);
};

export const transposeTo: Lowering = (call) => {
  const x = call.input(0);
  return made(transpose(call.net, x.tensor, call.integers(1)));
};

/** Elements in other dimensions, all of which are known or left. */
export function reshaped(
  call: OperationCall,
  x: GraphTensor,
  sizes: readonly number[],
  shape: readonly GraphSize[],
): GraphTensor {
  return call.net.op('Reshape', [x, call.net.ints(sizes)], { type: x.type, shape });
}
