import { type GraphSize, type GraphTensor, concat as joined, unsqueeze } from '../../../network/index.ts';
import { axes, type Datum, type Lowering, made, type OperationCall, Datum as Value } from '../../graph/index.ts';
import { integersValue } from '../combine.ts';

function concatenated(call: OperationCall, parts: readonly Datum[], axis: number): Datum {
  const { net } = call;
  const [first] = parts;
  if (first === undefined) throw call.broken('joins nothing');
  const at = call.axis(first, axis);
  const known = parts.map((part) => part.known);
  if (first.type === 'int64' && first.shape.length === 1 && known.every((one) => one !== undefined)) {
    const all = known.flat();
    return integersValue(net, [all.length], all, () =>
      joined(
        net,
        parts.map(({ tensor }) => tensor),
        0,
      ),
    );
  }
  const rank = first.shape.length;
  // Images that lie with their channels second are joined so.
  if (rank >= 3 && parts.every(({ isSecond }) => isSecond)) {
    const place = at === 0 ? 0 : at === rank - 1 ? 1 : at + 1;
    return Value.second(
      net,
      joined(
        net,
        parts.map((part) => part.channelsSecond(net)),
        place,
      ),
    );
  }
  return made(
    joined(
      net,
      parts.map(({ tensor }) => tensor),
      at,
    ),
  );
}

export const lowerConcat: Lowering = (call) =>
  concatenated(call, call.inputs(0, -1), call.integer(call.operands.length - 1));

export const concatV1: Lowering = (call) => concatenated(call, call.inputs(1), call.integer(0));

export const lowerPack: Lowering = (call) => {
  const { net } = call;
  const parts = call.inputs(0);
  const [first] = parts;
  if (first === undefined) throw call.broken('joins nothing');
  const axis = call.count('axis', 0);
  const at = axis < 0 ? axis + first.shape.length + 1 : axis;
  const make = () =>
    joined(
      net,
      parts.map(({ tensor }) => unsqueeze(net, tensor, at)),
      at,
    );
  if (first.type !== 'int64' || first.shape.length > 0) return made(make());
  const known = parts.map((part) => part.known?.[0]);
  return integersValue(net, [parts.length], known, make);
};

export const unpack: Lowering = (call) => {
  const { net } = call;
  const x = call.input(0);
  const axis = call.axis(x, call.count('axis', 0));
  const count = call.count('num', -1);
  const size = x.shape[axis];
  if (count < 0 || (typeof size === 'number' && size !== count)) throw call.broken(`has ${count} parts of ${size}`);
  const shape = x.shape.filter((_, at) => at !== axis);
  return axes(0, count).map((index) => {
    const make = () => net.op('Gather', [x.tensor, net.ints([index], [])], { type: x.type, shape }, { axis });
    if (x.known === undefined || x.shape.length !== 1) return made(make());
    return integersValue(net, [], [x.known[index]], make);
  });
};

function parted(call: OperationCall, x: Datum, axis: number, sizes: readonly number[]): Datum[] {
  const { net } = call;
  const shape = (size: number): GraphSize[] => x.shape.map((one, at) => (at === axis ? size : one));
  const results = sizes.map((size) => ({ type: x.type, shape: shape(size) }));
  return net.opMany('Split', [x.tensor, net.ints(sizes)], results, { axis }).map((one: GraphTensor) => made(one));
}

export const lowerSplit: Lowering = (call) => {
  const x = call.input(1);
  const axis = call.axis(x, call.integer(0));
  const count = call.count('num_split', 0);
  const size = x.shape[axis];
  if (typeof size !== 'number' || count < 1 || size % count !== 0)
    throw call.refuse(`it makes ${count} parts of ${size ?? 'an unknown size'}`);
  return parted(call, x, axis, Array<number>(count).fill(size / count));
};

export const splitV: Lowering = (call) => {
  const x = call.input(0);
  const axis = call.axis(x, call.integer(2));
  const sizes = [...call.integers(1)];
  const rest = sizes.indexOf(-1);
  const size = x.shape[axis];
  if (rest >= 0) {
    if (typeof size !== 'number') throw call.refuse('the size of what it splits is not known');
    sizes[rest] = size - sizes.reduce((sum, one) => sum + Math.max(0, one), 0);
  }
  if (sizes.some((one) => one < 0)) throw call.broken(`has the sizes ${sizes.join(', ')}`);
  return parted(call, x, axis, sizes);
};

export const lowerTile: Lowering = (call) => {
  const { net } = call;
  const { tensor } = call.input(0);
  const repeats = call.input(1);
  const shape = tensor.shape.map((size, axis) => {
    const times = repeats.known?.[axis];
    if (times === 1) return size;
    return typeof size === 'number' && typeof times === 'number' ? size * times : undefined;
  });
  return made(net.op('Tile', [tensor, repeats.tensor], { type: tensor.type, shape }));
};
