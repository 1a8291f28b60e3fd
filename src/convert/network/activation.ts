import { axisOf, slice } from './layout.ts';
import type { Network } from './network.ts';
import type { GraphTensor } from './shape.ts';

/** Functions of one element that have no parameters. */
export type PlainActivation =
  | 'identity'
  | 'relu'
  | 'relu6'
  | 'relu-squared'
  | 'selu'
  | 'gelu'
  | 'gelu-tanh'
  | 'gelu-quick'
  | 'silu'
  | 'mish'
  | 'hard-swish'
  | 'sigmoid'
  | 'log-sigmoid'
  | 'tanh'
  | 'tanh-shrink'
  | 'softsign'
  | 'exponential';

/** Functions of one element. */
export type Activation =
  | { readonly kind: PlainActivation }
  | { readonly kind: 'leaky-relu'; readonly slope: number }
  | { readonly kind: 'elu' | 'celu'; readonly alpha: number }
  | { readonly kind: 'hard-sigmoid'; readonly slope: number; readonly offset: number }
  | { readonly kind: 'clip'; readonly low: number; readonly high: number }
  /** `log(1 + exp(beta x)) / beta`. */
  | { readonly kind: 'softplus'; readonly beta: number }
  | { readonly kind: 'soft-shrink' | 'hard-shrink'; readonly bound: number }
  /** `value` where the input is not above the bound. */
  | { readonly kind: 'threshold'; readonly bound: number; readonly value: number };

export function activate(net: Network, x: GraphTensor, activation: Activation): GraphTensor {
  switch (activation.kind) {
    case 'identity':
      return x;
    case 'relu':
      return net.unary('Relu', x);
    case 'relu6':
      return clip(net, x, 0, 6);
    case 'relu-squared': {
      const positive = net.unary('Relu', x);
      return net.mul(positive, positive);
    }
    case 'leaky-relu':
      return net.binary('Add', net.unary('Relu', x), net.mul(net.binary('Min', x, net.real(0)), activation.slope));
    case 'selu':
      return net.unary('Selu', x);
    case 'elu':
      return elu(net, x, activation.alpha, 1);
    case 'celu':
      return elu(net, x, activation.alpha, activation.alpha);
    case 'gelu':
      return net.mul(net.mul(x, net.add(net.unary('Erf', net.mul(x, Math.SQRT1_2)), 1)), 0.5);
    case 'gelu-tanh': {
      const cube = net.mul(net.mul(net.mul(x, x), x), 0.044715);
      const inner = net.mul(net.add(x, cube), Math.sqrt(2 / Math.PI));
      return net.mul(net.mul(x, net.add(net.unary('Tanh', inner), 1)), 0.5);
    }
    case 'gelu-quick':
      return net.mul(x, net.unary('Sigmoid', net.mul(x, 1.702)));
    case 'silu':
      return net.mul(x, net.unary('Sigmoid', x));
    case 'mish':
      return net.mul(x, net.unary('Tanh', net.unary('Softplus', x)));
    case 'hard-swish':
      return net.mul(x, hardSigmoid(net, x, 1 / 6, 0.5));
    case 'sigmoid':
      return net.unary('Sigmoid', x);
    case 'log-sigmoid':
      return net.unary('Neg', net.unary('Softplus', net.unary('Neg', x)));
    case 'tanh':
      return net.unary('Tanh', x);
    case 'tanh-shrink':
      return net.sub(x, net.unary('Tanh', x));
    case 'softsign':
      return net.unary('Softsign', x);
    case 'exponential':
      return net.unary('Exp', x);
    case 'hard-sigmoid':
      return hardSigmoid(net, x, activation.slope, activation.offset);
    case 'clip':
      return clip(net, x, activation.low, activation.high);
    case 'softplus':
      return net.div(net.unary('Softplus', net.mul(x, activation.beta)), activation.beta);
    case 'soft-shrink': {
      const { bound } = activation;
      const above = net.unary('Relu', net.sub(x, bound));
      return net.sub(above, net.unary('Relu', net.sub(net.unary('Neg', x), bound)));
    }
    case 'hard-shrink': {
      const within = net.compare('LessOrEqual', net.unary('Abs', x), net.real(activation.bound));
      return net.where(within, net.real(0), x);
    }
    case 'threshold':
      return net.where(net.compare('Greater', x, net.real(activation.bound)), x, net.real(activation.value));
  }
}

function clip(net: Network, x: GraphTensor, low: number, high: number): GraphTensor {
  if (!(low <= high)) throw net.broken(`the bounds ${low} and ${high} are in the wrong order`);
  return net.op('Clip', [x, net.real(low), net.real(high)], x);
}

function hardSigmoid(net: Network, x: GraphTensor, slope: number, offset: number): GraphTensor {
  return clip(net, net.add(net.mul(x, slope), offset), 0, 1);
}

/** `x` above 0, and `scale * (exp(x / width) - 1)` below it. */
function elu(net: Network, x: GraphTensor, scale: number, width: number): GraphTensor {
  const below = net.div(net.binary('Min', x, net.real(0)), width);
  return net.add(net.unary('Relu', x), net.mul(net.sub(net.unary('Exp', below), 1), scale));
}

/** Another slope below 0, one for all channels or one for each. The channels are the second dimension. */
export function prelu(net: Network, x: GraphTensor, slope: GraphTensor): GraphTensor {
  const below = net.binary('Min', x, net.real(0));
  return net.add(net.unary('Relu', x), net.mul(below, slope));
}

export function softmax(net: Network, x: GraphTensor, axis: number): GraphTensor {
  return net.unary('Softmax', x, { axis: axisOf(net, x, axis) });
}

export function logSoftmax(net: Network, x: GraphTensor, axis: number): GraphTensor {
  return net.unary('LogSoftmax', x, { axis: axisOf(net, x, axis) });
}

/** The first half of an axis, by the sigmoid of the second. */
export function gatedLinear(net: Network, x: GraphTensor, axis: number): GraphTensor {
  const at = axisOf(net, x, axis);
  const size = x.shape[at];
  if (typeof size !== 'number' || size % 2 !== 0) throw net.broken(`the size ${size ?? '?'} does not have two halves`);
  return net.mul(slice(net, x, at, 0, size / 2), net.unary('Sigmoid', slice(net, x, at, size / 2, size)));
}
