import { attr } from '../../../../formats/tensorflow/index.ts';
import type { Translation } from '../../call/index.ts';

/** Divides each number by a power of the squares of its neighbours in other channels. ONNX takes the mean of them, TensorFlow the sum. */
export const responseNormalization: Translation = (call, tf) => {
  call.only('alpha', 'beta', 'bias', 'size');
  const x = call.input(0);
  const size = call.integer('size', 0);
  if (size < 1) throw call.broken(`takes ${size} neighbours`);
  if (size % 2 === 0) throw call.refuse(`it takes ${size} neighbours, of which TensorFlow has as many on both sides`);
  if (call.rankOf(x) !== 4) throw call.refuse('it is not given images');
  call.expect(x, 'float32');
  const last = tf.channelsLast(x, 4);
  const result = tf.graph.op('LRN', [last], last, {
    T: attr.type('float32'),
    depth_radius: attr.int((size - 1) / 2),
    bias: attr.float(call.number('bias', 1)),
    alpha: attr.float(call.number('alpha', 1e-4) / size),
    beta: attr.float(call.number('beta', 0.75)),
  });
  return tf.channelsSecond(result, 4);
};
