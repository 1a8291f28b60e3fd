import {
  type Activation,
  activate,
  type CompareOperator,
  type Elementwise,
  type GraphTensor,
  logSoftmax,
  type Network,
  reshape,
  softmax,
} from '../../network/index.ts';
import { type Lowering, made, type OperationCall, type OperationFamily } from '../graph/index.ts';
import { appliedEach, combined, folded, integersValue } from './combine.ts';

type Each = (net: Network, x: GraphTensor, call: OperationCall) => GraphTensor;

function each(apply: Each): Lowering {
  return (call) => appliedEach(call.net, call.input(0), (x) => apply(call.net, x, call));
}

function operator(op: string): Lowering {
  return each((net, x) => net.unary(op, x));
}

function activation(of: Activation | ((call: OperationCall) => Activation)): Lowering {
  return each((net, x, call) => activate(net, x, typeof of === 'function' ? of(call) : of));
}

/** An operator of two values; integers that are known stay so. */
function pair(op: Elementwise, fold?: (a: number, b: number) => number): Lowering {
  return (call) => {
    const [a, b] = [call.input(0), call.input(1)];
    const make = () => combined(call.net, a, b, (left, right) => call.net.binary(op, left, right));
    const known = a.type === 'int64' && fold !== undefined ? folded(a, b, fold) : undefined;
    if (known === undefined) return make();
    const shape = a.shape.length >= b.shape.length ? a.shape : b.shape;
    return integersValue(call.net, shape, known, () => make().tensor);
  };
}

function compare(op: CompareOperator): Lowering {
  return (call) => combined(call.net, call.input(0), call.input(1), (a, b) => call.net.compare(op, a, b));
}

function negated(lowering: Lowering): Lowering {
  return (call) => {
    const result = lowering(call);
    if (Array.isArray(result) || !('tensor' in result)) throw call.refuse('it compares no values');
    return made(call.net.unary('Not', result.tensor));
  };
}

/** Quotients of integers are cut towards minus infinity. */
const floorDiv: Lowering = (call) => {
  const [a, b] = [call.input(0), call.input(1)];
  const make = () => {
    if (a.type !== 'int64') return combined(call.net, a, b, (x, y) => call.net.unary('Floor', call.net.div(x, y)));
    return combined(call.net, a, b, (x, y) => {
      const rest = call.net.op('Mod', [x, y], call.net.binary('Add', x, y));
      return call.net.binary('Div', call.net.sub(x, rest), y);
    });
  };
  const known = a.type === 'int64' ? folded(a, b, (x, y) => (y === 0 ? Number.NaN : Math.floor(x / y))) : undefined;
  return known === undefined ? make() : integersValue(call.net, a.shape, known, () => make().tensor);
};

const floorMod: Lowering = (call) =>
  combined(call.net, call.input(0), call.input(1), (x, y) => {
    const { net } = call;
    if (x.type === 'int64') return net.op('Mod', [x, y], net.binary('Add', x, y));
    return net.sub(x, net.mul(net.unary('Floor', net.div(x, y)), y));
  });

const realDiv: Lowering = (call) => {
  if (call.input(0).type === 'int64') throw call.refuse('it divides integers');
  return combined(call.net, call.input(0), call.input(1), (a, b) => call.net.div(a, b));
};

const divNoNan: Lowering = (call) =>
  combined(call.net, call.input(0), call.input(1), (a, b) => {
    const { net } = call;
    const zero = net.compare('Equal', b, net.real(0));
    return net.where(zero, net.real(0), net.div(a, net.where(zero, net.real(1), b)));
  });

const select: Lowering = (call) => {
  const [condition, yes, no] = [call.input(0), call.input(1), call.input(2)];
  return made(call.net.where(condition.tensor, yes.tensor, no.tensor));
};

/** The condition of the first version is one for each row, or for each element. */
const selectRows: Lowering = (call) => {
  const { net } = call;
  const [condition, yes, no] = [call.input(0), call.input(1), call.input(2)];
  const rank = yes.shape.length;
  if (condition.shape.length !== 1 || rank === 1) return select(call);
  const ones = Array<number>(rank - 1).fill(1);
  return made(net.where(reshape(net, condition.tensor, [undefined, ...ones]), yes.tensor, no.tensor));
};

const addN: Lowering = (call) => {
  const [first, ...others] = call.inputs(0);
  if (first === undefined) throw call.broken('adds nothing');
  return others.reduce((sum, one) => combined(call.net, sum, one, (a, b) => call.net.add(a, b)), first);
};

/** A vector for the channels, which are the last axis, or the second. */
const biasAdd: Lowering = (call) => {
  const [x, bias] = [call.input(0), call.input(1)];
  const { net } = call;
  if (call.text('data_format', 'NHWC') !== 'NCHW') return combined(net, x, bias, (a, b) => net.add(a, b));
  const ones = Array<number>(Math.max(0, x.shape.length - 2)).fill(1);
  return made(net.add(x.tensor, reshape(net, bias.tensor, [bias.shape[0], ...ones])));
};

const cast: Lowering = (call) => {
  const x = call.input(0);
  const type = call.typeOf('DstT', 'float32');
  const from = call.attribute('SrcT', 'type')?.value;
  if (
    type === 'int64' &&
    (from === 'float64' || from === 'float32') &&
    call.attribute('DstT', 'type')?.value === 'uint8'
  )
    throw call.refuse('it makes bytes of floating-point numbers');
  if (x.type === type) return x;
  if (x.known !== undefined && type === 'float32') return made(call.net.cast(x.tensor, type));
  return appliedEach(call.net, x, (value) => call.net.cast(value, type));
};

const softmaxOf =
  (apply: typeof softmax): Lowering =>
  (call) => {
    const { tensor } = call.input(0);
    return made(apply(call.net, tensor, -1));
  };

export const ELEMENTWISE: OperationFamily = {
  Add: pair('Add', (a, b) => a + b),
  AddV2: pair('Add', (a, b) => a + b),
  Sub: pair('Sub', (a, b) => a - b),
  Mul: pair('Mul', (a, b) => a * b),
  Maximum: pair('Max', Math.max),
  Minimum: pair('Min', Math.min),
  Pow: pair('Pow'),
  RealDiv: realDiv,
  Div: realDiv,
  DivNoNan: divNoNan,
  FloorDiv: floorDiv,
  FloorMod: floorMod,
  SquaredDifference: (call) =>
    combined(call.net, call.input(0), call.input(1), (a, b) => {
      const difference = call.net.sub(a, b);
      return call.net.mul(difference, difference);
    }),
  AddN: addN,
  BiasAdd: biasAdd,
  Equal: compare('Equal'),
  NotEqual: negated(compare('Equal')),
  Greater: compare('Greater'),
  GreaterEqual: compare('GreaterOrEqual'),
  Less: compare('Less'),
  LessEqual: compare('LessOrEqual'),
  LogicalAnd: compare('And'),
  LogicalOr: compare('Or'),
  LogicalNot: each((net, x) => net.unary('Not', x)),
  Select: selectRows,
  SelectV2: select,
  Cast: cast,
  Neg: operator('Neg'),
  Abs: operator('Abs'),
  Exp: operator('Exp'),
  Log: operator('Log'),
  Sqrt: operator('Sqrt'),
  Sign: operator('Sign'),
  Floor: operator('Floor'),
  Ceil: operator('Ceil'),
  Round: operator('Round'),
  Rint: operator('Round'),
  Sin: operator('Sin'),
  Cos: operator('Cos'),
  Tan: operator('Tan'),
  Asin: operator('Asin'),
  Acos: operator('Acos'),
  Atan: operator('Atan'),
  Sinh: operator('Sinh'),
  Cosh: operator('Cosh'),
  Asinh: operator('Asinh'),
  Acosh: operator('Acosh'),
  Atanh: operator('Atanh'),
  Erf: operator('Erf'),
  Reciprocal: operator('Reciprocal'),
  Inv: operator('Reciprocal'),
  Square: each((net, x) => net.mul(x, x)),
  Rsqrt: each((net, x) => net.unary('Reciprocal', net.unary('Sqrt', x))),
  Erfc: each((net, x) => net.sub(net.real(1), net.unary('Erf', x))),
  Expm1: each((net, x) => net.sub(net.unary('Exp', x), 1)),
  Log1p: each((net, x) => net.unary('Log', net.add(x, 1))),
  IsNan: each((net, x) => net.op('IsNaN', [x], { type: 'bool', shape: x.shape })),
  IsInf: each((net, x) => net.op('IsInf', [x], { type: 'bool', shape: x.shape })),
  Tanh: activation({ kind: 'tanh' }),
  Sigmoid: activation({ kind: 'sigmoid' }),
  Softplus: operator('Softplus'),
  Softsign: activation({ kind: 'softsign' }),
  Relu: activation({ kind: 'relu' }),
  Relu6: activation({ kind: 'relu6' }),
  LeakyRelu: activation((call) => ({ kind: 'leaky-relu', slope: call.number('alpha', 0.2) })),
  Elu: activation({ kind: 'elu', alpha: 1 }),
  Selu: activation({ kind: 'selu' }),
  Softmax: softmaxOf(softmax),
  LogSoftmax: softmaxOf(logSoftmax),
};
