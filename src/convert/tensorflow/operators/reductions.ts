import type { GraphTensor, Network } from '../../network/index.ts';
import {
  axes as axesFrom,
  Datum,
  type Lowering,
  made,
  type OperationCall,
  type OperationFamily,
} from '../graph/index.ts';
import { integersValue } from './combine.ts';

const OPERATORS = {
  Sum: 'ReduceSum',
  Mean: 'ReduceMean',
  Max: 'ReduceMax',
  Min: 'ReduceMin',
  Prod: 'ReduceProd',
} as const;

function reduce(
  net: Network,
  op: keyof typeof OPERATORS,
  x: GraphTensor,
  axes: readonly number[],
  keep: boolean,
): GraphTensor {
  const shape = x.shape.flatMap((size, axis) => (axes.includes(axis) ? (keep ? [1] : []) : [size]));
  const result = { type: x.type, shape };
  if (axes.length === 0) return x;
  if (op === 'Sum') return net.op(OPERATORS[op], [x, net.ints(axes)], result, { keepdims: keep });
  return net.op(OPERATORS[op], [x], result, { axes, keepdims: keep });
}

function axesOf(call: OperationCall, x: Datum): number[] {
  return [...new Set(call.integers(1).map((axis) => call.axis(x, axis)))].sort((a, b) => a - b);
}

function reduction(op: keyof typeof OPERATORS): Lowering {
  return (call) => {
    const { net } = call;
    const x = call.input(0);
    const keep = call.flag('keep_dims');
    const axes = axesOf(call, x);
    const known = foldedSizes(op, x, axes);
    const make = () => reduce(net, op, x.tensor, axes, keep);
    if (known !== undefined) return integersValue(net, keep ? [1] : [], [known], make);
    const rank = x.shape.length;
    // Means of whole images: they are taken as they lie.
    if (x.isSecond && rank >= 3 && axes.length === rank - 2 && axes.every((axis, index) => axis === index + 1)) {
      const result = reduce(net, op, x.channelsSecond(net), axesFrom(2, rank), keep);
      return keep ? Datum.second(net, result) : made(result);
    }
    return made(make());
  };
}

/** The product of known sizes. */
function foldedSizes(op: keyof typeof OPERATORS, x: Datum, axes: readonly number[]): number | undefined {
  const numbers = x.known?.filter((one) => typeof one === 'number');
  if (op !== 'Prod' || numbers === undefined || numbers.length !== x.known?.length) return undefined;
  if (x.shape.length !== 1 || axes.length !== 1) return undefined;
  const product = numbers.reduce((all, size) => all * size, 1);
  return Number.isSafeInteger(product) ? product : undefined;
}

/** Whether all, or any, of some elements hold. */
function quantifier(op: 'Max' | 'Min'): Lowering {
  return (call) => {
    const { net } = call;
    const x = call.input(0);
    const numbers = net.cast(x.tensor, 'float32');
    return made(net.cast(reduce(net, op, numbers, axesOf(call, x), call.flag('keep_dims')), 'bool'));
  };
}

function best(op: 'ArgMax' | 'ArgMin'): Lowering {
  return (call) => {
    const { net } = call;
    const { tensor } = call.input(0);
    const axis = call.axis(tensor, call.integer(1));
    const shape = tensor.shape.filter((_, index) => index !== axis);
    return made(net.op(op, [tensor], { type: 'int64', shape }, { axis, keepdims: 0 }));
  };
}

const topK: Lowering = (call) => {
  const { net } = call;
  const { tensor } = call.input(0);
  const count = call.integer(1);
  const shape = [...tensor.shape.slice(0, -1), count];
  const [values, places] = net.opMany(
    'TopK',
    [tensor, net.ints([count])],
    [
      { type: tensor.type, shape },
      { type: 'int64', shape },
    ],
    { axis: -1 },
  );
  if (values === undefined || places === undefined) throw call.broken('has no results');
  return [made(values), made(places)];
};

const cumsum: Lowering = (call) => {
  const { net } = call;
  const { tensor } = call.input(0);
  const axis = net.ints([call.axis(tensor, call.integer(1))], []);
  const attributes = { exclusive: call.flag('exclusive'), reverse: call.flag('reverse') };
  return made(net.op('CumSum', [tensor, axis], tensor, attributes));
};

export const REDUCTIONS: OperationFamily = {
  Sum: reduction('Sum'),
  Mean: reduction('Mean'),
  Max: reduction('Max'),
  Min: reduction('Min'),
  Prod: reduction('Prod'),
  All: quantifier('Min'),
  Any: quantifier('Max'),
  ArgMax: best('ArgMax'),
  ArgMin: best('ArgMin'),
  TopKV2: topK,
  Cumsum: cumsum,
};
