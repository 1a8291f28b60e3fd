import { attr, type TfValue, tfStrings, tfTensor } from '../../../../formats/tensorflow/index.ts';
import type { OperatorCall, OperatorFamily, Translation } from '../../call/index.ts';
import type { TfOps } from '../../ops/index.ts';
import { termCounts } from './terms.ts';

const UTF8 = new TextEncoder();
/** Each element is compared with each key. */
const MAX_KEYS = 100_000;

/** A table: an element becomes the value beside the key that it equals, and the default without one. */
const labelEncoder: Translation = (call, tf) => {
  call.only(
    'keys_strings',
    'keys_int64s',
    'values_int64s',
    'values_strings',
    'values_floats',
    'default_int64',
    'default_string',
    'default_float',
  );
  const x = call.input(0);
  const { value: keys, count } = keysOf(call, tf);
  call.expect(x, keys.type);
  if (count === 0 || count > MAX_KEYS) throw call.refuse(`its table has ${count} keys, of at most ${MAX_KEYS}`);
  const { value: table, size, fallback } = valuesOf(call, tf);
  if (size !== count) throw call.broken(`has ${size} values for ${count} keys`);
  const equal = tf.compare('Equal', tf.expandDims(x, -1), keys);
  const place = tf.graph.op(
    'ArgMax',
    [tf.cast(equal, 'int32'), tf.int32s([-1], [])],
    { type: 'int64', shape: x.shape },
    { T: attr.type('int32'), Tidx: attr.type('int32'), output_type: attr.type('int64') },
  );
  const found = tf.graph.op(
    'Any',
    [equal, tf.int32s([-1])],
    { type: 'bool', shape: x.shape },
    { keep_dims: attr.bool(false), Tidx: attr.type('int32') },
  );
  return tf.select(found, tf.gather(table, place, 0), fallback);
};

function keysOf(call: OperatorCall, tf: TfOps): { readonly value: TfValue; readonly count: number } {
  const texts = call.attribute('keys_strings', 'strings');
  if (texts !== undefined) return { value: tf.graph.constant(tfStrings(texts, [texts.length])), count: texts.length };
  const integers = call.attribute('keys_int64s', 'ints');
  if (integers === undefined) throw call.refuse('its keys are neither texts nor integers');
  return { value: tf.graph.constant(tfTensor('int64', integers, [integers.length])), count: integers.length };
}

function valuesOf(call: OperatorCall, tf: TfOps): { value: TfValue; size: number; fallback: TfValue } {
  const texts = call.attribute('values_strings', 'strings');
  if (texts !== undefined) {
    const fallback = call.attribute('default_string', 'string') ?? UTF8.encode('_Unused');
    return {
      value: tf.graph.constant(tfStrings(texts, [texts.length])),
      size: texts.length,
      fallback: tf.graph.constant(tfStrings([fallback], [])),
    };
  }
  const integers = call.attribute('values_int64s', 'ints');
  if (integers !== undefined)
    return {
      value: tf.graph.constant(tfTensor('int64', integers, [integers.length])),
      size: integers.length,
      fallback: tf.int64s([call.integer('default_int64', -1)], []),
    };
  const floats = call.attribute('values_floats', 'floats');
  if (floats === undefined) throw call.broken('has no values');
  return {
    value: tf.graph.constant(tfTensor('float32', floats, [floats.length])),
    size: floats.length,
    fallback: tf.number(call.number('default_float', -0), 'float32'),
  };
}

export const LOOKUP: OperatorFamily = { 'ai.onnx.ml.LabelEncoder': labelEncoder, TfIdfVectorizer: termCounts };
