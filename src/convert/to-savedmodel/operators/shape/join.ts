import { attr } from '../../../../formats/tensorflow/index.ts';
import type { Translation } from '../../call/index.ts';
import { axesFrom, withSize } from '../../ops/index.ts';

export const tfConcat: Translation = (call, tf) => {
  const parts = call.all();
  return tf.concat(parts, call.axis(call.input(0), call.integer('axis', 0)));
};

export const tfSplit: Translation = (call, tf) => {
  const x = call.input(0);
  const axis = call.axis(x, call.integer('axis', 0));
  const count = call.node.outputs.length;
  const size = x.shape?.[axis];
  const sizes = call.knownIfGiven(1, tf) ?? equalSizes(size, count);
  if (sizes === undefined) throw call.refuse('the size of what it splits is not known');
  if (sizes.length !== count) throw call.broken(`has ${sizes.length} sizes for ${count} results`);
  return tf.graph.ops(
    'SplitV',
    [x, tf.int64s(sizes), tf.int32s([axis], [])],
    sizes.map((one) => ({ type: x.type, shape: withSize(x.shape, axis, one) })),
    { T: attr.type(x.type), Tlen: attr.type('int64'), num_split: attr.int(count) },
  );
};

/** Parts of one size, but for the last one, which may be smaller. */
function equalSizes(size: number | undefined, count: number): readonly number[] | undefined {
  if (size === undefined) return undefined;
  const each = Math.ceil(size / count);
  return axesFrom(0, count).map((index) => Math.max(0, Math.min(each, size - index * each)));
}

export const tile: Translation = (call, tf) => {
  const [x, repeats] = [call.input(0), call.input(1)];
  const known = tf.knownIntegers(repeats);
  const shape = x.shape?.map((size, axis) => {
    const times = known?.[axis];
    return size === undefined || times === undefined ? undefined : size * times;
  });
  return tf.graph.op(
    'Tile',
    [x, repeats],
    { type: x.type, shape },
    {
      T: attr.type(x.type),
      Tmultiples: attr.type(repeats.type),
    },
  );
};
