import type { GraphSize } from '../../../network/index.ts';
import { type Datum, type Lowering, made, type OperationCall } from '../../graph/index.ts';
import { integersValue } from '../combine.ts';

function gathered(call: OperationCall, x: Datum, indices: Datum, axis: number, batch: number): Datum {
  const { net } = call;
  if (indices.type !== 'int64') throw call.broken('takes indices that are not integers');
  if (batch !== 0) return gatheredRows(call, x, indices, axis, batch);
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
  const make = () => net.op('Gather', [x.tensor, indices.tensor], { type: x.type, shape }, { axis });
  if (x.known === undefined || indices.known === undefined || x.shape.length !== 1) return made(make());
  const known = indices.known.map((index): GraphSize => (typeof index === 'number' ? x.known?.[index] : undefined));
  return integersValue(net, shape, known, make);
}

/** Indices of their own for each row: as many dimensions as the rows, and one. */
function gatheredRows(call: OperationCall, x: Datum, indices: Datum, axis: number, batch: number): Datum {
  const { net } = call;
  const isPlain = batch === axis && axis === x.shape.length - 1 && indices.shape.length === x.shape.length;
  if (!isPlain) throw call.refuse(`it has ${batch} batch dimensions`);
  return made(net.op('GatherElements', [x.tensor, indices.tensor], { type: x.type, shape: indices.shape }, { axis }));
}

export const lowerGather: Lowering = (call) => {
  const x = call.input(0);
  const axis = call.operands.length < 3 ? 0 : call.axis(x, call.integer(2));
  return gathered(call, x, call.input(1), axis, call.count('batch_dims', 0));
};

export const resourceGather: Lowering = (call) =>
  gathered(call, call.input(0), call.input(1), 0, call.count('batch_dims', 0));

export const lowerGatherNd: Lowering = (call) => {
  const { net } = call;
  const [x, indices] = [call.tensor(0), call.tensor(1)];
  const depth = indices.shape.at(-1);
  if (typeof depth !== 'number') throw call.refuse('how many indices stand beside each other is not known');
  const shape = [...indices.shape.slice(0, -1), ...x.shape.slice(depth)];
  return made(net.op('GatherND', [x, indices], { type: x.type, shape }));
};

/** Indices that are none give a row without the value: negative ones count from the end in ONNX, and are put out of the way. */
export const lowerOneHot: Lowering = (call) => {
  const { net } = call;
  const indices = call.tensor(0);
  const depth = call.integer(1);
  const [on, off] = [call.tensor(2), call.tensor(3)];
  const rank = indices.shape.length;
  const axis = call.count('axis', -1);
  const at = axis < 0 ? rank : axis;
  if (at > rank || depth < 0) throw call.broken(`has the axis ${axis} and the depth ${depth}`);
  const known = net.compare('GreaterOrEqual', indices, net.ints([0], []));
  const places = net.where(known, indices, net.ints([depth], []));
  const values = net.op(
    'Concat',
    [off, on].map((one) => net.op('Unsqueeze', [one, net.ints([0])], { type: one.type, shape: [1] })),
    { type: on.type, shape: [2] },
    { axis: 0 },
  );
  const shape = [...indices.shape.slice(0, at), depth, ...indices.shape.slice(at)];
  return made(
    net.op(
      'OneHot',
      [places, net.ints([depth], []), values],
      { type: on.type, shape },
      { axis: at === rank ? -1 : at },
    ),
  );
};
