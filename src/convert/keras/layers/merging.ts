import { concat, type Elementwise, type GraphTensor, type Network, reshape, swapAxes } from '../../network/index.ts';
import { KerasValue, type Layer, type LayerKind } from '../model/index.ts';
import { unit } from './normalization.ts';

/** Combines inputs element by element. Inputs of fewer dimensions get ones behind the batch, as in Keras. */
export function elementwise(
  op: Elementwise,
  finish: (net: Network, x: GraphTensor, count: number) => GraphTensor = (_, x) => x,
): LayerKind {
  return {
    // Versions differ on what becomes of the masks.
    mask: 'refused',
    convert(net, layer, inputs) {
      const reals = inputs.map((x) => x.real(net));
      if (reals.length < 2) throw layer.broken(`has ${reals.length} inputs`);
      if (op === 'Sub' && reals.length !== 2) throw layer.broken(`has ${reals.length} inputs, not 2`);
      const rank = Math.max(...reals.map((x) => x.shape.length));
      const isMoved = reals.every((x) => x.isMoved && x.shape.length === rank);
      const given = reals.map((x) => (isMoved ? x.moved(net) : widened(net, x.plain(net), rank)));
      const made = given.slice(1).reduce((sum, x) => net.binary(op, sum, x), given[0] ?? net.real(0));
      const result = finish(net, made, reals.length);
      return isMoved ? KerasValue.ofMoved(result) : KerasValue.of(result);
    },
  };
}

function widened(net: Network, x: GraphTensor, rank: number): GraphTensor {
  const missing = rank - x.shape.length;
  if (missing === 0) return x;
  const [batch, ...others] = x.shape;
  const ones = Array.from({ length: missing }, () => 1);
  return reshape(net, x, [batch, ...ones, ...others]);
}

const CONCATENATE: LayerKind = {
  mask: 'refused',
  convert(net, layer, inputs) {
    const [first] = inputs;
    if (first === undefined) throw layer.broken('has no input');
    const rank = first.shape.length;
    const axis = layer.config.whole('axis', -1);
    const from = axis < 0 ? axis + rank : axis;
    if (from < 1 || from >= rank) throw layer.broken(`has the axis ${axis} of inputs of ${rank} dimensions`);
    const same = inputs.every((x) => x.type === first.type) ? inputs : inputs.map((x) => x.real(net));
    if (rank > 2 && same.every((x) => x.isMoved)) {
      const moved = same.map((x) => x.moved(net));
      return KerasValue.ofMoved(concat(net, moved, from === rank - 1 ? 1 : from + 1));
    }
    const plain = same.map((x) => x.plain(net));
    return KerasValue.of(concat(net, plain, from));
  },
};

const DOT: LayerKind = {
  mask: 'refused',
  convert(net, layer, inputs) {
    const [first, second, ...others] = inputs.map((x) => x.real(net).plain(net));
    if (first === undefined || second === undefined || others.length > 0)
      throw layer.broken(`has ${inputs.length} inputs, not 2`);
    const axes = layer.config.wholes('axes', 2, -(2 ** 31));
    const [left = 0, right = 0] = [first, second].map((x, i) => axisOf(layer, axes[i] ?? -1, x.shape.length));
    const isNormal = layer.config.flag('normalize', false);
    const [a, b] = isNormal ? [unit(net, layer, first, [left]), unit(net, layer, second, [right])] : [first, second];
    // The dimension that is summed is the last of one, and the one before the last of the other.
    if (a.shape.length === 2 && b.shape.length === 2) {
      const sum = net.op(
        'ReduceSum',
        [net.mul(a, b), net.ints([1])],
        { type: a.type, shape: [a.shape[0], 1] },
        { keepdims: 1 },
      );
      return KerasValue.of(sum);
    }
    if (a.shape.length !== 3 || b.shape.length !== 3)
      throw layer.refuse('has inputs that are not of 2 or 3 dimensions');
    return KerasValue.of(net.matmul(left === 2 ? a : swapAxes(net, a, 1, 2), right === 1 ? b : swapAxes(net, b, 1, 2)));
  },
};

function axisOf(layer: Layer, axis: number, rank: number): number {
  const from = axis < 0 ? axis + rank : axis;
  if (from < 1 || from >= rank) throw layer.broken(`has the axis ${axis} of an input of ${rank} dimensions`);
  return from;
}

export const MERGES: Readonly<Record<string, LayerKind>> = {
  Add: elementwise('Add'),
  Subtract: elementwise('Sub'),
  Multiply: elementwise('Mul'),
  Maximum: elementwise('Max'),
  Minimum: elementwise('Min'),
  Average: elementwise('Add', (net, x, count) => net.div(x, count)),
  Concatenate: CONCATENATE,
  Dot: DOT,
};
