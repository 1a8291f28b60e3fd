import { AssayError } from '../../../../core/index.ts';
import { attr, type TfValue } from '../../../../formats/tensorflow/index.ts';
import { type TfOps, withSize } from '../../ops/index.ts';
import type { CellFunction } from './functions.ts';

/** One step, within the loop. */
export interface CellStep {
  /** What the input gives to all gates. [rows, gates * hidden] */
  readonly given: TfValue;
  /** The states before it: the hidden one first. [rows, hidden], each */
  readonly states: readonly TfValue[];
  /** Weights of the state, as `products` asks for them. [hidden, gates of the product * hidden], each */
  readonly weights: readonly TfValue[];
  /** Biases of the state, where they are not among those of the input. [gates * hidden] */
  readonly bias: TfValue | undefined;
  /** The functions in the order of the standard: those of gates, of what is new, and of what goes out. */
  readonly functions: readonly CellFunction[];
  /** Of a gated unit: the reset gate is applied behind the hidden weights, with their bias. */
  readonly resetAfter: boolean;
}

/** An operator of ONNX that goes through steps (onnx.ai/onnx/operators: LSTM, GRU, RNN). */
export interface StepCell {
  readonly op: 'LSTM' | 'GRU' | 'RNN';
  readonly gates: number;
  /** The inputs of the operator with which its states begin. */
  readonly states: readonly number[];
  /** Its functions by default. */
  readonly functions: readonly string[];
  readonly attributes: readonly string[];
  /** How many gates each product of a state gives. */
  products(resetAfter: boolean): readonly number[];
  /** The states after a step. */
  step(tf: TfOps, step: CellStep): readonly TfValue[];
}

const COMMON = ['activations', 'clip', 'direction', 'hidden_size', 'layout'];

const LSTM: StepCell = {
  op: 'LSTM',
  gates: 4,
  states: [5, 6],
  functions: ['Sigmoid', 'Tanh', 'Tanh'],
  attributes: [...COMMON, 'input_forget'],
  products: () => [4],
  step(tf, { given, states, weights, functions }) {
    const all = split(tf, tf.add(given, tf.matmul(at(states, 0), at(weights, 0))), 4);
    const [gate, inner, outer] = [at(functions, 0), at(functions, 1), at(functions, 2)];
    const [input, output, forget] = [0, 1, 2].map((index) => gate(tf, at(all, index)));
    const made = inner(tf, at(all, 3));
    const cell = tf.add(tf.mul(present(forget), at(states, 1)), tf.mul(present(input), made));
    return [tf.mul(present(output), outer(tf, cell)), cell];
  },
};

const GRU: StepCell = {
  op: 'GRU',
  gates: 3,
  states: [5],
  functions: ['Sigmoid', 'Tanh'],
  attributes: [...COMMON, 'linear_before_reset'],
  products: (resetAfter) => (resetAfter ? [3] : [2, 1]),
  step(tf, { given, states, weights, bias, functions, resetAfter }) {
    const hidden = at(states, 0);
    const gate = at(functions, 0);
    const first = tf.matmul(hidden, at(weights, 0));
    const own = split(tf, bias === undefined ? first : tf.add(first, bias), resetAfter ? 3 : 2);
    const inputs = split(tf, given, 3);
    const [update, reset] = [0, 1].map((index) => gate(tf, tf.add(at(inputs, index), at(own, index))));
    const kept = resetAfter
      ? tf.mul(present(reset), at(own, 2))
      : tf.matmul(tf.mul(present(reset), hidden), at(weights, 1));
    const made = at(functions, 1)(tf, tf.add(at(inputs, 2), kept));
    const share = present(update);
    return [tf.add(tf.mul(tf.sub(tf.number(1, share.type), share), made), tf.mul(share, hidden))];
  },
};

const RNN: StepCell = {
  op: 'RNN',
  gates: 1,
  states: [5],
  functions: ['Tanh'],
  attributes: COMMON,
  products: () => [1],
  step(tf, { given, states, weights, functions }) {
    return [at(functions, 0)(tf, tf.add(given, tf.matmul(at(states, 0), at(weights, 0))))];
  },
};

export const CELLS: readonly StepCell[] = [LSTM, GRU, RNN];

/** Gates that stand side by side. */
function split(tf: TfOps, value: TfValue, count: number): TfValue[] {
  const width = value.shape?.[1];
  const each = { type: value.type, shape: withSize(value.shape, 1, width === undefined ? undefined : width / count) };
  return tf.graph.ops(
    'Split',
    [tf.int32s([1], []), value],
    Array.from({ length: count }, () => each),
    { T: attr.type(value.type), num_split: attr.int(count) },
  );
}

function at<T>(list: readonly T[], index: number): T {
  return present(list[index]);
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new AssayError('internal', 'a step lacks a value');
  return value;
}
