import type { GraphSize, GraphTensor } from '../../../network/index.ts';
import { Datum, type Lowering, made, type OperationCall } from '../../graph/index.ts';
import { integersValue } from '../combine.ts';

export const passing: Lowering = (call) => call.input(0);

function sizesOf(call: OperationCall, x: Datum): Datum {
  const { net } = call;
  // The name of a size says nothing to others than a shape: it is a size of its own.
  const known = x.shape.map((size): GraphSize => size);
  return integersValue(net, [x.shape.length], known, () => net.sizes(x.tensor));
}

export const lowerShape: Lowering = (call) => sizesOf(call, call.input(0));

export const shapeN: Lowering = (call) => call.inputs(0).map((x) => sizesOf(call, x));

export const rank: Lowering = (call) => {
  const count = call.input(0).shape.length;
  return Datum.lazy({ type: 'int64', shape: [], known: [count] }, () => call.net.ints([count], []));
};

export const lowerSize: Lowering = (call) => {
  const { net } = call;
  const { shape: sizes, tensor } = call.input(0);
  const numbers = sizes.filter((one) => typeof one === 'number');
  const known = numbers.length === sizes.length ? [numbers.reduce((all, one) => all * one, 1)] : undefined;
  return integersValue(net, [], known, () => net.op('Size', [tensor], { type: 'int64', shape: [] }));
};

/** A shape of integers, as the dimensions of a result. */
export function sizesFrom(call: OperationCall, sizes: Datum): readonly GraphSize[] {
  const [length] = sizes.shape;
  if (sizes.known !== undefined)
    return sizes.known.map((one) => (typeof one === 'number' && one < 0 ? undefined : one));
  if (typeof length !== 'number') throw call.refuse('how many dimensions it makes is known only when the model runs');
  return Array<undefined>(length).fill(undefined);
}

function expanded(call: OperationCall, value: GraphTensor, sizes: Datum): Datum {
  const result = { type: value.type, shape: sizesFrom(call, sizes) };
  return made(call.net.op('Expand', [value, sizes.tensor], result));
}

export const fill: Lowering = (call) => {
  const [sizes, value] = [call.input(0), call.input(1)];
  const [known] = value.known ?? [];
  const dims = sizes.known?.filter((one) => typeof one === 'number');
  const make = () => expanded(call, value.tensor, sizes);
  // Small tensors of one integer are sizes, as a rule.
  if (known === undefined || dims === undefined || dims.length !== sizes.known?.length || dims.length > 1)
    return make();
  const count = dims[0] ?? 1;
  if (count > 64) return make();
  return integersValue(call.net, dims, Array<GraphSize>(count).fill(known), () => make().tensor);
};

export function constantLike(value: number): Lowering {
  return (call) => {
    const { net } = call;
    const x = call.input(0);
    const one = x.type === 'int64' ? net.ints([value], []) : net.real(value);
    const typed = x.type === 'bool' ? net.cast(one, 'bool') : one;
    return made(net.op('Expand', [typed, net.sizes(x.tensor)], { type: x.type, shape: x.shape }));
  };
}

export const broadcastTo: Lowering = (call) => expanded(call, call.tensor(0), call.input(1));

export const lowerRange: Lowering = (call) => {
  const { net } = call;
  const parts = [call.input(0), call.input(1), call.input(2)];
  const [start, limit, delta] = parts.map(({ known }) => known?.[0]);
  const make = () =>
    net.op(
      'Range',
      parts.map(({ tensor }) => tensor),
      { type: parts[0]?.type ?? 'int64', shape: [undefined] },
    );
  if (typeof start !== 'number' || typeof limit !== 'number' || typeof delta !== 'number' || delta === 0) {
    const result = make();
    const counts = start === 0 && delta === 1 && limit !== undefined;
    return made(counts ? { ...result, shape: [limit] } : result);
  }
  const count = Math.max(0, Math.ceil((limit - start) / delta));
  if (count > 4_096) return made({ ...make(), shape: [count] });
  const known = Array.from({ length: count }, (_, index) => start + index * delta);
  return integersValue(net, [count], known, make);
};
