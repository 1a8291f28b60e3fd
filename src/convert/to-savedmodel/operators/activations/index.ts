import { attr, type TfValue } from '../../../../formats/tensorflow/index.ts';
import type { OperatorCall, OperatorFamily, Translation } from '../../call/index.ts';
import type { TfOps } from '../../ops/index.ts';

function unary(op: string): Translation {
  return (call, tf) => tf.unary(op, call.input(0));
}

/** `x` where it is positive, and something else elsewhere. */
function aboveZero(other: (call: OperatorCall, tf: TfOps, x: TfValue) => TfValue): Translation {
  return (call, tf) => {
    const x = call.input(0);
    return tf.select(tf.compare('Less', x, tf.number(0, x.type)), other(call, tf, x), x);
  };
}

/** exp(x) - 1, exactly near 0. */
function expm1(tf: TfOps, x: TfValue): TfValue {
  return tf.unary('Expm1', x);
}

function scaled(tf: TfOps, x: TfValue, factor: number): TfValue {
  return factor === 1 ? x : tf.mul(x, tf.number(factor, x.type));
}

const selu: Translation = (call, tf) => {
  const x = call.input(0);
  const [alpha, gamma] = [call.number('alpha', 1.6732631921768188), call.number('gamma', 1.0507010221481323)];
  const below = scaled(tf, expm1(tf, x), alpha);
  return scaled(tf, tf.select(tf.compare('Less', x, tf.number(0, x.type)), below, x), gamma);
};

function bounded(tf: TfOps, x: TfValue): TfValue {
  const [zero, one] = [tf.number(0, x.type), tf.number(1, x.type)];
  const above = tf.select(tf.compare('Less', x, zero), zero, x);
  return tf.select(tf.compare('Greater', above, one), one, above);
}

function hardSigmoid(tf: TfOps, x: TfValue, alpha: number, beta: number): TfValue {
  return bounded(tf, tf.add(scaled(tf, x, alpha), tf.number(beta, x.type)));
}

const gelu: Translation = (call, tf) => {
  const x = call.input(0);
  const number = (value: number) => tf.number(value, x.type);
  const half = tf.mul(number(0.5), x);
  if (call.text('approximate', 'none') === 'none')
    return tf.mul(half, tf.add(number(1), tf.unary('Erf', tf.mul(x, number(Math.SQRT1_2)))));
  const cubed = tf.mul(number(0.044715), tf.mul(x, tf.mul(x, x)));
  const inner = tf.mul(number(Math.sqrt(2 / Math.PI)), tf.add(x, cubed));
  return tf.mul(half, tf.add(number(1), tf.unary('Tanh', inner)));
};

/** TensorFlow's own operation takes the last axis; along another one the same is computed step by step. */
function softmax(logarithm: boolean): Translation {
  return (call, tf) => {
    const x = call.input(0);
    const axis = call.axis(x, call.integer('axis', -1));
    if (axis === -1 || axis === (x.shape?.length ?? 0) - 1)
      return tf.graph.op(logarithm ? 'LogSoftmax' : 'Softmax', [x], x, { T: attr.type(x.type) });
    const shifted = tf.sub(x, tf.reduce('Max', x, [axis], true));
    const powers = tf.unary('Exp', shifted);
    const sum = tf.reduce('Sum', powers, [axis], true);
    return logarithm ? tf.sub(shifted, tf.unary('Log', sum)) : tf.div(powers, sum);
  };
}

export const ACTIVATIONS: OperatorFamily = {
  Relu: unary('Relu'),
  Sigmoid: unary('Sigmoid'),
  Tanh: unary('Tanh'),
  Softplus: unary('Softplus'),
  Softsign: unary('Softsign'),
  LeakyRelu: (call, tf) => tf.unary('LeakyRelu', call.input(0), { alpha: attr.float(call.number('alpha', 0.01)) }),
  PRelu: aboveZero((call, tf, x) => tf.mul(x, call.input(1))),
  Elu: aboveZero((call, tf, x) => scaled(tf, expm1(tf, x), call.number('alpha', 1))),
  Celu: aboveZero((call, tf, x) => {
    const alpha = call.number('alpha', 1);
    return scaled(tf, expm1(tf, scaled(tf, x, 1 / alpha)), alpha);
  }),
  Selu: selu,
  ThresholdedRelu: (call, tf) => {
    const x = call.input(0);
    const above = tf.compare('Greater', x, tf.number(call.number('alpha', 1), x.type));
    return tf.select(above, x, tf.number(0, x.type));
  },
  HardSigmoid: (call, tf) => hardSigmoid(tf, call.input(0), call.number('alpha', 0.2), call.number('beta', 0.5)),
  HardSwish: (call, tf) => tf.mul(call.input(0), hardSigmoid(tf, call.input(0), 1 / 6, 0.5)),
  Mish: (call, tf) => tf.mul(call.input(0), tf.unary('Tanh', tf.unary('Softplus', call.input(0)))),
  Gelu: gelu,
  Softmax: softmax(false),
  LogSoftmax: softmax(true),
};
