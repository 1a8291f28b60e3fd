import { float } from '../../formats/onnx/index.ts';
import { mean, reshape, reshapeLike } from './layout.ts';
import type { Network } from './network.ts';
import { type GraphTensor, shownShape } from './shape.ts';

/** A scale and an offset, which may be absent. */
export interface Affine {
  readonly scale: GraphTensor | undefined;
  readonly offset: GraphTensor | undefined;
}

export interface Statistics extends Affine {
  readonly mean: GraphTensor;
  readonly variance: GraphTensor;
  readonly epsilon: number;
}

/** Numbers of channels, which are the second dimension, in a form that is combined with `x` element by element. */
export function perChannel(net: Network, values: GraphTensor, x: GraphTensor): GraphTensor {
  if (x.shape.length < 2) throw net.broken(`its input ${shownShape(x.shape)} has no channels`);
  net.expect(values, [x.shape[1]], 'a vector of its channels');
  return x.shape.length === 2 ? values : reshape(net, values, [values.shape[0], ...x.shape.slice(2).map(() => 1)]);
}

/** By the statistics of the training data, which the model holds. */
export function batchNormalization(net: Network, x: GraphTensor, statistics: Statistics): GraphTensor {
  const { mean: center, variance, scale, offset, epsilon } = statistics;
  checkEpsilon(net, epsilon);
  const deviation = net.unary('Sqrt', net.add(variance, epsilon));
  const factor = scale === undefined ? net.div(net.real(1), deviation) : net.div(scale, deviation);
  const scaled = net.mul(net.sub(x, perChannel(net, center, x)), perChannel(net, factor, x));
  return offset === undefined ? scaled : net.add(scaled, perChannel(net, offset, x));
}

/** Over the last dimensions, which are those of the scale. */
export function layerNormalization(
  net: Network,
  x: GraphTensor,
  shape: readonly number[],
  { scale, offset }: Affine,
  epsilon: number,
): GraphTensor {
  checkEpsilon(net, epsilon);
  const first = x.shape.length - shape.length;
  if (shape.length === 0 || first < 0) throw net.broken(`normalises ${shape.length} dimensions of ${x.shape.length}`);
  net.expect(x, [...x.shape.slice(0, first), ...shape]);
  const axes = shape.map((_, i) => first + i);
  const centered = net.sub(x, mean(net, x, axes));
  const variance = mean(net, net.mul(centered, centered), axes);
  const normal = net.div(centered, net.unary('Sqrt', net.add(variance, epsilon)));
  return affine(net, normal, scale, offset);
}

/** By the root of the mean of the squares of the last dimension. */
export function rmsNormalization(
  net: Network,
  x: GraphTensor,
  scale: GraphTensor | undefined,
  epsilon: number,
): GraphTensor {
  checkEpsilon(net, epsilon);
  const squares = mean(net, net.mul(x, x), [-1]);
  return affine(net, net.div(x, net.unary('Sqrt', net.add(squares, epsilon))), scale, undefined);
}

function affine(
  net: Network,
  x: GraphTensor,
  scale: GraphTensor | undefined,
  offset: GraphTensor | undefined,
): GraphTensor {
  const scaled = scale === undefined ? x : net.mul(x, scale);
  return offset === undefined ? scaled : net.add(scaled, offset);
}

/** Over the channels of a group and all of space. One group a channel is the normalisation of instances. */
export function groupNormalization(
  net: Network,
  x: GraphTensor,
  groups: number,
  { scale, offset }: Affine,
  epsilon: number,
): GraphTensor {
  checkEpsilon(net, epsilon);
  const [batch, channels] = x.shape;
  if (typeof channels !== 'number' || !(groups > 0) || channels % groups !== 0)
    throw net.broken(`${channels ?? '?'} channels do not have ${groups} groups`);
  const grouped = reshape(net, x, [batch, groups, undefined]);
  const centered = net.sub(grouped, mean(net, grouped, [2]));
  const variance = mean(net, net.mul(centered, centered), [2]);
  const normal = reshapeLike(net, net.div(centered, net.unary('Sqrt', net.add(variance, epsilon))), x);
  const scaled = scale === undefined ? normal : net.mul(normal, perChannel(net, scale, x));
  return offset === undefined ? scaled : net.add(scaled, perChannel(net, offset, x));
}

/** Across neighbouring channels: `x / (k + alpha / size * sum of squares) ** beta`. */
export function localResponse(
  net: Network,
  x: GraphTensor,
  {
    size,
    alpha,
    beta,
    k,
  }: { readonly size: number; readonly alpha: number; readonly beta: number; readonly k: number },
): GraphTensor {
  if (!Number.isSafeInteger(size) || size < 1) throw net.broken(`looks at ${size} channels`);
  if (size % 2 === 0) throw net.refuse('looks at an even number of channels');
  return net.unary('LRN', x, { size, alpha: float(alpha), beta: float(beta), bias: float(k) });
}

function checkEpsilon(net: Network, epsilon: number): void {
  if (!(epsilon >= 0 && epsilon < Number.POSITIVE_INFINITY)) throw net.broken(`its epsilon is ${epsilon}`);
}
