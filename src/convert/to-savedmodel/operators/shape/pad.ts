import type { TfValue } from '../../../../formats/tensorflow/index.ts';
import type { OperatorCall, Translation } from '../../call/index.ts';
import { axesFrom, type TfOps } from '../../ops/index.ts';
import { mirrored, type PadAmounts, padWith } from '../padding/index.ts';

export const tfPad: Translation = (call, tf) => {
  const x = call.input(0);
  const rank = call.rankOf(x);
  const pads = call.known(1, tf);
  const axes = (call.knownIfGiven(3, tf) ?? axesFrom(0, rank)).map((axis) => call.axis(x, axis));
  if (pads.length !== 2 * axes.length) throw call.broken(`has ${pads.length} sizes for ${axes.length} axes`);
  const sizes = axesFrom(0, rank).map((axis): readonly [number, number] => {
    const at = axes.indexOf(axis);
    return at < 0 ? [0, 0] : [pads[at] ?? 0, pads[at + axes.length] ?? 0];
  });
  if (sizes.flat().some((size) => size < 0)) throw call.refuse('it cuts off what it should pad');
  return padded(call, tf, x, sizes);
};

function padded(call: OperatorCall, tf: TfOps, x: TfValue, sizes: PadAmounts): TfValue {
  const mode = call.text('mode', 'constant');
  const fill = call.optional(2);
  switch (mode) {
    case 'constant':
      return padWith(tf, x, sizes, fill === undefined ? undefined : tf.reshape(fill, tf.int64s([], [0])));
    case 'reflect':
      return mirrored(tf, x, sizes);
    default:
      throw call.refuse(`its mode is ${mode}`);
  }
}
