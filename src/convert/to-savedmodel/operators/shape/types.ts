import { attr, type TfType } from '../../../../formats/tensorflow/index.ts';
import type { OperatorCall, Translation } from '../../call/index.ts';

/** The numbers of TensorProto.DataType that both formats have. */
const TYPES: ReadonlyMap<number, TfType> = new Map([
  [1, 'float32'],
  [2, 'uint8'],
  [3, 'int8'],
  [4, 'uint16'],
  [5, 'int16'],
  [6, 'int32'],
  [7, 'int64'],
  [8, 'string'],
  [9, 'bool'],
  [10, 'float16'],
  [11, 'float64'],
  [12, 'uint32'],
  [13, 'uint64'],
  [16, 'bfloat16'],
]);

/** @throws AssayError for texts, whose numbers are written in other ways by other runtimes */
function castable(call: OperatorCall, from: TfType, to: TfType): void {
  if (from !== to && (from === 'string' || to === 'string')) throw call.refuse(`it makes ${to} of ${from}`);
}

export const cast: Translation = (call, tf) => {
  const x = call.input(0);
  const to = TYPES.get(call.integer('to', 0));
  if (to === undefined) throw call.refuse(`it casts to type ${call.integer('to', 0)}`);
  castable(call, x.type, to);
  return tf.cast(x, to);
};

export const castLike: Translation = (call, tf) => {
  const [x, like] = [call.input(0), call.input(1)];
  castable(call, x.type, like.type);
  return tf.cast(x, like.type);
};

export const shape: Translation = (call, tf) => {
  const x = call.input(0);
  const sizes = tf.shapeOf(x);
  const [start, end] = [call.integer('start', 0), call.attribute('end', 'int')];
  if (start === 0 && end === undefined) return sizes;
  const rank = call.rankOf(x);
  const place = (at: number) => Math.min(rank, Math.max(0, at < 0 ? at + rank : at));
  const [from, to] = [place(start), end === undefined ? rank : place(call.integer('end', 0))];
  const known = tf.knownIntegers(sizes);
  if (known !== undefined) return tf.int64s(known.slice(from, to));
  const part = tf.slice(sizes, [from], [Math.max(from, to)]);
  const size = x.shape?.slice(from, to);
  if (size?.every((one) => one !== undefined) === true) tf.learnIntegers(part, size);
  return part;
};

export const size: Translation = (call, tf) => {
  const x = call.input(0);
  return tf.graph.op('Size', [x], { type: 'int64', shape: [] }, { T: attr.type(x.type), out_type: attr.type('int64') });
};
