import { attr, type TfValue } from '../../../../formats/tensorflow/index.ts';
import type { OperatorFamily, Translation } from '../../call/index.ts';
import type { TfOps } from '../../ops/index.ts';

/** A vector is a row on the left of a product, and a column on its right. */
const matMul: Translation = (call, tf) => {
  const [a, b] = [call.input(0), call.input(1)];
  const [left, right] = [call.rankOf(a), call.rankOf(b)];
  if (left === 0 || right === 0) throw call.broken('multiplies a number that is not a matrix');
  const product = tf.matmul(left === 1 ? tf.expandDims(a, 0) : a, right === 1 ? tf.expandDims(b, 1) : b);
  const axes = [...(left === 1 ? [-2] : []), ...(right === 1 ? [-1] : [])];
  return axes.length === 0 ? product : tf.squeeze(product, axes);
};

const gemm: Translation = (call, tf) => {
  const [a, b, c] = [call.input(0), call.input(1), call.optional(2)];
  if (call.rankOf(a) !== 2 || call.rankOf(b) !== 2) throw call.broken('multiplies what are not matrices');
  const turned = { a: call.integer('transA', 0) === 1, b: call.integer('transB', 0) === 1 };
  const product = scaled(tf, tf.matmul(a, b, turned), call.number('alpha', 1));
  return c === undefined ? product : tf.add(product, scaled(tf, c, call.number('beta', 1)));
};

function scaled(tf: TfOps, x: TfValue, factor: number): TfValue {
  return factor === 1 ? x : tf.mul(x, tf.number(factor, x.type));
}

const einsum: Translation = (call, tf) => {
  const values = call.all();
  const equation = call.text('equation', '').replaceAll(' ', '');
  if (!/^[A-Za-z.,]+(?:->[A-Za-z.]*)?$/.test(equation)) throw call.broken('has an equation that is not one');
  const type = values[0]?.type ?? 'float32';
  const [, explicit] = equation.split('->');
  if (explicit === undefined) throw call.refuse('its equation does not say what its result is');
  const shape = equation.includes('.') ? undefined : Array.from(explicit, () => undefined);
  return tf.graph.op(
    'Einsum',
    values,
    { type, shape },
    {
      N: attr.int(values.length),
      T: attr.type(type),
      equation: attr.text(equation),
    },
  );
};

export const MATRIX: OperatorFamily = { MatMul: matMul, Gemm: gemm, Einsum: einsum };
