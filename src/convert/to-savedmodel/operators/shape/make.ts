import { attr, type TfValue, tfStrings, tfTensor } from '../../../../formats/tensorflow/index.ts';
import type { Translation } from '../../call/index.ts';

export const constant: Translation = (call, tf) => {
  const tensor = call.attribute('value', 'tensor');
  if (tensor !== undefined) {
    const value = call.constants.value(tensor, tf);
    return value;
  }
  const integer = call.attribute('value_int', 'int');
  if (integer !== undefined) return tf.int64s([call.integer('value_int', 0)], []);
  const integers = call.integers('value_ints');
  if (integers !== undefined) return tf.int64s(integers);
  const number = call.attribute('value_float', 'float');
  if (number !== undefined) return tf.number(number, 'float32');
  const numbers = call.attribute('value_floats', 'floats');
  if (numbers !== undefined) return tf.graph.constant(tfTensor('float32', numbers, [numbers.length]));
  const text = call.attribute('value_string', 'string');
  if (text !== undefined) return tf.graph.constant(tfStrings([text], []));
  const texts = call.attribute('value_strings', 'strings');
  if (texts !== undefined) return tf.graph.constant(tfStrings(texts, [texts.length]));
  throw call.refuse('its value is sparse, or there is none');
};

export const constantOfShape: Translation = (call, tf) => {
  const tensor = call.attribute('value', 'tensor');
  const value = tensor === undefined ? tf.number(0, 'float32') : call.constants.value(tensor, tf);
  return tf.broadcastTo(tf.reshape(value, tf.int64s([], [0])), call.input(0));
};

export const range: Translation = (call, tf) => {
  const parts = [call.input(0), call.input(1), call.input(2)].map((part) => tf.reshape(part, tf.int64s([], [0])));
  const [first] = parts;
  const type = first?.type ?? 'int64';
  return tf.graph.op('Range', parts, { type, shape: [undefined] }, { Tidx: attr.type(type) });
};

/** What lies above or below a diagonal, and zeros elsewhere. */
export const trilu: Translation = (call, tf) => {
  const x = call.input(0);
  const [k = 0] = call.knownIfGiven(1, tf) ?? [];
  const upper = call.integer('upper', 1) === 1;
  const zeros = tf.unary('ZerosLike', x);
  const band = (below: number, above: number): TfValue =>
    tf.graph.op('MatrixBandPart', [x, tf.int64s([below], []), tf.int64s([above], [])], x, {
      T: attr.type(x.type),
      Tindex: attr.type('int64'),
    });
  // A band always has the main diagonal: what starts beyond it is the rest of another band.
  if (upper) return k <= 0 ? band(-k, -1) : tf.select(tf.compare('Equal', mask(-1, k - 1), one()), zeros, x);
  return k >= 0 ? band(-1, k) : tf.select(tf.compare('Equal', mask(-k - 1, -1), one()), zeros, x);

  function mask(below: number, above: number): TfValue {
    const ones = tf.cast(tf.compare('Equal', zeros, zeros), 'int32');
    return tf.graph.op('MatrixBandPart', [ones, tf.int64s([below], []), tf.int64s([above], [])], ones, {
      T: attr.type('int32'),
      Tindex: attr.type('int64'),
    });
  }
  function one(): TfValue {
    return tf.int32s([1], []);
  }
};
