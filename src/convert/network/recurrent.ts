import { concat, reshape, split, takeOne, transpose, unsqueeze } from './layout.ts';
import type { Network } from './network.ts';
import { type GraphTensor, shownShape } from './shape.ts';

/** The order in which ONNX has the gates. */
const GATES = { lstm: 'iofc', gru: 'zrh', rnn: 'h' } as const;

export type Cell = keyof typeof GATES;

/** The weights of one direction: the blocks of gates one below the other. */
export interface CellWeights {
  /** [gates * hidden, in], and [gates * hidden, hidden]. */
  readonly input: GraphTensor;
  readonly hidden: GraphTensor;
  /** [gates * hidden], each. */
  readonly inputBias: GraphTensor | undefined;
  readonly hiddenBias: GraphTensor | undefined;
}

export interface Recurrence {
  readonly cell: Cell;
  /** The gates in the order of the weights: `i` input, `f` forget, `c` cell, `o` output; `z` update, `r` reset, `h` new. */
  readonly gates: string;
  readonly hidden: number;
  /** Forward, backward or both; weights of both are in this order. */
  readonly direction: 'forward' | 'reverse' | 'bidirectional';
  /** Of a gated unit: the reset gate is applied behind the hidden weights, with their bias. */
  readonly resetAfter?: boolean;
  /** The names of ONNX; its defaults when absent. One list for each direction is made of it. */
  readonly activations?: readonly string[];
  /** [directions, batch, hidden]: zeros when absent. */
  readonly initialHidden?: GraphTensor;
  readonly initialCell?: GraphTensor;
}

export interface RecurrentResult {
  /** [length, batch, directions * hidden] */
  readonly sequence: GraphTensor;
  /** [directions, batch, hidden] */
  readonly hidden: GraphTensor;
  readonly cell: GraphTensor | undefined;
}

/** One layer of a recurrent network. @param x [length, batch, in] @param weights of each direction */
export function recur(
  net: Network,
  x: GraphTensor,
  weights: readonly CellWeights[],
  options: Recurrence,
): RecurrentResult {
  const { cell, hidden, direction, activations, resetAfter } = options;
  const directions = direction === 'bidirectional' ? 2 : 1;
  const [length, batch, width] = x.shape;
  if (x.shape.length !== 3 || weights.length !== directions)
    throw net.broken(`its input ${shownShape(x.shape)} or its weights do not fit ${directions} directions`);
  const rows = options.gates.length * hidden;
  for (const { input, hidden: own, inputBias, hiddenBias } of weights) {
    net.expect(input, [rows, width], 'a weight of its input');
    net.expect(own, [rows, hidden], 'a weight of its state');
    for (const bias of [inputBias, hiddenBias]) if (bias !== undefined) net.expect(bias, [rows], 'a bias');
  }
  const stacked = (part: (one: CellWeights) => GraphTensor) =>
    concat(
      net,
      weights.map((one) => unsqueeze(net, ordered(net, part(one), options), 0)),
      0,
    );
  const isBiased = weights.some(({ inputBias, hiddenBias }) => inputBias !== undefined || hiddenBias !== undefined);
  const zeros = () => net.reals(new Float32Array(rows));
  const bias = isBiased
    ? concat(
        net,
        weights.map(({ inputBias, hiddenBias }) => {
          const both = [inputBias ?? zeros(), hiddenBias ?? zeros()].map((one) => ordered(net, one, options));
          return unsqueeze(net, concat(net, both, 0), 0);
        }),
        0,
      )
    : undefined;
  const state = [directions, batch, hidden];
  const results = [[length, directions, batch, hidden], state, ...(cell === 'lstm' ? [state] : [])];
  const given = [x, stacked(({ input }) => input), stacked((one) => one.hidden), bias, undefined];
  const initial = [options.initialHidden, ...(cell === 'lstm' ? [options.initialCell] : [])];
  const [all, last, lastCell] = net.opMany(
    cell.toUpperCase(),
    [...given, ...initial],
    results.map((shape) => ({ type: x.type, shape })),
    {
      hidden_size: hidden,
      direction,
      ...(activations === undefined
        ? {}
        : { activations: Array.from({ length: directions }, () => activations).flat() }),
      ...(cell === 'gru' ? { linear_before_reset: resetAfter === true } : {}),
    },
  );
  if (all === undefined || last === undefined) throw net.broken('has no result');
  return { sequence: sideBySide(net, all, directions, hidden), hidden: last, cell: lastCell };
}

/** [length, directions, batch, hidden] to [length, batch, directions * hidden]. */
function sideBySide(net: Network, all: GraphTensor, directions: number, hidden: number): GraphTensor {
  if (directions === 1) return takeOne(net, all, 1, 0);
  const [length, , batch] = all.shape;
  return reshape(net, transpose(net, all, [0, 2, 1, 3]), [length, batch, directions * hidden]);
}

/** The blocks of gates in the order of ONNX. */
function ordered(net: Network, weight: GraphTensor, { cell, gates }: Recurrence): GraphTensor {
  const wanted = GATES[cell];
  if ([...gates].sort().join('') !== [...wanted].sort().join(''))
    throw net.broken(`the gates ${gates} are not those of ${cell}`);
  if (gates === wanted) return weight;
  const blocks = split(net, weight, 0, gates.length);
  const chosen = [...wanted].flatMap((gate) => blocks[gates.indexOf(gate)] ?? []);
  return concat(net, chosen, 0);
}
