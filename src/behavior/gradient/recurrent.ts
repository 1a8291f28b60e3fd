import type { OnnxModel, OnnxNode } from '../../formats/onnx/index.ts';
import { attributesOf } from './attributes.ts';
import { isStandard } from './graph.ts';
import { Ops } from './ops.ts';
import { malformedNode, refusedNode } from './refusals.ts';
import { DYNAMIC, type SeenShapes } from './shapes.ts';
import { Tape } from './tape.ts';

/** Parts of the weights of a cell, and the functions that it has when it names none. */
const CELLS: Readonly<Record<string, { readonly parts: number; readonly functions: readonly string[] }>> = {
  LSTM: { parts: 4, functions: ['Sigmoid', 'Tanh', 'Tanh'] },
  GRU: { parts: 3, functions: ['Sigmoid', 'Tanh'] },
  RNN: { parts: 1, functions: ['Tanh'] },
};
const MAX_STEPS = 1024;

export function isRecurrent({ op, domain }: OnnxNode): boolean {
  return isStandard(domain) && Object.hasOwn(CELLS, op);
}

/**
 * The model with some recurrent nodes as the operators of their steps, each of which has a gradient.
 * @param shapes those of the inputs of the nodes
 * @throws AssayError `unsupported` for a variant that is not unrolled; `limit`
 */
export function unrolled(
  model: OnnxModel,
  nodes: ReadonlySet<OnnxNode>,
  shapes: SeenShapes,
  opset: number,
  maxNodes: number,
): OnnxModel {
  if (nodes.size === 0) return model;
  const tape = new Tape(model, opset, maxNodes);
  const ops = new Ops(tape, 'float32', shapes);
  const made: OnnxNode[] = [];
  for (const node of model.graph.nodes) {
    if (!nodes.has(node)) made.push(node);
    else {
      const from = tape.nodes.length;
      new Unrolling(node, ops).write();
      made.push(...tape.nodes.slice(from));
    }
  }
  const initializers = [...model.graph.initializers, ...tape.constants];
  return { ...model, irVersion: Math.max(model.irVersion, 8), graph: { ...model.graph, nodes: made, initializers } };
}

interface Weights {
  /** Transposed: [in, parts * hidden], [hidden, parts * hidden]. */
  readonly input: string;
  readonly state: string;
  readonly inputBias: string | undefined;
  readonly stateBias: string | undefined;
}

/** The states of a cell after a step: [batch, hidden]. Absent: zeros. */
interface CellState {
  readonly hidden: string | undefined;
  readonly cell: string | undefined;
}

/** One recurrent node that becomes many. */
class Unrolling {
  readonly #node: OnnxNode;
  readonly #ops: Ops;
  readonly #parts: number;
  readonly #hidden: number;
  readonly #steps: number;
  readonly #directions: number;
  readonly #resetsLater: boolean;

  constructor(node: OnnxNode, ops: Ops) {
    this.#node = node;
    this.#ops = ops;
    const attributes = attributesOf(node);
    const { parts, functions } = CELLS[node.op] ?? { parts: 0, functions: [] };
    this.#parts = parts;
    const [steps = DYNAMIC] = ops.shapes.of(this.#input(0));
    const [directions = 0, , hidden = 0] = ops.shapes.of(this.#input(2));
    const direction = attributes.text('direction', 'forward');
    if (direction === 'reverse') throw refusedNode(node, 'it runs backwards');
    if (directions !== (direction === 'bidirectional' ? 2 : 1) || attributes.int('hidden_size', hidden) !== hidden)
      throw malformedNode(node, 'its weights do not fit its attributes');
    if (steps === DYNAMIC || steps < 1 || steps > MAX_STEPS)
      throw refusedNode(node, `its number of steps is not a constant of 1 to ${MAX_STEPS}`);
    const named = attributes.has('activations') ? this.#functions() : undefined;
    const usual = Array.from({ length: directions }, () => functions).flat();
    if (named !== undefined && named.join() !== usual.join())
      throw refusedNode(node, 'its functions are not the usual ones');
    for (const name of ['clip', 'input_forget', 'layout', 'activation_alpha', 'activation_beta'])
      if (attributes.has(name) && !(name === 'layout' && attributes.int('layout', 0) === 0))
        throw refusedNode(node, `it has the attribute ${name}`);
    if ((node.inputs[4] ?? '') !== '') throw refusedNode(node, 'it has lengths of sequences');
    if ((node.inputs[7] ?? '') !== '') throw refusedNode(node, 'it has peepholes');
    this.#steps = steps;
    this.#hidden = hidden;
    this.#directions = directions;
    this.#resetsLater = attributes.int('linear_before_reset', 0) !== 0;
  }

  write(): void {
    const ops = this.#ops;
    const ways = Array.from({ length: this.#directions }, (_, direction) => this.#run(direction));
    const [all, hidden, cell] = this.#node.outputs;
    const inOrder = (states: readonly string[]) =>
      ops.tape.op(
        'Concat',
        states.map((state) => ops.reshape(state, [1, 1, DYNAMIC, this.#hidden])),
        { axis: 0 },
      );
    const last = (of: (way: Way) => string | undefined) =>
      ways.map((way) => ops.reshape(of(way) ?? '', [1, DYNAMIC, this.#hidden]));
    if (all !== undefined && all !== '')
      ops.tape.named(
        'Concat',
        ways.map(({ states }) => inOrder(states)),
        all,
        { axis: 1 },
      );
    if (hidden !== undefined && hidden !== '')
      ops.tape.named(
        'Concat',
        last(({ end }) => end.hidden),
        hidden,
        { axis: 0 },
      );
    if (cell !== undefined && cell !== '')
      ops.tape.named(
        'Concat',
        last(({ end }) => end.cell),
        cell,
        { axis: 0 },
      );
  }

  /** All steps in one direction; the states in the order of the sequence. */
  #run(direction: number): Way {
    const ops = this.#ops;
    const weights = this.#weights(direction);
    const product = ops.op('MatMul', [this.#input(0), weights.input]);
    const whole = weights.inputBias === undefined ? product : ops.add(product, weights.inputBias);
    const width = this.#parts * this.#hidden;
    const steps = this.#split(whole, this.#steps, 1, 0).map((step) => ops.reshape(step, [DYNAMIC, width]));
    if (direction === 1) steps.reverse();
    let state: CellState = { hidden: this.#initial(5, direction), cell: this.#initial(6, direction) };
    const states: string[] = [];
    for (const step of steps) {
      state = this.#step(step, state, weights);
      states.push(state.hidden ?? '');
    }
    return { states: direction === 1 ? states.reverse() : states, end: state };
  }

  #step(x: string, before: CellState, weights: Weights): CellState {
    if (this.#node.op === 'LSTM') return this.#lstm(x, before, weights);
    if (this.#node.op === 'GRU') return { hidden: this.#gru(x, before.hidden, weights), cell: undefined };
    const ops = this.#ops;
    return { hidden: ops.op('Tanh', [this.#added(x, this.#fromState(before.hidden, weights))]), cell: undefined };
  }

  #lstm(x: string, before: CellState, weights: Weights): CellState {
    const ops = this.#ops;
    const sums = this.#added(x, this.#fromState(before.hidden, weights));
    const [input = '', output = '', forget = '', fresh = ''] = this.#split(sums, 4, this.#hidden, 1);
    const sigmoid = (value: string) => ops.op('Sigmoid', [value]);
    const added = ops.mul(sigmoid(input), ops.op('Tanh', [fresh]));
    const cell = before.cell === undefined ? added : ops.add(added, ops.mul(sigmoid(forget), before.cell));
    return { cell, hidden: ops.mul(sigmoid(output), ops.op('Tanh', [cell])) };
  }

  #gru(x: string, before: string | undefined, weights: Weights): string {
    const ops = this.#ops;
    const inner = this.#hidden;
    const [update = '', reset = '', fresh = ''] = this.#split(x, 3, inner, 1);
    const [stateUpdate, stateReset, stateFresh] = this.#columns(weights.state);
    const [biasUpdate, biasReset, biasFresh] = this.#biases(weights.stateBias);
    const plus = (value: string, matrix: string | undefined, bias: string | undefined, state = before) =>
      this.#added(
        this.#added(value, state === undefined || matrix === undefined ? undefined : ops.op('MatMul', [state, matrix])),
        bias,
      );
    const z = ops.op('Sigmoid', [plus(update, stateUpdate, biasUpdate)]);
    const r = ops.op('Sigmoid', [plus(reset, stateReset, biasReset)]);
    let sum: string;
    if (this.#resetsLater) {
      const product =
        before === undefined || stateFresh === undefined ? undefined : ops.op('MatMul', [before, stateFresh]);
      const later = product === undefined ? biasFresh : this.#added(product, biasFresh);
      sum = later === undefined ? fresh : ops.add(fresh, ops.mul(r, later));
    } else sum = plus(fresh, stateFresh, biasFresh, before === undefined ? undefined : ops.mul(r, before));
    const candidate = ops.mul(ops.sub(ops.real(1), z), ops.op('Tanh', [sum]));
    return before === undefined ? candidate : ops.add(candidate, ops.mul(z, before));
  }

  #fromState(hidden: string | undefined, { state, stateBias }: Weights): string | undefined {
    if (hidden === undefined) return stateBias;
    return this.#added(this.#ops.op('MatMul', [hidden, state]), stateBias);
  }

  #added(value: string, other: string | undefined): string {
    return other === undefined ? value : this.#ops.add(value, other);
  }

  #weights(direction: number): Weights {
    const ops = this.#ops;
    const rows = this.#parts * this.#hidden;
    const turned = (name: string) => {
      const [, , columns = 0] = ops.shapes.of(name);
      return ops.transpose(ops.reshape(ops.slice(name, 0, direction, direction + 1), [rows, columns]), [1, 0]);
    };
    const bias = this.#node.inputs[3] ?? '';
    const part = (half: number) =>
      bias === ''
        ? undefined
        : ops.reshape(ops.slice(ops.slice(bias, 0, direction, direction + 1), 1, half * rows, (half + 1) * rows), [
            rows,
          ]);
    return { input: turned(this.#input(1)), state: turned(this.#input(2)), inputBias: part(0), stateBias: part(1) };
  }

  #columns(matrix: string): readonly string[] {
    const inner = this.#hidden;
    return Array.from({ length: this.#parts }, (_, at) => this.#ops.slice(matrix, 1, at * inner, (at + 1) * inner));
  }

  #biases(bias: string | undefined): readonly (string | undefined)[] {
    const inner = this.#hidden;
    return Array.from({ length: this.#parts }, (_, at) =>
      bias === undefined ? undefined : this.#ops.slice(bias, 0, at * inner, (at + 1) * inner),
    );
  }

  #initial(index: number, direction: number): string | undefined {
    const name = this.#node.inputs[index] ?? '';
    if (name === '') return undefined;
    return this.#ops.reshape(this.#ops.slice(name, 0, direction, direction + 1), [DYNAMIC, this.#hidden]);
  }

  #split(x: string, count: number, size: number, axis: number): readonly string[] {
    const { tape } = this.#ops;
    const sizes = Array.from({ length: count }, () => size);
    return tape.opset >= 13
      ? tape.ops('Split', [x, tape.ints(sizes)], count, { axis })
      : tape.ops('Split', [x], count, { axis, split: sizes });
  }

  #functions(): readonly string[] {
    const found = this.#node.attributes.find(({ name }) => name === 'activations');
    if (found?.type !== 'strings') throw malformedNode(this.#node, 'its attribute activations is not a list of names');
    return found.value.map((name) => Buffer.from(name).toString('utf8'));
  }

  #input(index: number): string {
    const name = this.#node.inputs[index] ?? '';
    if (name === '') throw malformedNode(this.#node, `its input ${index + 1} is missing`);
    return name;
  }
}

interface Way {
  readonly states: readonly string[];
  readonly end: CellState;
}
