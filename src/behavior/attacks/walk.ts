import { AssayError } from '../../core/index.ts';
import {
  type OnnxAttribute,
  type OnnxGraph,
  type OnnxModel,
  type OnnxValue,
  tensorOf,
  tensorType,
} from '../../formats/onnx/index.ts';
import { type GradientModel, Ops, opsetOf, SeenShapes, Tape } from '../gradient/index.ts';

/** A model that takes all steps of an attack in one run. */
export interface WalkModel {
  readonly model: OnnxModel;
  readonly inputs: {
    /** Where rows start, and the least and the greatest of each of their numbers: float32 [rows, ...]. */
    readonly start: string;
    readonly low: string;
    readonly high: string;
    /** How far a step goes: float64 [...] of a row, so that it is added as numbers of 64 bits are. */
    readonly step: string;
    readonly class: string;
    /** int64 []: how many steps. */
    readonly steps: string;
    /** bool [rows]: rows that do not move, because they fell before. */
    readonly fell: string;
  };
  readonly outputs: {
    readonly points: string;
    readonly fell: string;
    /** int64 [rows]: gradients that a row has cost, and those that pointed nowhere. */
    readonly gradients: string;
    readonly vanished: string;
  };
}

const EXTRA_NODES = 256;
/**
 * Runtimes plan no memory for the body of a loop: of more numbers, a step costs more than the way to the process and back. Measured on a perceptron, a
 * convolution and a transformer of digits (test/bench/attacks.mjs).
 */
const MOST_NUMBERS = 1 << 18;

/** Why a loop would not be faster than steps one by one; undefined where it is. @param width numbers of a row */
export function whyNoLoop({ graph }: OnnxModel, rows: number, width: number): string | undefined {
  const isSmall = graph.nodes.length * rows * width <= MOST_NUMBERS;
  return isSmall ? undefined : `${rows} rows of this model are faster so`;
}

/**
 * Puts a derived gradient into a loop: at each step a row falls when another score is the highest, or one is not a number; others move along the
 * sign of their gradient, and back into their box (Madry et al. 2018, L-inf). The numbers are those of the same steps one by one.
 * @param input the input that is attacked
 * @param rank axes of one row
 * @throws AssayError `unsupported` for a gradient that is not of float32
 */
export function walkModel(derived: GradientModel, input: string, rank: number): WalkModel {
  const { model, inputs, outputs } = derived;
  if (derived.type !== 'float32' || inputs.class === undefined)
    throw new AssayError('unsupported', 'the gradient is not of float32 numbers and classes');
  const tape = new Tape(model, opsetOf(model), EXTRA_NODES, 'walk');
  const ops = new Ops(tape, 'float32', new SeenShapes(new Map(), new Map()));
  const named = (hint: string) => tape.name(hint);
  const [low, high, step] = [named('low'), named('high'), named('step')];
  const [fell, gradients, vanished] = [named('fell'), named('gradients'), named('vanished')];
  const falls = ops.op('Or', [fell, tells(ops, outputs.scores, inputs.class)]);
  const stands = ops.op('Not', [falls]);
  const count = (before: string, condition: string) => ops.add(before, ops.op('Cast', [condition], { to: INT64 }));
  const counted = count(gradients, ops.op('Not', [fell]));
  const lost = count(vanished, ops.op('And', [stands, ops.op('Not', [pointsSomewhere(ops, outputs.gradient)])]));
  const moved = ascended(ops, input, outputs.gradient, step);
  const inside = ops.op('Min', [high, ops.op('Max', [low, moved])]);
  const column = ops.reshape(falls, [-1, ...Array.from({ length: rank }, () => 1)]);
  const next = ops.where(column, input, inside);
  const goesOn = ops.op('Cast', [reduced(ops, 'ReduceMax', ops.op('Cast', [stands], { to: FLOAT }))], { to: BOOL });
  const body = bodyOf(model, tape, [input, fell, gradients, vanished], [goesOn, next, falls, counted, lost]);
  return looped(model, tape, body, { low, high, step, class: inputs.class, input });
}

const FLOAT = 1;
const INT64 = 7;
const BOOL = 9;
const DOUBLE = 11;

/** Whether a model tells another class than that of the row: the first of the highest scores is another, or one is not a number. */
function tells(ops: Ops, scores: string, own: string): string {
  const other = ops.op('Not', [ops.op('Equal', [ops.op('ArgMax', [scores], { axis: 1, keepdims: 0 }), own])]);
  const broken = ops.op('Cast', [ops.op('IsNaN', [scores])], { to: FLOAT });
  return ops.op('Or', [other, ops.op('Cast', [reduced(ops, 'ReduceMax', broken, 1)], { to: BOOL })]);
}

/** Whether a gradient has a number that is not zero, and none that is not a number. */
function pointsSomewhere(ops: Ops, gradient: string): string {
  const flat = ops.op('Reshape', [gradient, ops.ints([0, -1])]);
  const broken = ops.op('Or', [ops.op('IsNaN', [flat]), ops.op('IsInf', [flat])]);
  const none = ops.op('Not', [
    ops.op('Cast', [reduced(ops, 'ReduceMax', ops.op('Cast', [broken], { to: FLOAT }), 1)], { to: BOOL }),
  ]);
  const some = ops.op('Greater', [reduced(ops, 'ReduceMax', ops.op('Abs', [flat]), 1), ops.real(0)]);
  return ops.op('And', [none, some]);
}

/** A step along the sign of the gradient, added with 64 bits. */
function ascended(ops: Ops, point: string, gradient: string, step: string): string {
  const wide = (value: string) => ops.op('Cast', [value], { to: DOUBLE });
  const sign = ops.where(ops.op('IsNaN', [gradient]), ops.real(0), ops.op('Sign', [gradient]));
  return ops.op('Cast', [ops.add(wide(point), ops.mul(step, wide(sign)))], { to: FLOAT });
}

/** A reduction over one axis, or all, which it drops. */
function reduced(ops: Ops, op: 'ReduceMax', value: string, axis?: number): string {
  if (axis === undefined) return ops.op(op, [value], { keepdims: 0 });
  if (ops.tape.opset >= 18) return ops.op(op, [value, ops.ints([axis])], { keepdims: 0 });
  return ops.op(op, [value], { axes: [axis], keepdims: 0 });
}

function graphValue(name: string, type: OnnxValue['type'] = undefined): OnnxValue {
  return { name, type, docString: '', metadata: [] };
}

/** The model with its gradient and the step, as the body of a loop: what is constant lies outside. */
function bodyOf(model: OnnxModel, tape: Tape, carried: readonly string[], results: readonly string[]): OnnxGraph {
  const types = new Map(model.graph.inputs.map(({ name, type }) => [name, type]));
  const [point = '', fell = '', gradients = '', vanished = ''] = carried;
  const counts = tensorType('int64', [undefined]);
  return {
    ...model.graph,
    name: 'step',
    nodes: [...model.graph.nodes, ...tape.nodes],
    initializers: [],
    sparseInitializers: [],
    inputs: [
      graphValue(tape.name('iteration'), tensorType('int64', [])),
      graphValue(tape.name('condition'), tensorType('bool', [])),
      graphValue(point, types.get(point)),
      graphValue(fell, tensorType('bool', [undefined])),
      graphValue(gradients, counts),
      graphValue(vanished, counts),
    ],
    outputs: results.map((name) => graphValue(name)),
  };
}

function looped(
  model: OnnxModel,
  tape: Tape,
  body: OnnxGraph,
  { input, ...names }: Pick<WalkModel['inputs'], 'low' | 'high' | 'step' | 'class'> & { readonly input: string },
): WalkModel {
  const own = model.graph.inputs.find(({ name }) => name === input);
  const [start, steps, fell] = [tape.name('start'), tape.name('steps'), tape.name('fallen')];
  const inside = tape.nodes.length;
  const none = tensorOf(BigInt64Array.of(0n), [1]);
  const zeros = tape.op('ConstantOfShape', [tape.op('Shape', [fell])], { value: none });
  const always = tape.constant(tensorOf(Uint8Array.of(1), [], 'bool'));
  const attributes: readonly OnnxAttribute[] = [{ name: 'body', docString: '', type: 'graph', value: body }];
  const results = tape.ops('Loop', [steps, always, start, fell, zeros, zeros], 4, attributes);
  const outer = tape.nodes.slice(inside);
  const [points = '', fallen = '', gradients = '', vanished = ''] = results;
  const type = own?.type;
  const others = model.graph.inputs.filter(({ name }) => name !== input);
  const inputs: readonly OnnxValue[] = [
    ...others,
    ...[start, names.low, names.high].map((name) => graphValue(name, type)),
    graphValue(names.step, tensorType('float64', undefined)),
    graphValue(steps, tensorType('int64', [])),
    graphValue(fell, tensorType('bool', [undefined])),
  ];
  return {
    model: {
      ...model,
      graph: {
        ...model.graph,
        nodes: outer,
        initializers: [...model.graph.initializers, ...tape.constants],
        inputs,
        outputs: results.map((name) => graphValue(name)),
      },
    },
    inputs: { start, ...names, steps, fell },
    outputs: { points, fell: fallen, gradients, vanished },
  };
}
