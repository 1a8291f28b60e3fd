import type { Attributes, GraphBuilder } from '../../../../src/formats/onnx/build/builder.ts';
import { numbers, type TranslatedCase } from '../models.ts';
import { constant } from './elements.ts';
import { weights } from './images.ts';

const [LENGTH, ROWS, WIDTH, HIDDEN] = [5, 3, 4, 6];
const GATES = { LSTM: 4, GRU: 3, RNN: 1 } as const;

interface Variant {
  readonly directions?: 1 | 2;
  readonly attributes?: Attributes;
  readonly biased?: boolean;
  /** Which states the model is given. */
  readonly states?: boolean;
  readonly feeds?: TranslatedCase['feeds'];
}

/** One recurrent layer, of which every result is an output. */
function layer(op: keyof typeof GATES, variant: Variant = {}): TranslatedCase {
  const { directions = 1, attributes = {}, biased = true, states = false } = variant;
  const names = op === 'LSTM' ? ['sequence', 'hidden', 'cell'] : ['sequence', 'hidden'];
  const shape = [directions, ROWS, HIDDEN];
  return {
    build: (graph) => {
      const rows = GATES[op] * HIDDEN;
      const x = graph.input('x', 'float32', ['length', 'batch', WIDTH]);
      const given = states ? names.slice(1).map((name) => graph.input(`${name}0`, 'float32', shape)) : [];
      const results = graph.ops(
        op,
        [
          x,
          weights(graph, [directions, rows, WIDTH], 11),
          weights(graph, [directions, rows, HIDDEN], 12),
          biased ? weights(graph, [directions, 2 * rows], 13) : undefined,
          undefined,
          ...given,
        ],
        names.length,
        { hidden_size: HIDDEN, direction: directions === 2 ? 'bidirectional' : 'forward', ...attributes },
      );
      for (const [index, name] of names.entries()) {
        const result = results[index];
        if (result !== undefined) graph.output(name, result, 'float32');
      }
    },
    feeds: variant.feeds ?? {
      x: numbers([LENGTH, ROWS, WIDTH], 5),
      ...(states ? Object.fromEntries(names.slice(1).map((name, i) => [`${name}0`, numbers(shape, 7 + i)])) : {}),
    },
  };
}

/** Two layers, whose steps go through a loop each, as of a classifier of texts. */
function stacked(graph: GraphBuilder): void {
  let value = graph.input('x', 'float32', ['length', 'batch', WIDTH]);
  for (const [index, width] of [WIDTH, HIDDEN].entries()) {
    const given = [weights(graph, [1, 4 * HIDDEN, width], 21 + index), weights(graph, [1, 4 * HIDDEN, HIDDEN], 31)];
    const [sequence = value] = graph.ops('LSTM', [value, ...given], 1, { hidden_size: HIDDEN });
    value = graph.op('Squeeze', [sequence, constant(graph, BigInt64Array.of(1n))]);
  }
  graph.output('y', value, 'float32', ['length', 'batch', HIDDEN]);
}

export const RECURRENT: Readonly<Record<string, TranslatedCase>> = {
  'an LSTM': layer('LSTM'),
  'an LSTM with states': layer('LSTM', { states: true }),
  'an LSTM that goes backwards': layer('LSTM', { attributes: { direction: 'reverse' } }),
  'an LSTM in both directions, with states': layer('LSTM', { directions: 2, states: true }),
  'an LSTM without biases': layer('LSTM', { biased: false }),
  'an LSTM with functions of its own': layer('LSTM', {
    directions: 2,
    attributes: { activations: ['HardSigmoid', 'Softsign', 'Relu', 'Sigmoid', 'Softplus', 'Tanh'] },
  }),
  'an LSTM of one step': layer('LSTM', { feeds: { x: numbers([1, ROWS, WIDTH], 5) } }),
  'a GRU': layer('GRU'),
  'a GRU that resets behind its weights': layer('GRU', { attributes: { linear_before_reset: 1 } }),
  'a GRU that resets behind its weights, without biases': layer('GRU', {
    biased: false,
    attributes: { linear_before_reset: 1 },
  }),
  'a GRU in both directions, with states': layer('GRU', { directions: 2, states: true }),
  'an RNN': layer('RNN', { states: true }),
  'an RNN in both directions': layer('RNN', { directions: 2, attributes: { activations: ['Relu', 'Tanh'] } }),
  'two layers of LSTM': { build: stacked, feeds: { x: numbers([LENGTH, ROWS, WIDTH], 9) } },
};
