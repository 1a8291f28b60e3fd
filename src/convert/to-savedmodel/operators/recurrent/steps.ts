import { AssayError } from '../../../../core/index.ts';
import { addLoop, attr, type TfValue } from '../../../../formats/tensorflow/index.ts';
import type { TfOps } from '../../ops/index.ts';
import type { StepCell } from './cells.ts';
import type { CellFunction } from './functions.ts';

/** The weights of one direction, turned: a row times them gives gates side by side. */
export interface StepWeights {
  /** [in, gates * hidden] */
  readonly input: TfValue;
  /** One for each product of a state. [hidden, gates of the product * hidden] */
  readonly hidden: readonly TfValue[];
  /** Added to what the input gives, and to what the state gives. [gates * hidden], each */
  readonly inputBias: TfValue | undefined;
  readonly hiddenBias: TfValue | undefined;
}

export interface Steps {
  readonly cell: StepCell;
  /** [length, rows, in] */
  readonly x: TfValue;
  /** Whether the last step is the first one. */
  readonly backwards: boolean;
  readonly weights: StepWeights;
  /** Before the first step. [rows, hidden], each */
  readonly states: readonly TfValue[];
  readonly functions: readonly CellFunction[];
  readonly resetAfter: boolean;
}

export interface StepsResult {
  /** The hidden state after each step, in the order of the input. [length, rows, hidden] */
  readonly sequence: TfValue;
  /** After the last step. [rows, hidden], each */
  readonly states: readonly TfValue[];
}

/** One direction of a recurrent layer: the products with the input for all steps at once, then a loop over the steps. */
export function tfSteps(tf: TfOps, { cell, x, backwards, weights, states, functions, resetAfter }: Steps): StepsResult {
  const product = tf.matmul(x, weights.input);
  const given = weights.inputBias === undefined ? product : tf.add(product, weights.inputBias);
  const length = tf.cast(tf.sizeOf(x, 0), 'int32');
  const [hidden] = states;
  if (hidden === undefined) throw new AssayError('internal', 'a cell has no state');
  const collected = collection(tf, hidden, length);
  const { handle } = collected;
  const bias = weights.hiddenBias;
  const each = states.map((value) => ({ value, each: { type: value.type, shape: value.shape } }));
  const one = () => tf.int32s([1], []);
  const [, written, ...last] = addLoop(tf.graph, {
    start: [
      { value: tf.int32s([0], []), each: { type: 'int32', shape: [] } },
      { value: collected.flow, each: { type: 'float32', shape: [] } },
      ...each,
    ],
    around: [given, length, handle, ...weights.hidden, ...(bias === undefined ? [] : [bias])],
    condition: ([round], around) => tf.compare('Less', taken(round), taken(around.get(length))),
    body: ([round, flow, ...before], around) => {
      const inside = (value: TfValue) => taken(around.get(value));
      const count = taken(round);
      const place = backwards ? tf.sub(tf.sub(inside(length), one()), count) : count;
      const after = cell.step(tf, {
        given: tf.gather(inside(given), place, 0),
        states: before,
        weights: weights.hidden.map(inside),
        bias: bias === undefined ? undefined : inside(bias),
        functions,
        resetAfter,
      });
      const next = tf.graph.op(
        'TensorArrayWriteV3',
        [inside(handle), place, taken(after[0]), taken(flow)],
        { type: 'float32', shape: [] },
        { T: attr.type(hidden.type) },
      );
      return [tf.add(count, one()), next, ...after];
    },
  });
  return { sequence: gathered(tf, handle, taken(written), hidden, x, length), states: last };
}

/** A list of as many values as there are steps. */
function collection(tf: TfOps, { type, shape }: TfValue, length: TfValue) {
  const [handle, flow] = tf.graph.ops(
    'TensorArrayV3',
    [length],
    [
      { type: 'resource', shape: [] },
      { type: 'float32', shape: [] },
    ],
    { dtype: attr.type(type), element_shape: attr.shape(shape), identical_element_shapes: attr.bool(true) },
  );
  return { handle: taken(handle), flow: taken(flow) };
}

function gathered(tf: TfOps, handle: TfValue, flow: TfValue, one: TfValue, x: TfValue, length: TfValue): TfValue {
  const steps = tf.graph.op(
    'Range',
    [tf.int32s([0], []), length, tf.int32s([1], [])],
    { type: 'int32', shape: [undefined] },
    { Tidx: attr.type('int32') },
  );
  return tf.graph.op(
    'TensorArrayGatherV3',
    [handle, steps, flow],
    { type: one.type, shape: one.shape === undefined ? undefined : [x.shape?.[0], ...one.shape] },
    { dtype: attr.type(one.type), element_shape: attr.shape(one.shape) },
  );
}

function taken<T>(value: T | undefined): T {
  if (value === undefined) throw new AssayError('internal', 'a loop over steps lacks a value');
  return value;
}
