import { type Cell, type CellWeights, concat, type GraphTensor, recur, swapAxes } from '../../network/index.ts';
import type { ConverterTable, ModuleContext, ModuleConverter } from '../converter.ts';
import type { TorchModule } from '../module.ts';

/** The order of the blocks of a weight (torch/nn/modules/rnn.py). */
const GATES = { lstm: 'ifco', gru: 'rzh', rnn: 'h' } as const;
const NONLINEARITIES = { RNN_TANH: 'Tanh', RNN_RELU: 'Relu' } as const;
const MAX_LAYERS = 1_024;

function recurrent(cell: Cell): ModuleConverter {
  return {
    forward: (module) => {
      throw module.refuse('it returns its state, too, which the next layer does not take');
    },
    results: (module, x, context) => layers(module, x, cell, context),
    input: (module) => ({
      type: 'float32',
      shape: module.flag('batch_first', false)
        ? ['batch', 'length', width(module)]
        : ['length', 'batch', width(module)],
    }),
  };
}

function width(module: TorchModule): number {
  return module.whole('input_size');
}

function layers(
  module: TorchModule,
  x: GraphTensor,
  cell: Cell,
  context: ModuleContext,
): Readonly<Record<string, GraphTensor>> {
  const { net } = context;
  if (module.whole('proj_size', 0) !== 0) throw module.refuse('it has a projection (proj_size)');
  const count = module.whole('num_layers');
  if (count < 1 || count > MAX_LAYERS) throw module.broken(`it has ${count} layers`);
  const [batchFirst, both, hidden] = [
    module.flag('batch_first', false),
    module.flag('bidirectional', false),
    module.whole('hidden_size'),
  ];
  checkFlatWeights(module, count, both);
  let sequence = batchFirst ? swapAxes(net, x, 0, 1) : x;
  const states: GraphTensor[] = [];
  const cells: GraphTensor[] = [];
  for (let layer = 0; layer < count; layer++) {
    const weights = suffixes(layer, both).map((suffix) => weightsOf(module, suffix, context));
    const result = recur(net, sequence, weights, {
      cell,
      gates: GATES[cell],
      hidden,
      direction: both ? 'bidirectional' : 'forward',
      resetAfter: true,
      ...(cell === 'rnn' ? { activations: [NONLINEARITIES[module.choice('mode', ['RNN_TANH', 'RNN_RELU'])]] } : {}),
    });
    sequence = result.sequence;
    states.push(result.hidden);
    if (result.cell !== undefined) cells.push(result.cell);
  }
  return {
    output: batchFirst ? swapAxes(net, sequence, 0, 1) : sequence,
    hidden: concat(net, states, 0),
    ...(cells.length === 0 ? {} : { cell: concat(net, cells, 0) }),
  };
}

function suffixes(layer: number, both: boolean): string[] {
  return both ? [`l${layer}`, `l${layer}_reverse`] : [`l${layer}`];
}

function weightsOf(module: TorchModule, suffix: string, context: ModuleContext): CellWeights {
  const isBiased = module.flag('bias', true);
  const weight = (name: string) => context.weight(module, `${name}_${suffix}`);
  return {
    input: weight('weight_ih'),
    hidden: weight('weight_hh'),
    inputBias: isBiased ? weight('bias_ih') : undefined,
    hiddenBias: isBiased ? weight('bias_hh') : undefined,
  };
}

/** Since PyTorch 1.4, a layer computes with a list of its weights, which has to be that of its parameters. */
function checkFlatWeights(module: TorchModule, count: number, both: boolean): void {
  if (module.lacks('_flat_weights')) return;
  const names = Array.from({ length: count }, (_, layer) => suffixes(layer, both))
    .flat()
    .flatMap((suffix) =>
      ['weight_ih', 'weight_hh', ...(module.flag('bias', true) ? ['bias_ih', 'bias_hh'] : [])].map(
        (name) => `${name}_${suffix}`,
      ),
    );
  const flat = module.list('_flat_weights');
  if (flat.length !== names.length || flat.some((value, i) => value !== module.parameterValue(names[i] ?? '')))
    throw module.refuse('the weights that it computes with are not its parameters');
}

export const RECURRENT: ConverterTable = {
  'torch.nn.modules.rnn.LSTM': recurrent('lstm'),
  'torch.nn.modules.rnn.GRU': recurrent('gru'),
  'torch.nn.modules.rnn.RNN': recurrent('rnn'),
};
