import {
  type Activation,
  activate,
  type GraphTensor,
  gatedLinear,
  logSoftmax,
  type Network,
  prelu,
  softmax,
} from '../../network/index.ts';
import type { AtenCall, AtenFamily, AtenLowering } from '../call.ts';
import { madeDatum } from '../datum.ts';
import { realTensor } from './combine.ts';

type Each = (net: Network, x: GraphTensor, call: AtenCall) => GraphTensor;

/** A function of each element, as a floating-point number. */
export function each(apply: Each, name = 'self'): AtenLowering {
  return (call) => madeDatum(apply(call.net, realTensor(call.net, call.datum(name)), call));
}

/** A function that keeps the type. */
function same(op: string): AtenLowering {
  return (call) => {
    const { tensor, type } = call.datum('self');
    if (type === 'bool') throw call.refuse('it takes Booleans');
    return madeDatum(call.net.unary(op, tensor));
  };
}

function operator(op: string): AtenLowering {
  return each((net, x) => net.unary(op, x));
}

/** A function that whole numbers stay what they are by. */
function rounding(op: string): AtenLowering {
  return (call) => {
    const { tensor, type } = call.datum('self');
    return type === 'float32' ? madeDatum(call.net.unary(op, tensor)) : call.datum('self');
  };
}

function activation(of: Activation | ((call: AtenCall) => Activation)): AtenLowering {
  return each((net, x, call) => activate(net, x, typeof of === 'function' ? of(call) : of));
}

const not: AtenLowering = (call) => {
  const x = call.datum('self');
  return madeDatum(call.net.unary('Not', call.net.cast(x.tensor, 'bool')));
};

/** As `activate`, but keeps integers. */
const relu: AtenLowering = (call) => {
  const x = call.datum('self');
  if (x.type === 'bool') throw call.refuse('it takes Booleans');
  return madeDatum(call.net.unary('Relu', x.tensor));
};

const elu: AtenLowering = each((net, x, call) => {
  if (call.number('scale') !== 1 || call.number('input_scale') !== 1) throw call.refuse('it has another scale than 1');
  return activate(net, x, { kind: 'elu', alpha: call.number('alpha') });
});

const gelu: AtenLowering = each((net, x, call) => {
  const approximate = call.text('approximate');
  if (approximate !== 'none' && approximate !== 'tanh')
    throw call.refuse(`it approximates by ${JSON.stringify(approximate.slice(0, 40))}`);
  return activate(net, x, { kind: approximate === 'tanh' ? 'gelu-tanh' : 'gelu' });
});

/** Beyond its threshold, it is the identity: by less than a number of 32 bits tells. */
const softplus: AtenLowering = each((net, x, call) => {
  const [beta, threshold] = [call.number('beta'), call.number('threshold')];
  if (threshold < 17 || !(beta > 0)) throw call.refuse(`its threshold is ${threshold}`);
  return activate(net, x, { kind: 'softplus', beta });
});

const clamp: AtenLowering = (call) => {
  const { net } = call;
  const x = call.datum('self');
  const [low, high] = [call.optionalNumber('min'), call.optionalNumber('max')];
  const whole = x.type === 'int64' && [low, high].every((bound) => bound === undefined || Number.isInteger(bound));
  const type = whole ? 'int64' : 'float32';
  const bound = (value: number) => (whole ? net.ints([value], []) : net.real(value));
  let clipped = net.cast(x.tensor, type);
  // The upper bound wins where they cross.
  if (low !== undefined) clipped = net.binary('Max', clipped, bound(low));
  return madeDatum(high === undefined ? clipped : net.binary('Min', clipped, bound(high)));
};

/** The slope of one parameter, or of one for each channel. */
const preluOf: AtenLowering = (call) => {
  const { net } = call;
  const [x, slope] = [call.real('self'), call.real('weight')];
  const count = slope.shape[0] ?? 1;
  if (slope.shape.length > 1) throw call.broken('has a weight of several dimensions');
  if (count === 1 || x.shape.length < 2) return madeDatum(prelu(net, x, slope));
  const shape = [count, ...x.shape.slice(2).map(() => 1)];
  const sizes = net.ints(shape.map(Number));
  return madeDatum(prelu(net, x, net.op('Reshape', [slope, sizes], { type: 'float32', shape })));
};

/** In evaluation, nothing is dropped. */
const dropout =
  (name: string): AtenLowering =>
  (call) => {
    const training = call.value('train');
    if (training === true) throw call.refuse('it drops values, as in training', 'save the model after model.eval()');
    return call.cell(name);
  };

const softmaxOf =
  (apply: typeof softmax, name = 'self'): AtenLowering =>
  (call) => {
    call.dtype('dtype');
    const x = call.datum(name);
    return madeDatum(apply(call.net, realTensor(call.net, x), call.axisAt(x)));
  };

/** `_softmax` and the like: the last parameter only says how halves are computed with. */
const rawSoftmax =
  (apply: typeof softmax): AtenLowering =>
  (call) => {
    const x = call.datum('self');
    return madeDatum(apply(call.net, realTensor(call.net, x), call.axisAt(x)));
  };

const isOf =
  (op: string): AtenLowering =>
  (call) => {
    const x = realTensor(call.net, call.datum('self'));
    return madeDatum(call.net.op(op, [x], { type: 'bool', shape: x.shape }));
  };

export const ATEN_ELEMENTWISE: AtenFamily = {
  'relu(Tensor self)': relu,
  'relu6(Tensor self)': activation({ kind: 'relu6' }),
  'sigmoid(Tensor self)': activation({ kind: 'sigmoid' }),
  'tanh(Tensor self)': activation({ kind: 'tanh' }),
  'silu(Tensor self)': activation({ kind: 'silu' }),
  'mish(Tensor self)': activation({ kind: 'mish' }),
  'selu(Tensor self)': activation({ kind: 'selu' }),
  'gelu(Tensor self, *, str approximate="none")': gelu,
  'hardswish(Tensor self)': activation({ kind: 'hard-swish' }),
  'hardsigmoid(Tensor self)': activation({ kind: 'hard-sigmoid', slope: 1 / 6, offset: 0.5 }),
  'hardtanh(Tensor self, Scalar min_val=-1, Scalar max_val=1)': activation((call) => ({
    kind: 'clip',
    low: call.number('min_val'),
    high: call.number('max_val'),
  })),
  'leaky_relu(Tensor self, Scalar negative_slope=0.01)': activation((call) => ({
    kind: 'leaky-relu',
    slope: call.number('negative_slope'),
  })),
  'elu(Tensor self, Scalar alpha=1, Scalar scale=1, Scalar input_scale=1)': elu,
  'celu(Tensor self, Scalar alpha=1.0)': activation((call) => ({ kind: 'celu', alpha: call.number('alpha') })),
  'softplus(Tensor self, Scalar beta=1, Scalar threshold=20)': softplus,
  'softshrink(Tensor self, Scalar lambd=0.5)': activation((call) => ({
    kind: 'soft-shrink',
    bound: call.number('lambd'),
  })),
  'hardshrink(Tensor self, Scalar lambd=0.5)': activation((call) => ({
    kind: 'hard-shrink',
    bound: call.number('lambd'),
  })),
  'threshold(Tensor self, Scalar threshold, Scalar value)': activation((call) => ({
    kind: 'threshold',
    bound: call.number('threshold'),
    value: call.number('value'),
  })),
  'log_sigmoid(Tensor self)': activation({ kind: 'log-sigmoid' }),
  'prelu(Tensor self, Tensor weight)': preluOf,
  '_prelu_kernel(Tensor self, Tensor weight)': (call) =>
    madeDatum(prelu(call.net, call.real('self'), call.real('weight'))),
  'glu(Tensor self, int dim=-1)': each((net, x, call) => gatedLinear(net, x, call.axisAt(x))),
  'softmax.int(Tensor self, int dim, int? dtype=None)': softmaxOf(softmax),
  'log_softmax.int(Tensor self, int dim, int? dtype=None)': softmaxOf(logSoftmax),
  '_softmax(Tensor self, int dim, bool half_to_float)': rawSoftmax(softmax),
  '_log_softmax(Tensor self, int dim, bool half_to_float)': rawSoftmax(logSoftmax),
  'dropout(Tensor input, float p, bool train)': dropout('input'),
  'feature_dropout(Tensor input, float p, bool train)': dropout('input'),
  'alpha_dropout(Tensor input, float p, bool train)': dropout('input'),
  'feature_alpha_dropout(Tensor input, float p, bool train)': dropout('input'),
  'native_dropout(Tensor input, float p, bool? train)': dropout('input'),
  'clamp(Tensor self, Scalar? min=None, Scalar? max=None)': clamp,
  'clip(Tensor self, Scalar? min=None, Scalar? max=None)': clamp,
  'clamp_min(Tensor self, Scalar min)': each((net, x, call) => net.binary('Max', x, net.real(call.number('min')))),
  'clamp_max(Tensor self, Scalar max)': each((net, x, call) => net.binary('Min', x, net.real(call.number('max')))),
  'exp(Tensor self)': operator('Exp'),
  'expm1(Tensor self)': each((net, x) => net.sub(net.unary('Exp', x), 1)),
  'log(Tensor self)': operator('Log'),
  'log1p(Tensor self)': each((net, x) => net.unary('Log', net.add(x, 1))),
  'log2(Tensor self)': each((net, x) => net.mul(net.unary('Log', x), Math.LOG2E)),
  'log10(Tensor self)': each((net, x) => net.mul(net.unary('Log', x), Math.LOG10E)),
  'sqrt(Tensor self)': operator('Sqrt'),
  'rsqrt(Tensor self)': each((net, x) => net.unary('Reciprocal', net.unary('Sqrt', x))),
  'reciprocal(Tensor self)': operator('Reciprocal'),
  'square(Tensor self)': each((net, x) => net.mul(x, x)),
  'erf(Tensor self)': operator('Erf'),
  'sin(Tensor self)': operator('Sin'),
  'cos(Tensor self)': operator('Cos'),
  'tan(Tensor self)': operator('Tan'),
  'asin(Tensor self)': operator('Asin'),
  'acos(Tensor self)': operator('Acos'),
  'atan(Tensor self)': operator('Atan'),
  'sinh(Tensor self)': operator('Sinh'),
  'cosh(Tensor self)': operator('Cosh'),
  'abs(Tensor self)': same('Abs'),
  'neg(Tensor self)': same('Neg'),
  'sign(Tensor self)': same('Sign'),
  'floor(Tensor self)': rounding('Floor'),
  'ceil(Tensor self)': rounding('Ceil'),
  'round(Tensor self)': rounding('Round'),
  'trunc(Tensor self)': (call) => {
    const x = call.datum('self');
    if (x.type !== 'float32') return x;
    const { net } = call;
    return madeDatum(net.mul(net.unary('Sign', x.tensor), net.unary('Floor', net.unary('Abs', x.tensor))));
  },
  'logical_not(Tensor self)': not,
  'bitwise_not(Tensor self)': (call) => {
    if (call.datum('self').type !== 'bool') throw call.refuse('it takes integers');
    return not(call);
  },
  'isnan(Tensor self)': isOf('IsNaN'),
  'isinf(Tensor self)': isOf('IsInf'),
};
