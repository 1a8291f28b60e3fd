import { addChoice } from '../../../../formats/tensorflow/index.ts';
import type { InnerGraph, OperatorCall, Translation } from '../../call/index.ts';

/** One of two graphs, by a condition of one element. */
export const tfChoice: Translation = (call, tf) => {
  const [yes, no] = [call.inner('then_branch'), call.inner('else_branch')];
  const given = call.input(0);
  call.expect(given, 'bool');
  for (const side of [yes, no]) checkSide(call, side);
  return addChoice(tf.graph, {
    condition: tf.reshape(given, tf.int64s([], [0])),
    around: [...new Set([...yes.around, ...no.around])],
    yes: (around) => yes.translate([], around),
    no: (around) => no.translate([], around),
  });
};

function checkSide(call: OperatorCall, { inputs, outputs }: InnerGraph): void {
  if (inputs.length > 0) throw call.broken('has a side with inputs');
  if (outputs.length !== call.node.outputs.length)
    throw call.broken(`has a side that gives ${outputs.length} values, and ${call.node.outputs.length} results`);
}
