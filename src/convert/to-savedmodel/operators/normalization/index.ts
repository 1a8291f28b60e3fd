import type { TfValue } from '../../../../formats/tensorflow/index.ts';
import type { OperatorFamily, Translation } from '../../call/index.ts';
import { axesFrom, type TfOps } from '../../ops/index.ts';

/** A scale and a shift for each channel, computed from constants. Images stay as they lie. */
const batchNormalization: Translation = (call, tf) => {
  const x = call.input(0);
  if (call.integer('training_mode', 0) === 1 || call.gives(1)) throw call.refuse('it trains');
  const [scale, bias, mean, variance] = [1, 2, 3, 4].map((index) => call.input(index));
  if (scale === undefined || bias === undefined || mean === undefined || variance === undefined)
    throw call.broken('has no statistics');
  const rank = call.rankOf(x);
  const epsilon = tf.number(call.number('epsilon', 1e-5), variance.type);
  const factor = tf.mul(scale, tf.unary('Rsqrt', tf.add(variance, epsilon)));
  const shift = tf.sub(bias, tf.mul(mean, factor));
  if (rank <= 2) return tf.add(tf.mul(x, factor), shift);
  const last = tf.channelsLast(x, rank);
  return tf.channelsSecond(tf.add(tf.mul(last, factor), shift), rank);
};

/** `(x - mean) / sqrt(variance + epsilon)` over some axes. */
function standardized(tf: TfOps, x: TfValue, axes: readonly number[], epsilon: number) {
  const mean = tf.reduce('Mean', x, axes, true);
  const centred = tf.sub(x, mean);
  const variance = tf.reduce('Mean', tf.mul(centred, centred), axes, true);
  const inverse = tf.unary('Rsqrt', tf.add(variance, tf.number(epsilon, x.type)));
  return { value: tf.mul(centred, inverse), mean, inverse };
}

const layerNormalization: Translation = (call, tf) => {
  const x = call.input(0);
  const rank = call.rankOf(x);
  const axes = axesFrom(call.axis(x, call.integer('axis', -1)), rank);
  if (call.integer('stash_type', 1) !== 1) throw call.refuse('it computes in another type than float32');
  const wide = x.type === 'float64' ? x : tf.cast(x, 'float32');
  const { value, mean, inverse } = standardized(tf, wide, axes, call.number('epsilon', 1e-5));
  const scaled = tf.mul(tf.cast(value, x.type), call.input(1));
  const bias = call.optional(2);
  return [bias === undefined ? scaled : tf.add(scaled, bias), mean, inverse];
};

/** One vector of scales for each channel of [N, C, sizes...]. */
function perChannel(tf: TfOps, vector: TfValue, rank: number): TfValue {
  return tf.reshape(vector, tf.int64s([-1, ...Array<number>(rank - 2).fill(1)]));
}

const instanceNormalization: Translation = (call, tf) => {
  const x = call.input(0);
  const rank = call.rankOf(x);
  if (rank < 3) throw call.broken('is not given images');
  const { value } = standardized(tf, x, axesFrom(2, rank), call.number('epsilon', 1e-5));
  return tf.add(tf.mul(value, perChannel(tf, call.input(1), rank)), perChannel(tf, call.input(2), rank));
};

const lpNormalization: Translation = (call, tf) => {
  const x = call.input(0);
  const axis = call.axis(x, call.integer('axis', -1));
  const power = call.integer('p', 2);
  if (power !== 1 && power !== 2) throw call.broken(`has the norm ${power}`);
  const size =
    power === 1
      ? tf.reduce('Sum', tf.unary('Abs', x), [axis], true)
      : tf.unary('Sqrt', tf.reduce('Sum', tf.mul(x, x), [axis], true));
  const zero = tf.number(0, x.type);
  return tf.select(tf.compare('Equal', size, zero), zero, tf.div(x, size));
};

export const NORMALIZATION: OperatorFamily = {
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  InstanceNormalization: instanceNormalization,
  LpNormalization: lpNormalization,
};
