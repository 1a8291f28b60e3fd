import { reshape, transpose } from './layout.ts';
import { differ, type Network } from './network.ts';
import { type GraphSize, type GraphTensor, shownShape } from './shape.ts';
import { checkWindow, type Padding, padList, reach, stepsOver, type Window, windowAttributes } from './window.ts';

export interface Convolution extends Omit<Window, 'kernel'> {
  readonly groups: number;
}

/**
 * A convolution over one, two or three dimensions. @param kernel [out, in / groups, ...space]
 * @throws AssayError `malformed` where the channels are others than those of the kernel
 */
export function convolve(
  net: Network,
  x: GraphTensor,
  kernel: GraphTensor,
  bias: GraphTensor | undefined,
  options: Convolution,
): GraphTensor {
  const { space, out, inner } = kernelSizes(net, x, kernel);
  const { groups } = options;
  if (!isGroups(groups, out) || differ(x.shape[1], inner * groups)) throw mismatch(net, x, kernel);
  const window = { ...options, kernel: space };
  checkWindow(net, x, window);
  if (bias !== undefined) net.expect(bias, [out], 'its bias');
  const sizes = x.shape.slice(2).map((size, axis) => stepsOver(net, size, window, axis));
  const attributes = { ...windowAttributes(window), group: groups };
  return net.op('Conv', [x, kernel, bias], { type: x.type, shape: [x.shape[0], out, ...sizes] }, attributes);
}

export interface TransposedConvolution extends Omit<Convolution, 'pads'> {
  /** What is cut off before and behind the result, for each dimension. */
  readonly pads: Padding;
  /** What is added behind it. */
  readonly outputPads: readonly number[];
}

/** The transposed convolution. @param kernel [in, out / groups, ...space] */
export function convolveTransposed(
  net: Network,
  x: GraphTensor,
  kernel: GraphTensor,
  bias: GraphTensor | undefined,
  options: TransposedConvolution,
): GraphTensor {
  const { space, out: input, inner } = kernelSizes(net, x, kernel);
  const { groups, pads, outputPads, strides, dilations } = options;
  if (!isGroups(groups, input) || differ(x.shape[1], input)) throw mismatch(net, x, kernel);
  const window = { ...options, kernel: space };
  checkWindow(net, x, window);
  if (outputPads.length !== space.length || outputPads.some((pad) => !Number.isSafeInteger(pad) || pad < 0))
    throw net.broken('the padding of its output is not a whole number for each dimension');
  const out = inner * groups;
  if (bias !== undefined) net.expect(bias, [out], 'its bias');
  const sizes = x.shape.slice(2).map((size, axis): GraphSize => {
    if (typeof size !== 'number') return undefined;
    const [before = 0, behind = 0] = pads[axis] ?? [];
    const made = (size - 1) * (strides[axis] ?? 1) + reach(window, axis) + (outputPads[axis] ?? 0) - before - behind;
    if (made < 1) throw net.broken('its result has no elements');
    return made;
  });
  const attributes = {
    kernel_shape: space,
    strides,
    dilations,
    pads: padList(pads),
    output_padding: outputPads,
    group: groups,
  };
  return net.op('ConvTranspose', [x, kernel, bias], { type: x.type, shape: [x.shape[0], out, ...sizes] }, attributes);
}

function kernelSizes(net: Network, x: GraphTensor, { shape }: GraphTensor) {
  const sizes = shape.filter((size) => typeof size === 'number');
  const [out = 0, inner = 0, ...space] = sizes;
  if (sizes.length !== shape.length || sizes.length !== x.shape.length || sizes.includes(0))
    throw net.broken(`its kernel ${shownShape(shape)} does not fit an input of ${x.shape.length} dimensions`);
  return { out, inner, space };
}

function isGroups(groups: number, channels: number): boolean {
  return Number.isSafeInteger(groups) && groups > 0 && channels % groups === 0;
}

function mismatch(net: Network, x: GraphTensor, kernel: GraphTensor) {
  return net.broken(`its kernel ${shownShape(kernel.shape)} does not fit an input ${shownShape(x.shape)}`);
}

/** Channels in blocks become larger images: [n, c * f * f, h, w] to [n, c, h * f, w * f]. */
export function pixelShuffle(net: Network, x: GraphTensor, factor: number): GraphTensor {
  const [batch, channels, height, width] = images(net, x);
  if (typeof channels !== 'number' || factor < 1 || channels % (factor * factor) !== 0)
    throw net.broken(`${channels ?? '?'} channels do not have blocks of ${factor}`);
  const shape = [batch, channels / (factor * factor), times(height, factor), times(width, factor)];
  return net.op('DepthToSpace', [x], { type: x.type, shape }, { blocksize: factor, mode: 'CRD' });
}

/** Larger images become channels: [n, c, h * f, w * f] to [n, c * f * f, h, w]. */
export function pixelUnshuffle(net: Network, x: GraphTensor, factor: number): GraphTensor {
  const [batch, channels, height, width] = images(net, x);
  if (typeof channels !== 'number' || typeof height !== 'number' || typeof width !== 'number')
    throw net.refuse('the size of the images is not known', 'give the shape of the input: --input-shape 3,224,224');
  const [rows, columns] = [height / factor, width / factor];
  if (!Number.isSafeInteger(rows) || !Number.isSafeInteger(columns))
    throw net.broken(`an image does not have blocks of ${factor}`);
  const blocks = reshape(net, x, [batch, channels, rows, factor, columns, factor]);
  const moved = transpose(net, blocks, [0, 1, 3, 5, 2, 4]);
  return reshape(net, moved, [batch, channels * factor * factor, rows, columns]);
}

/** Exchanges the channels of groups: those of one group are spread over all. */
export function channelShuffle(net: Network, x: GraphTensor, groups: number): GraphTensor {
  const [batch, channels, ...space] = x.shape;
  if (typeof channels !== 'number' || !isGroups(groups, channels))
    throw net.broken(`${channels ?? '?'} channels do not have ${groups} groups`);
  const last = space.length === 0 ? [] : [undefined];
  const grouped = reshape(net, x, [batch, groups, channels / groups, ...last]);
  const moved = transpose(net, grouped, last.length === 0 ? [0, 2, 1] : [0, 2, 1, 3]);
  const shuffled = net.op('Reshape', [moved, net.sizes(x)], { type: x.type, shape: x.shape });
  return shuffled;
}

function images(net: Network, x: GraphTensor): readonly GraphSize[] {
  if (x.shape.length !== 4) throw net.broken(`its input ${shownShape(x.shape)} does not hold images`);
  return x.shape;
}

function times(size: GraphSize, factor: number): GraphSize {
  return typeof size === 'number' ? size * factor : undefined;
}
