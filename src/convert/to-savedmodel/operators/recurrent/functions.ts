import type { TfValue } from '../../../../formats/tensorflow/index.ts';
import type { OperatorCall } from '../../call/index.ts';
import type { TfOps } from '../../ops/index.ts';

/** A function of each element, within a loop. */
export type CellFunction = (tf: TfOps, x: TfValue) => TfValue;

const FUNCTIONS: ReadonlyMap<string, CellFunction> = new Map([
  ...['Sigmoid', 'Tanh', 'Relu', 'Softplus', 'Softsign'].map((op): [string, CellFunction] => [
    op,
    (tf, x) => tf.unary(op, x),
  ]),
  ['HardSigmoid', hardSigmoid],
]);

/** 0.2 x + 0.5 between 0 and 1: the numbers that the standard has by default. */
function hardSigmoid(tf: TfOps, x: TfValue): TfValue {
  const number = (value: number) => tf.number(value, x.type);
  const line = tf.add(tf.mul(x, number(0.2)), number(0.5));
  return tf.binary('Minimum', tf.binary('Maximum', line, number(0)), number(1));
}

/** @throws AssayError `unsupported` naming a function that is not translated */
export function functionOf(call: OperatorCall, name: string): CellFunction {
  const known = FUNCTIONS.get(name);
  if (known === undefined) throw call.refuse(`its activation ${JSON.stringify(name.slice(0, 40))} is not known`);
  return known;
}
