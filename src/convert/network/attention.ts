import { softmax } from './activation.ts';
import { reshape, transpose } from './layout.ts';
import type { Network } from './network.ts';
import { type GraphTensor, shownShape } from './shape.ts';

/** [batch, length, heads * size] to [batch, heads, length, size]. */
export function splitHeads(net: Network, x: GraphTensor, heads: number): GraphTensor {
  const [batch, length, width] = x.shape;
  if (x.shape.length !== 3 || typeof width !== 'number' || !(heads > 0) || width % heads !== 0)
    throw net.broken(`${shownShape(x.shape)} does not have ${heads} heads`);
  return transpose(net, reshape(net, x, [batch, length, heads, width / heads]), [0, 2, 1, 3]);
}

/** [batch, heads, length, size] to [batch, length, heads * size]. */
export function mergeHeads(net: Network, x: GraphTensor): GraphTensor {
  const [batch, heads, length, size] = x.shape;
  if (x.shape.length !== 4 || typeof heads !== 'number' || typeof size !== 'number')
    throw net.broken(`${shownShape(x.shape)} does not have heads`);
  return reshape(net, transpose(net, x, [0, 2, 1, 3]), [batch, length, heads * size]);
}

export interface AttentionOptions {
  /** What products of queries and keys are multiplied by; 1 / sqrt(size) when absent. */
  readonly scale?: number;
  /** Added to the products: 0, or a large negative number for a key that is not looked at. */
  readonly mask?: GraphTensor;
}

/** `softmax(q k^T * scale + mask) v`. @param q [batch, heads, length, size]; k and v have the length of the keys */
export function attention(
  net: Network,
  q: GraphTensor,
  k: GraphTensor,
  v: GraphTensor,
  { scale, mask }: AttentionOptions = {},
): GraphTensor {
  const size = q.shape[3];
  if (q.shape.length !== 4 || k.shape.length !== 4 || typeof size !== 'number')
    throw net.broken(`${shownShape(q.shape)} are not queries`);
  const products = net.matmul(net.mul(q, scale ?? 1 / Math.sqrt(size)), transpose(net, k, [0, 1, 3, 2]));
  const masked = mask === undefined ? products : net.add(products, mask);
  return net.matmul(softmax(net, masked, -1), v);
}

/** A large negative number, whose exponential is 0. */
const HIDDEN = -1e9;

/** For a query at each place of `x`, 0 for keys up to it, and a large negative number behind. [length, length] @param axis of the length */
export function causalMask(net: Network, x: GraphTensor, axis: number): GraphTensor {
  const places = positions(net, x, axis);
  const rows = net.op('Unsqueeze', [places, net.ints([1])], { type: 'int64', shape: [x.shape[axis], 1] });
  return net.where(net.compare('GreaterOrEqual', rows, places), net.real(0), net.real(HIDDEN));
}

/** 0 where a mask is not 0, else a large negative number. */
export function hiddenWhere(net: Network, visible: GraphTensor): GraphTensor {
  return net.where(net.cast(visible, 'bool'), net.real(0), net.real(HIDDEN));
}

/** 0, 1, 2, ... along an axis. */
export function positions(net: Network, x: GraphTensor, axis: number): GraphTensor {
  const count = net.op('Squeeze', [net.size(x, axis), net.ints([0])], { type: 'int64', shape: [] });
  const [start, step] = [net.ops.ints([0], []), net.ops.ints([1], [])];
  return net.op('Range', [start, count, step], { type: 'int64', shape: [x.shape[axis]] });
}
