import {
  type Cell,
  type CellWeights,
  type GraphTensor,
  type Network,
  recur,
  takeOne,
  transpose,
  unsqueeze,
} from '../../network/index.ts';
import { type CallSettings, KerasValue, type Layer, type LayerKind, type LayerVariable } from '../model/index.ts';
import { inputOf } from './dense.ts';

/** The gates in the order of the weights of Keras. */
const GATES: Readonly<Record<Cell, string>> = { lstm: 'ifco', gru: 'zrh', rnn: 'h' };
/** The functions of ONNX that are those of Keras, with the settings that they have there. */
const FUNCTIONS: Readonly<Record<string, string>> = {
  tanh: 'Tanh',
  sigmoid: 'Sigmoid',
  relu: 'Relu',
  softsign: 'Softsign',
  softplus: 'Softplus',
};

/** What a layer gives: all steps in the order of its input, and its last states. */
interface Result {
  readonly sequence: GraphTensor;
  readonly states: readonly GraphTensor[];
}

function activationOf(layer: Layer, key: string, fallback: string): string {
  const name = layer.config.text(key, fallback);
  // The default of ONNX, and of Keras 2: 0.2 x + 0.5. That of Keras 3 has another slope.
  if (name === 'hard_sigmoid' && layer.context.keras === 2) return 'HardSigmoid';
  const known = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (known === undefined)
    throw layer.refuse(`has the ${key} ${JSON.stringify(name.slice(0, 80))}, which its operator does not have`);
  return known;
}

/** Whether a gated unit applies its reset gate behind the hidden weights, with a bias of its own. */
function resetsAfter(layer: Layer): boolean {
  // Before TensorFlow 2, layers did not have the setting.
  return layer.config.flag('reset_after', layer.context.keras === 3);
}

/** Runs one direction over steps that are in the order of the input. */
export function runSteps(
  net: Network,
  layer: Layer,
  cell: Cell,
  x: GraphTensor,
  initial: readonly GraphTensor[],
): Result {
  const { config } = layer;
  const units = config.size('units');
  const rows = GATES[cell].length * units;
  const isAfter = cell === 'gru' && resetsAfter(layer);
  const isBiased = config.flag('use_bias', true);
  const biases = isBiased && isAfter ? layer.weight(net, 'bias', [2, rows]) : undefined;
  const weights: CellWeights = {
    input: layer.weight(net, 'kernel', [undefined, rows], [1, 0]),
    hidden: layer.weight(net, 'recurrent_kernel', [units, rows], [1, 0]),
    inputBias:
      biases !== undefined ? takeOne(net, biases, 0, 0) : isBiased ? layer.weight(net, 'bias', [rows]) : undefined,
    hiddenBias: biases === undefined ? undefined : takeOne(net, biases, 0, 1),
  };
  const own = activationOf(layer, 'activation', 'tanh');
  const gate = cell === 'rnn' ? [] : [activationOf(layer, 'recurrent_activation', 'sigmoid')];
  const [hidden, memory] = initial.map((state) => unsqueeze(net, state, 0));
  const result = recur(net, transpose(net, x, [1, 0, 2]), [weights], {
    cell,
    gates: GATES[cell],
    hidden: units,
    direction: config.flag('go_backwards', false) ? 'reverse' : 'forward',
    resetAfter: isAfter,
    activations: cell === 'lstm' ? [...gate, own, own] : [...gate, own],
    ...(hidden === undefined ? {} : { initialHidden: hidden }),
    ...(memory === undefined ? {} : { initialCell: memory }),
  });
  const states = [result.hidden, ...(result.cell === undefined ? [] : [result.cell])];
  return {
    sequence: transpose(net, result.sequence, [1, 0, 2]),
    states: states.map((state) => takeOne(net, state, 0, 0)),
  };
}

/** The settings that say how steps are gone through; those of training change nothing. */
export function checkSteps(layer: Layer): void {
  const { config } = layer;
  if (config.flag('time_major', false)) throw layer.refuse('has the steps before the batch');
  if (config.flag('stateful', false)) throw layer.refuse('keeps its state from one batch to the next');
  config.ignore(
    'unroll',
    'implementation',
    'dropout',
    'recurrent_dropout',
    'unit_forget_bias',
    'use_cudnn',
    'zero_output_for_mask',
  );
}

/** The steps in the other order. */
function reversed(net: Network, x: GraphTensor): GraphTensor {
  const bounds = [net.ints([-1]), net.ints([-(2 ** 31)]), net.ints([1]), net.ints([-1])];
  return net.op('Slice', [x, ...bounds], { type: x.type, shape: x.shape });
}

function recurrent(cell: Cell): LayerKind {
  return {
    mask: 'refused',
    variables: (layer) =>
      ['kernel', 'recurrent_kernel', ...(layer.config.flag('use_bias', true) ? ['bias'] : [])].map(
        (name, index): LayerVariable => ({ name, group: 'cell', index, frozen: false }),
      ),
    convert(net, layer, [given, ...states], call) {
      checkSteps(layer);
      const x = inputOf(layer, given).real(net).plain(net);
      const initial = initialStates(net, layer, cell, states, call);
      const { sequence, states: last } = runSteps(net, layer, cell, x, initial);
      const isWhole = layer.config.flag('return_sequences', false);
      const isBackwards = layer.config.flag('go_backwards', false);
      const first = last[0] ?? sequence;
      // Keras gives the steps in the order in which it went through them.
      const result = !isWhole ? first : isBackwards ? reversed(net, sequence) : sequence;
      const given1 = layer.config.flag('return_state', false) ? [result, ...last] : [result];
      return given1.map((one) => KerasValue.of(one));
    },
  };
}

function initialStates(
  net: Network,
  layer: Layer,
  cell: Cell,
  states: readonly KerasValue[],
  { named }: CallSettings,
): readonly GraphTensor[] {
  const given = [...states, ...(named.get('initial_state') ?? [])];
  const wanted = cell === 'lstm' ? 2 : 1;
  if (given.length !== 0 && given.length !== wanted) throw layer.refuse(`is given ${given.length} states`);
  const units = layer.config.size('units');
  return given.map((state) => {
    const plain = state.real(net).plain(net);
    net.expect(plain, [undefined, units], 'a state');
    return plain;
  });
}

/** The cells of layers that go through steps, by their classes. */
export const RECURRENT_CELLS: Readonly<Record<string, Cell>> = { LSTM: 'lstm', GRU: 'gru', SimpleRNN: 'rnn' };

export const KERAS_RECURRENT: Readonly<Record<string, LayerKind>> = Object.fromEntries(
  Object.entries(RECURRENT_CELLS).map(([name, cell]) => [name, recurrent(cell)]),
);
