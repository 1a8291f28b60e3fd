import type { GraphSize, GraphTensor, Network } from '../../network/index.ts';
import type { AtenCall, AtenFamily, AtenLowering } from '../call.ts';
import { type AtenDatum, madeDatum } from '../datum.ts';

type Reduction = 'ReduceMean' | 'ReduceSum' | 'ReduceMax' | 'ReduceMin' | 'ReduceProd' | 'ReduceL2' | 'ReduceL1';

export function reduced(
  net: Network,
  op: Reduction,
  x: GraphTensor,
  axes: readonly number[],
  keep: boolean,
): GraphTensor {
  if (axes.length === 0) return x;
  const shape = x.shape.flatMap((size, axis): GraphSize[] => (axes.includes(axis) ? (keep ? [1] : []) : [size]));
  const result = { type: x.type, shape };
  // Until opset 18, the axes of all reductions but the sum are attributes.
  if (op === 'ReduceSum') return net.op(op, [x, net.ints(axes)], result, { keepdims: keep });
  return net.op(op, [x], result, { axes, keepdims: keep });
}

function all(x: AtenDatum): number[] {
  return x.shape.map((_, axis) => axis);
}

/** Sums and products of Booleans are integers. */
function numbers(call: AtenCall, x: AtenDatum, isMean: boolean): GraphTensor {
  const type = call.dtype() ?? (isMean ? 'float32' : x.type === 'bool' ? 'int64' : x.type);
  return call.net.cast(x.tensor, type);
}

function whole(op: Reduction): AtenLowering {
  return (call) => {
    const x = call.datum('self');
    return madeDatum(reduced(call.net, op, numbers(call, x, op === 'ReduceMean'), all(x), false));
  };
}

function along(op: Reduction): AtenLowering {
  return (call) => {
    const x = call.datum('self');
    return madeDatum(reduced(call.net, op, numbers(call, x, op === 'ReduceMean'), call.axes(x), call.flag('keepdim')));
  };
}

function extreme(op: 'ReduceMax' | 'ReduceMin', axes: (call: AtenCall, x: AtenDatum) => number[]): AtenLowering {
  return (call) => {
    const x = call.datum('self');
    if (x.type === 'bool') throw call.refuse('it takes Booleans');
    const keep = axes !== wholeAxes && call.flag('keepdim');
    return madeDatum(reduced(call.net, op, x.tensor, axes(call, x), keep));
  };
}

function wholeAxes(_: AtenCall, x: AtenDatum): number[] {
  return all(x);
}

/** The highest or lowest along an axis, and where it is. */
function extremeWithPlace(op: 'ReduceMax' | 'ReduceMin'): AtenLowering {
  return (call) => {
    const x = call.datum('self');
    if (x.type === 'bool') throw call.refuse('it takes Booleans');
    const axis = call.axisAt(x);
    const keep = call.flag('keepdim');
    const values = reduced(call.net, op, x.tensor, [axis], keep);
    return [madeDatum(values), itemPlace(call, op === 'ReduceMax' ? 'ArgMax' : 'ArgMin', x.tensor, axis, keep)];
  };
}

function itemPlace(call: AtenCall, op: 'ArgMax' | 'ArgMin', x: GraphTensor, axis: number, keep: boolean): AtenDatum {
  const shape = x.shape.flatMap((size, at): GraphSize[] => (at === axis ? (keep ? [1] : []) : [size]));
  return madeDatum(call.net.op(op, [x], { type: 'int64', shape }, { axis, keepdims: keep }));
}

function place(op: 'ArgMax' | 'ArgMin'): AtenLowering {
  return (call) => {
    const { net } = call;
    const x = call.datum('self');
    if (x.type === 'bool') throw call.refuse('it takes Booleans');
    if (!call.isNone('dim')) return itemPlace(call, op, x.tensor, call.axisAt(x), call.flag('keepdim'));
    const flat = net.op('Reshape', [x.tensor, net.ints([-1])], { type: x.type, shape: [undefined] });
    return itemPlace(call, op, flat, 0, false);
  };
}

/** The mean of the squares of what is left without the mean; divided by one less when it is corrected. */
function variance(call: AtenCall, axes: readonly number[], correction: number, keep: boolean): [AtenDatum, AtenDatum] {
  const { net } = call;
  const x = call.real('self');
  const center = reduced(net, 'ReduceMean', x, axes, true);
  const difference = net.sub(x, center);
  const squares = reduced(net, 'ReduceMean', net.mul(difference, difference), axes, keep);
  const mean = reduced(net, 'ReduceMean', x, axes, keep);
  if (correction === 0) return [madeDatum(squares), madeDatum(mean)];
  let count = 1;
  for (const axis of axes) {
    const size = x.shape[axis];
    if (typeof size !== 'number')
      throw call.refuse('the number of elements is not known', 'give the shape of the input: --input-shape 3,224,224');
    count *= size;
  }
  if (count <= correction) throw call.broken(`is of ${count} elements`);
  return [madeDatum(net.mul(squares, count / (count - correction))), madeDatum(mean)];
}

type Spread = (call: AtenCall, variance: AtenDatum, mean: AtenDatum) => AtenDatum | readonly AtenDatum[];
const varianceAlone: Spread = (_, squares) => squares;
const deviation: Spread = (call, squares) => madeDatum(call.net.unary('Sqrt', squares.tensor));
const withMean: Spread = (_, squares, mean) => [squares, mean];

function spread(name: string, form: Spread): [string, AtenLowering][] {
  const axesOf = (call: AtenCall) => call.axes(call.datum('self'));
  return [
    [
      `${name}(Tensor self, bool unbiased=True)`,
      (call) => form(call, ...variance(call, all(call.datum('self')), call.flag('unbiased') ? 1 : 0, false)),
    ],
    [
      `${name}.dim(Tensor self, int[1]? dim, bool unbiased=True, bool keepdim=False)`,
      (call) => form(call, ...variance(call, axesOf(call), call.flag('unbiased') ? 1 : 0, call.flag('keepdim'))),
    ],
    [
      `${name}.correction(Tensor self, int[1]? dim=None, *, Scalar? correction=None, bool keepdim=False)`,
      (call) =>
        form(call, ...variance(call, axesOf(call), call.optionalNumber('correction') ?? 1, call.flag('keepdim'))),
    ],
  ];
}

function norm(call: AtenCall, power: number, axes: readonly number[], keep: boolean): AtenDatum {
  const { net } = call;
  const x = call.real('self');
  if (power === 2) return madeDatum(reduced(net, 'ReduceL2', x, axes, keep));
  if (power === 1) return madeDatum(reduced(net, 'ReduceL1', x, axes, keep));
  if (power === Number.POSITIVE_INFINITY) return madeDatum(reduced(net, 'ReduceMax', net.unary('Abs', x), axes, keep));
  throw call.refuse(`it is the norm of the power ${power}`);
}

const normOf: AtenLowering = (call) => {
  const x = call.datum('self');
  return norm(call, call.optionalNumber('p') ?? 2, call.axes(x), call.flag('keepdim'));
};

const logSumExp: AtenLowering = (call) => {
  const { net } = call;
  const x = call.real('self');
  const axes = call.axes(x);
  const keep = call.flag('keepdim');
  const highest = reduced(net, 'ReduceMax', x, axes, true);
  const sum = reduced(net, 'ReduceSum', net.unary('Exp', net.sub(x, highest)), axes, keep);
  return madeDatum(net.add(net.unary('Log', sum), reduced(net, 'ReduceMax', x, axes, keep)));
};

const cumulative: AtenLowering = (call) => {
  const { net } = call;
  const x = call.datum('self');
  const tensor = numbers(call, x, false);
  return madeDatum(net.op('CumSum', [tensor, net.ints([call.axisAt(x)], [])], tensor));
};

const topK: AtenLowering = (call) => {
  const { net } = call;
  const x = call.datum('self');
  const axis = call.axisAt(x);
  const count = call.int('k');
  const shape = x.shape.map((size, at) => (at === axis ? count : size));
  const results = [
    { type: x.type, shape },
    { type: 'int64' as const, shape },
  ];
  const attributes = { axis, largest: call.flag('largest'), sorted: true };
  return net.opMany('TopK', [x.tensor, net.ints([count])], results, attributes).map(madeDatum);
};

/** Whether all, or any, of some elements hold. */
function quantifier(op: 'ReduceMin' | 'ReduceMax', axesOf: (call: AtenCall, x: AtenDatum) => number[]): AtenLowering {
  return (call) => {
    const { net } = call;
    const x = call.datum('self');
    const flags = net.cast(net.cast(x.tensor, 'bool'), 'float32');
    const keep = axesOf !== wholeAxes && call.flag('keepdim');
    return madeDatum(net.cast(reduced(net, op, flags, axesOf(call, x), keep), 'bool'));
  };
}

const oneAxis = (call: AtenCall, x: AtenDatum) => [call.axisAt(x)];
const someAxes = (call: AtenCall, x: AtenDatum) => call.axes(x);

export const ATEN_REDUCTIONS: AtenFamily = Object.fromEntries<AtenLowering>([
  ['mean(Tensor self, *, int? dtype=None)', whole('ReduceMean')],
  ['mean.dim(Tensor self, int[1]? dim, bool keepdim=False, *, int? dtype=None)', along('ReduceMean')],
  ['sum(Tensor self, *, int? dtype=None)', whole('ReduceSum')],
  ['sum.dim_IntList(Tensor self, int[1]? dim, bool keepdim=False, *, int? dtype=None)', along('ReduceSum')],
  ['prod(Tensor self, *, int? dtype=None)', whole('ReduceProd')],
  [
    'prod.dim_int(Tensor self, int dim, bool keepdim=False, *, int? dtype=None)',
    (call) => {
      const x = call.datum('self');
      const values = numbers(call, x, false);
      return madeDatum(reduced(call.net, 'ReduceProd', values, [call.axisAt(x)], call.flag('keepdim')));
    },
  ],
  ['max(Tensor self)', extreme('ReduceMax', wholeAxes)],
  ['min(Tensor self)', extreme('ReduceMin', wholeAxes)],
  ['max.dim(Tensor self, int dim, bool keepdim=False)', extremeWithPlace('ReduceMax')],
  ['min.dim(Tensor self, int dim, bool keepdim=False)', extremeWithPlace('ReduceMin')],
  ['amax(Tensor self, int[1] dim=[], bool keepdim=False)', extreme('ReduceMax', someAxes)],
  ['amin(Tensor self, int[1] dim=[], bool keepdim=False)', extreme('ReduceMin', someAxes)],
  ['argmax(Tensor self, int? dim=None, bool keepdim=False)', place('ArgMax')],
  ['argmin(Tensor self, int? dim=None, bool keepdim=False)', place('ArgMin')],
  ...spread('var', varianceAlone),
  ...spread('std', deviation),
  ...spread('var_mean', withMean),
  ['norm.ScalarOpt_dim(Tensor self, Scalar? p, int[1] dim, bool keepdim=False)', normOf],
  [
    'linalg_vector_norm(Tensor self, Scalar ord=2, int[1]? dim=None, bool keepdim=False, *, int? dtype=None)',
    (call) => norm(call, call.number('ord'), call.axes(call.datum('self')), call.flag('keepdim')),
  ],
  [
    'frobenius_norm.dim(Tensor self, int[1] dim, bool keepdim=False)',
    (call) => {
      return norm(call, 2, call.axes(call.datum('self')), call.flag('keepdim'));
    },
  ],
  ['logsumexp(Tensor self, int[1] dim, bool keepdim=False)', logSumExp],
  ['cumsum(Tensor self, int dim, *, int? dtype=None)', cumulative],
  ['topk(Tensor self, int k, int dim=-1, bool largest=True, bool sorted=True)', topK],
  ['all(Tensor self)', quantifier('ReduceMin', wholeAxes)],
  ['any(Tensor self)', quantifier('ReduceMax', wholeAxes)],
  ['all.dim(Tensor self, int dim, bool keepdim=False)', quantifier('ReduceMin', oneAxis)],
  ['any.dim(Tensor self, int dim, bool keepdim=False)', quantifier('ReduceMax', oneAxis)],
]);
