import { type GraphSize, type GraphTensor, pad, transpose } from '../../../network/index.ts';
import { axes, type Lowering, made, type OperationCall } from '../../graph/index.ts';
import { paddings, reshaped } from '../layout/index.ts';

/** Sizes that blocks are made of have to be known; the number of images need not. */
function known(call: OperationCall, sizes: readonly GraphSize[]): number[] {
  return sizes.map((size) => {
    if (typeof size !== 'number') throw call.refuse('the size of its images is not known');
    return size;
  });
}

/** Blocks of images become images of their own, so that a convolution of neighbours is one of pixels that lie apart. */
export const spaceToBatch: Lowering = (call) => {
  const { net } = call;
  const [x, block] = [call.tensor(0), call.integers(1)];
  const count = block.length;
  const pads = paddings(call, 2);
  const rest = x.shape.slice(count + 1);
  if (pads.length !== count || x.shape.length < count + 1)
    throw call.broken('has other numbers of blocks and paddings');
  const whole = pad(net, x, { kind: 'constant', value: 0 }, [
    [0, 0],
    ...pads,
    ...rest.map((): [number, number] => [0, 0]),
  ]);
  const sizes = known(call, whole.shape.slice(1, count + 1)).map((size, axis) => size / (block[axis] ?? 1));
  if (sizes.some((size) => !Number.isSafeInteger(size))) throw call.broken('has blocks that do not fit');
  const others = known(call, rest);
  const parts = sizes.flatMap((size, axis) => [size, block[axis] ?? 1]);
  const split = reshaped(call, whole, [-1, ...parts, ...others], [x.shape[0], ...parts, ...others]);
  const inner = axes(0, count).map((axis) => 2 * axis + 2);
  const outer = axes(0, count).map((axis) => 2 * axis + 1);
  const moved = transpose(net, split, [...inner, 0, ...outer, ...axes(2 * count + 1, split.shape.length)]);
  return made(reshaped(call, moved, [-1, ...sizes, ...others], [undefined, ...sizes, ...others]));
};

export const batchToSpace: Lowering = (call) => {
  const { net } = call;
  const [x, block] = [call.tensor(0), call.integers(1)];
  const count = block.length;
  const cuts = paddings(call, 2);
  if (cuts.length !== count || x.shape.length < count + 1) throw call.broken('has other numbers of blocks and cuts');
  const sizes = known(call, x.shape.slice(1, count + 1));
  const others = known(call, x.shape.slice(count + 1));
  const split = reshaped(call, x, [...block, -1, ...sizes, ...others], [...block, undefined, ...sizes, ...others]);
  const spread = axes(0, count).flatMap((axis) => [count + 1 + axis, axis]);
  const moved = transpose(net, split, [count, ...spread, ...axes(2 * count + 1, split.shape.length)]);
  const grown = sizes.map((size, axis) => size * (block[axis] ?? 1));
  const joined = reshaped(call, moved, [-1, ...grown, ...others], [undefined, ...grown, ...others]);
  return made(trimmed(call, joined, grown, cuts));
};

function trimmed(
  call: OperationCall,
  x: GraphTensor,
  sizes: readonly number[],
  cuts: readonly (readonly [number, number])[],
): GraphTensor {
  const { net } = call;
  const ends = sizes.map((size, axis) => size - (cuts[axis]?.[1] ?? 0));
  const kept = ends.map((end, axis) => end - (cuts[axis]?.[0] ?? 0));
  if (kept.some((size) => size < 1) || cuts.flat().some((cut) => cut < 0))
    throw call.broken('cuts off more than there is');
  const places = axes(1, sizes.length + 1);
  const inputs = [net.ints(cuts.map(([before]) => before)), net.ints(ends), net.ints(places)];
  const shape = x.shape.map((size, axis) => kept[axis - 1] ?? size);
  return net.op('Slice', [x, ...inputs], { type: x.type, shape });
}
