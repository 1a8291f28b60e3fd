import {
  type Cell,
  type CellWeights,
  concat,
  type GraphTensor,
  type RecurrentResult,
  recur,
  slice,
  swapAxes,
} from '../../network/index.ts';
import type { AtenCall, AtenFamily, AtenLowering } from '../call.ts';
import { madeDatum } from '../datum.ts';
import { realTensor } from './combine.ts';

/** The order of the blocks of a weight (torch/nn/modules/rnn.py). */
const GATES = { lstm: 'ifco', gru: 'rzh', rnn: 'h' } as const;
const MAX_LAYERS = 1_024;

function layersOf(cell: Cell, activation?: string): AtenLowering {
  return (call) => {
    const { net } = call;
    const [count, both, first] = [call.int('num_layers'), call.flag('bidirectional'), call.flag('batch_first')];
    if (count < 1 || count > MAX_LAYERS) throw call.broken(`has ${count} layers`);
    if (call.flag('train') && call.number('dropout') !== 0)
      throw call.refuse('it drops values, as in training', 'save the model after model.eval()');
    const states = call.datums('hx').map((one) => realTensor(net, one));
    const weights = weightsOf(call, count, both ? 2 : 1);
    let sequence = call.real('input');
    if (sequence.shape.length !== 3) throw call.refuse(`its input has ${sequence.shape.length} dimensions`);
    if (first) sequence = swapAxes(net, sequence, 0, 1);
    const results: RecurrentResult[] = [];
    for (const [layer, own] of weights.entries()) {
      const initial = states.map((state) => ofLayer(call, state, layer, both ? 2 : 1));
      const hidden = own[0]?.hidden.shape[1];
      if (typeof hidden !== 'number') throw call.broken('has weights without a size');
      const [initialHidden, initialCell] = initial;
      const result = recur(net, sequence, own, {
        cell,
        gates: GATES[cell],
        hidden,
        direction: both ? 'bidirectional' : 'forward',
        resetAfter: true,
        ...(activation === undefined ? {} : { activations: [activation] }),
        ...(initialHidden === undefined ? {} : { initialHidden }),
        ...(initialCell === undefined ? {} : { initialCell }),
      });
      sequence = result.sequence;
      results.push(result);
    }
    const hidden = concat(
      net,
      results.map((one) => one.hidden),
      0,
    );
    const cells = results.flatMap((one) => one.cell ?? []);
    const output = first ? swapAxes(net, sequence, 0, 1) : sequence;
    return [output, hidden, ...(cells.length === 0 ? [] : [concat(net, cells, 0)])].map(madeDatum);
  };
}

/** The state of one layer. [layers * directions, batch, hidden] */
function ofLayer(call: AtenCall, state: GraphTensor, layer: number, directions: number): GraphTensor {
  if (state.shape.length !== 3) throw call.broken(`has a state of ${state.shape.length} dimensions`);
  return slice(call.net, state, 0, layer * directions, (layer + 1) * directions);
}

function weightsOf(call: AtenCall, layers: number, directions: number): CellWeights[][] {
  const all = call.datums('params').map((one) => realTensor(call.net, one));
  const biased = call.flag('has_biases');
  const each = biased ? 4 : 2;
  if (all.length !== layers * directions * each)
    throw call.refuse(`it has ${all.length} weights for ${layers} layers, as one with projections has`);
  return Array.from({ length: layers }, (_, layer) =>
    Array.from({ length: directions }, (__, direction) => {
      const at = (layer * directions + direction) * each;
      const [input, hidden, inputBias, hiddenBias] = all.slice(at, at + each);
      if (input === undefined || hidden === undefined) throw call.broken('has no weights');
      return { input, hidden, inputBias, hiddenBias };
    }),
  );
}

const REST =
  'Tensor[] params, bool has_biases, int num_layers, float dropout, bool train, bool bidirectional, bool batch_first';

export const ATEN_RECURRENT: AtenFamily = {
  [`lstm.input(Tensor input, Tensor[] hx, ${REST})`]: layersOf('lstm'),
  [`gru.input(Tensor input, Tensor hx, ${REST})`]: layersOf('gru'),
  [`rnn_tanh.input(Tensor input, Tensor hx, ${REST})`]: layersOf('rnn', 'Tanh'),
  [`rnn_relu.input(Tensor input, Tensor hx, ${REST})`]: layersOf('rnn', 'Relu'),
};
