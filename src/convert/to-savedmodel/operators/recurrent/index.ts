import type { TfValue } from '../../../../formats/tensorflow/index.ts';
import type { OperatorCall, OperatorFamily, Translation } from '../../call/index.ts';
import type { TfOps } from '../../ops/index.ts';
import { CELLS, type StepCell } from './cells.ts';
import { type CellFunction, functionOf } from './functions.ts';
import { type StepsResult, type StepWeights, tfSteps } from './steps.ts';

/** Which of the directions go backwards: each has its own weights and functions. */
const DIRECTIONS: ReadonlyMap<string, readonly boolean[]> = new Map([
  ['forward', [false]],
  ['reverse', [true]],
  ['bidirectional', [false, true]],
]);

/** A recurrent layer: a loop over the steps for each direction, whose results stand side by side. */
function recurrent(cell: StepCell): Translation {
  return (call, tf) => {
    call.only(...cell.attributes);
    refuseVariants(call, cell);
    const directions = DIRECTIONS.get(call.text('direction', 'forward'));
    if (directions === undefined) throw call.broken('has a direction that is not one');
    const x = call.input(0);
    call.expect(x, 'float32', 'float64');
    if (call.rankOf(x) !== 3) throw call.broken('is not given steps of rows');
    const hidden = hiddenSize(call, cell, directions.length);
    const functions = functionsOf(call, cell, directions.length);
    const resetAfter = call.integer('linear_before_reset', 0) !== 0;
    const results = directions.map((backwards, direction) => {
      const own = functions[direction];
      if (own === undefined) throw call.broken('has no functions');
      const weights = weightsOf(call, tf, { cell, hidden, direction, resetAfter });
      const states = cell.states.map((index) => initialState(call, tf, index, hidden, direction));
      return tfSteps(tf, { cell, x, backwards, weights, states, functions: own, resetAfter });
    });
    const sequence = tf.concat(
      results.map((one) => tf.expandDims(one.sequence, 1)),
      1,
    );
    const states = cell.states.map((_, index) => stacked(call, tf, results, index));
    return [sequence, ...states];
  };
}

/** [directions, rows, hidden] */
function stacked(call: OperatorCall, tf: TfOps, results: readonly StepsResult[], index: number): TfValue {
  const each = results.map(({ states }) => {
    const state = states[index];
    if (state === undefined) throw call.broken('has no state');
    return tf.expandDims(state, 0);
  });
  return tf.concat(each, 0);
}

/** What the standard has beside what layers of libraries need. */
function refuseVariants(call: OperatorCall, cell: StepCell): void {
  if (call.integer('layout', 0) !== 0) throw call.refuse('it has its rows before its steps (layout)');
  if (call.integer('input_forget', 0) !== 0) throw call.refuse('its input and forget gates are one (input_forget)');
  if (call.attribute('clip', 'float') !== undefined) throw call.refuse('it clips (clip)');
  if (call.optional(4) !== undefined) throw call.refuse('its rows have lengths of their own (sequence_lens)');
  const peepholes = 5 + cell.states.length;
  if (call.optional(peepholes) !== undefined) throw call.refuse('it has peepholes, or an input that is not known');
}

function hiddenSize(call: OperatorCall, cell: StepCell, directions: number): number {
  const { shape } = call.input(2);
  const hidden = call.integer('hidden_size', shape?.[2] ?? 0);
  const wanted = [directions, cell.gates * hidden, hidden];
  if (hidden < 1 || shape === undefined || shape.some((size, axis) => size !== wanted[axis]) || shape.length !== 3)
    throw call.broken(`has weights of its state of another shape than [${wanted.join(', ')}]`);
  const given = call.input(1).shape;
  if (given?.length !== 3 || given[0] !== wanted[0] || given[1] !== wanted[1])
    throw call.broken(`has weights of its input of another shape than [${wanted[0]}, ${wanted[1]}, ...]`);
  return hidden;
}

interface Direction {
  readonly cell: StepCell;
  readonly hidden: number;
  readonly direction: number;
  readonly resetAfter: boolean;
}

/** The weights of one direction. Biases are one, but for those that a reset gate is applied to. */
function weightsOf(call: OperatorCall, tf: TfOps, { cell, hidden, direction, resetAfter }: Direction): StepWeights {
  const part = (value: TfValue) => tf.gather(value, tf.int32s([direction], []), 0);
  const rows = cell.gates * hidden;
  const own = part(call.input(2));
  let from = 0;
  const products = cell.products(resetAfter).map((gates) => {
    const weight = tf.slice(own, [from], [from + gates * hidden]);
    from += gates * hidden;
    return tf.transpose(weight, [1, 0]);
  });
  const weights = { input: tf.transpose(part(call.input(1)), [1, 0]), hidden: products };
  const bias = call.optional(3);
  if (bias === undefined) return { ...weights, inputBias: undefined, hiddenBias: undefined };
  const both = part(bias);
  if (both.shape?.length !== 1 || both.shape[0] !== 2 * rows) throw call.broken(`has biases other than ${2 * rows}`);
  const [first, second] = [tf.slice(both, [0], [rows]), tf.slice(both, [rows], [2 * rows])];
  return resetAfter
    ? { ...weights, inputBias: first, hiddenBias: second }
    : { ...weights, inputBias: tf.add(first, second), hiddenBias: undefined };
}

/** [rows, hidden]: zeros where none is given. */
function initialState(call: OperatorCall, tf: TfOps, index: number, hidden: number, direction: number): TfValue {
  const given = call.optional(index);
  if (given !== undefined) return tf.gather(given, tf.int32s([direction], []), 0);
  const x = call.input(0);
  const rows = tf.reshape(tf.sizeOf(x, 1), tf.int64s([1]));
  return tf.broadcastTo(tf.number(0, x.type), tf.concat([rows, tf.int64s([hidden])], 0));
}

function functionsOf(call: OperatorCall, cell: StepCell, directions: number): readonly (readonly CellFunction[])[] {
  const names = call.attribute('activations', 'strings')?.map((name) => Buffer.from(name).toString('latin1'));
  const all = names ?? Array.from({ length: directions }, () => cell.functions).flat();
  const each = cell.functions.length;
  if (all.length !== each * directions) throw call.broken(`has ${all.length} activations`);
  return Array.from({ length: directions }, (_, direction) =>
    all.slice(direction * each, (direction + 1) * each).map((name) => functionOf(call, name)),
  );
}

export const STEPS: OperatorFamily = Object.fromEntries(CELLS.map((cell) => [cell.op, recurrent(cell)]));
