import { addLoop, tfStrings, tfTensor } from '../../../../formats/tensorflow/index.ts';
import type { Translation } from '../../call/index.ts';

/**
 * How often each term of a vocabulary stands in a row of terms. The places of the rows are gone through one after the other, so that
 * there are never more numbers than the result has.
 */
export const termCounts: Translation = (call, tf) => {
  const x = call.input(0);
  const pool = call.attribute('pool_strings', 'strings');
  const plain =
    call.text('mode', '') === 'TF' &&
    call.integer('min_gram_length', 0) === 1 &&
    call.integer('max_gram_length', 0) === 1 &&
    call.attribute('weights', 'floats') === undefined;
  if (pool === undefined || !plain) throw call.refuse('it counts more than single texts');
  const places = call.integers('ngram_indexes') ?? [];
  if (places.length !== pool.length || places.some((place, index) => place !== index))
    throw call.refuse('its terms are not in the order of its result');
  if (new Set(pool.map((term) => Buffer.from(term).toString('latin1'))).size !== pool.length)
    throw call.broken('has a term twice');
  call.expect(x, 'string');
  if (call.rankOf(x) !== 2) throw call.refuse('it is not given rows of terms');
  const rows = tf.slice(tf.shapeOf(x), [0], [1]);
  const zero = tf.graph.constant(tfTensor('float32', Float32Array.of(0), []));
  const start = tf.broadcastTo(zero, tf.concat([rows, tf.int64s([pool.length])], 0));
  const terms = tf.graph.constant(tfStrings(pool, [pool.length]));
  const length = tf.sizeOf(x, 1);
  const [, counts] = addLoop(tf.graph, {
    start: [
      { value: tf.int64s([0], []), each: { type: 'int64', shape: [] } },
      { value: start, each: { type: 'float32', shape: [undefined, pool.length] } },
    ],
    around: [x, terms, length],
    condition: ([place = start], around) => tf.compare('Less', place, around.get(length) ?? length),
    body: ([place = start, sums = start], around) => {
      const column = tf.expandDims(tf.gather(around.get(x) ?? x, place, 1), 1);
      const equal = tf.compare('Equal', column, around.get(terms) ?? terms);
      return [tf.add(place, tf.int64s([1], [])), tf.add(sums, tf.cast(equal, 'float32'))];
    },
  });
  return counts ?? start;
};
