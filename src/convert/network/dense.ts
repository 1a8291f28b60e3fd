import { transpose } from './layout.ts';
import { differ, type Network } from './network.ts';
import { type GraphSize, type GraphTensor, shownShape } from './shape.ts';

/** `x @ weight + bias` over the last dimension. @param weight [in, out] */
export function dense(net: Network, x: GraphTensor, weight: GraphTensor, bias?: GraphTensor): GraphTensor {
  const [input, output] = weight.shape;
  if (weight.shape.length !== 2 || x.shape.length < 1 || differ(x.shape.at(-1), input))
    throw net.broken(`its weight ${shownShape(weight.shape)} does not fit an input ${shownShape(x.shape)}`);
  if (bias !== undefined) net.expect(bias, [output], 'its bias');
  const product = net.op('MatMul', [x, weight], { type: x.type, shape: [...x.shape.slice(0, -1), output] });
  return bias === undefined ? product : net.add(product, bias);
}

/** As `dense`, with a weight of [out, in]. */
export function linear(net: Network, x: GraphTensor, weight: GraphTensor, bias?: GraphTensor): GraphTensor {
  return dense(net, x, matrixTransposed(net, weight), bias);
}

function matrixTransposed(net: Network, weight: GraphTensor): GraphTensor {
  if (weight.shape.length !== 2) throw net.broken(`its weight ${shownShape(weight.shape)} is not a matrix`);
  return transpose(net, weight, [1, 0]);
}

/** The rows of a table, one for each index. @param indexes whole numbers of any shape */
export function embed(net: Network, table: GraphTensor, indexes: GraphTensor): GraphTensor {
  const [, width] = table.shape;
  if (table.shape.length !== 2) throw net.broken(`its table ${shownShape(table.shape)} is not a matrix`);
  if (indexes.type !== 'int64' && indexes.type !== 'int32') throw net.broken('its input is not whole numbers');
  const shape: GraphSize[] = [...indexes.shape, width];
  return net.op('Gather', [table, indexes], { type: table.type, shape }, { axis: 0 });
}

/** For each pair of features: `x1 @ weight[out] @ x2`. @param weight [out, in1, in2] */
export function bilinear(
  net: Network,
  first: GraphTensor,
  second: GraphTensor,
  weight: GraphTensor,
  bias: GraphTensor | undefined,
): GraphTensor {
  const [out, left, right] = weight.shape;
  if (weight.shape.length !== 3 || first.shape.length !== 2 || second.shape.length !== 2)
    throw net.refuse('has inputs that are not matrices');
  net.expect(first, [undefined, left]);
  net.expect(second, [undefined, right]);
  const shape = [first.shape[0], out];
  const product = net.op('Einsum', [first, weight, second], { type: first.type, shape }, { equation: 'bi,oij,bj->bo' });
  return bias === undefined ? product : net.add(product, bias);
}
