import { convolve, convolveTransposed, type GraphTensor, type Network, type Padding } from '../../network/index.ts';
import type { Layer, LayerKind } from '../model/index.ts';
import { activated } from './activations.ts';
import { biasOf, inputOf, kernelAndBias } from './dense.ts';
import { spaceOf } from './space.ts';

/** How a window moves over space, as a layer says it. */
function windowOf(layer: Layer, rank: number, x: GraphTensor) {
  const { config } = layer;
  const kernel = config.sizes('kernel_size', rank);
  const strides = config.sizes(
    'strides',
    rank,
    kernel.map(() => 1),
  );
  const dilations = config.sizes(
    'dilation_rate',
    rank,
    kernel.map(() => 1),
  );
  const reaches = kernel.map((size, i) => (size - 1) * (dilations[i] ?? 1) + 1);
  const padding = config.oneOf('padding', ['valid', 'same', 'causal'], 'valid');
  if (padding === 'causal' && rank !== 1) throw layer.refuse('is causal in more than one dimension');
  return { kernel, strides, dilations, pads: padsOf(padding, { x, reaches, strides }) };
}

/**
 * What is added before and behind each dimension of space. The odd element of `same` is behind; where the size is not known, the
 * runtime finds it.
 */
export function padsOf(
  padding: 'valid' | 'same' | 'causal',
  {
    x,
    reaches,
    strides,
  }: { readonly x: GraphTensor; readonly reaches: readonly number[]; readonly strides: readonly number[] },
): Padding | 'same-upper' {
  if (padding === 'valid') return reaches.map((): [number, number] => [0, 0]);
  if (padding === 'causal') return reaches.map((reach): [number, number] => [reach - 1, 0]);
  const totals = reaches.map((reach, i) => {
    const [size, stride = 1] = [x.shape[i + 2], strides[i]];
    if (stride === 1) return reach - 1;
    return typeof size === 'number' ? Math.max(0, (Math.ceil(size / stride) - 1) * stride + reach - size) : undefined;
  });
  const known = totals.filter((total) => total !== undefined);
  if (known.length < totals.length) return 'same-upper';
  return known.map((total): [number, number] => [Math.floor(total / 2), total - Math.floor(total / 2)]);
}

function convolution(rank: number): LayerKind {
  return {
    mask: 'dropped',
    variables: (layer) => kernelAndBias(layer, 'kernel'),
    convert(net, layer, [given]) {
      const space = spaceOf(net, layer, inputOf(layer, given).real(net), rank);
      const [filters, groups] = [layer.config.size('filters'), layer.config.size('groups', 1)];
      const { kernel: sizes, ...window } = windowOf(layer, rank, space.x);
      // [...space, in, out] in Keras, [out, in, ...space] in ONNX.
      const order = [rank + 1, rank, ...sizes.keys()];
      const kernel = layer.weight(net, 'kernel', [...sizes, undefined, filters], order);
      const made = convolve(net, space.x, kernel, biasOf(net, layer, filters), { ...window, groups });
      return activated(net, layer, space.back(made));
    },
  };
}

/** A kernel for each channel: the result has the channels of `depth_multiplier` kernels for each. */
function depthwise(net: Network, layer: Layer, x: GraphTensor, rank: number, kernelName: string, bias: boolean) {
  const { kernel: sizes, ...window } = windowOf(layer, rank, x);
  const channels = x.shape[1];
  if (typeof channels !== 'number') throw layer.refuse('has an input whose channels are not known');
  const multiplier = layer.config.size('depth_multiplier', 1);
  const kernel = layer.depthwise(net, kernelName, [...sizes, channels, multiplier]);
  const offset = bias ? biasOf(net, layer, channels * multiplier) : undefined;
  return convolve(net, x, kernel, offset, { ...window, groups: channels });
}

function depthwiseConvolution(rank: number): LayerKind {
  return {
    mask: 'dropped',
    variables: (layer) => kernelAndBias(layer, layer.context.keras === 2 ? 'depthwise_kernel' : 'kernel'),
    convert(net, layer, [given]) {
      const space = spaceOf(net, layer, inputOf(layer, given).real(net), rank);
      // Keras 2 writes these two of a convolution, which do not count here.
      layer.config.ignore('filters', 'groups');
      const name = layer.context.keras === 2 ? 'depthwise_kernel' : 'kernel';
      return activated(net, layer, space.back(depthwise(net, layer, space.x, rank, name, true)));
    },
  };
}

function separableConvolution(rank: number): LayerKind {
  return {
    mask: 'dropped',
    variables: (layer) => kernelAndBias(layer, 'depthwise_kernel', 'pointwise_kernel'),
    convert(net, layer, [given]) {
      const space = spaceOf(net, layer, inputOf(layer, given).real(net), rank);
      const filters = layer.config.size('filters');
      if (layer.config.size('groups', 1) !== 1) throw layer.refuse('has groups');
      const middle = depthwise(net, layer, space.x, rank, 'depthwise_kernel', false);
      const ones = Array.from({ length: rank }, () => 1);
      const channels = typeof middle.shape[1] === 'number' ? middle.shape[1] : undefined;
      const order = [rank + 1, rank, ...ones.keys()];
      const kernel = layer.weight(net, 'pointwise_kernel', [...ones, channels, filters], order);
      const pads = ones.map((): [number, number] => [0, 0]);
      const window = { strides: ones, dilations: ones, pads, groups: 1 };
      const made = convolve(net, middle, kernel, biasOf(net, layer, filters), window);
      return activated(net, layer, space.back(made));
    },
  };
}

function transposedConvolution(rank: number): LayerKind {
  return {
    mask: 'dropped',
    variables: (layer) => kernelAndBias(layer, 'kernel'),
    convert(net, layer, [given]) {
      const space = spaceOf(net, layer, inputOf(layer, given).real(net), rank);
      const { config } = layer;
      const filters = config.size('filters');
      if (config.size('groups', 1) !== 1) throw layer.refuse('has groups');
      const kernelSizes = config.sizes('kernel_size', rank);
      const strides = config.sizes(
        'strides',
        rank,
        kernelSizes.map(() => 1),
      );
      const dilations = config.sizes(
        'dilation_rate',
        rank,
        kernelSizes.map(() => 1),
      );
      const padding = config.oneOf('padding', ['valid', 'same'], 'valid');
      const output = config.value('output_padding');
      const outputs = output === undefined ? undefined : config.wholes('output_padding', rank, 0);
      if (outputs !== undefined && dilations.some((one) => one > 1))
        throw layer.refuse('has an output_padding and a dilation');
      // Elements of the whole result that are cut off, half of them before; fewer than none are added behind.
      const cut = kernelSizes.map((size, i) => {
        const [reach, stride] = [(size - 1) * (dilations[i] ?? 1) + 1, strides[i] ?? 1];
        const added = outputs?.[i];
        if (added === undefined) return padding === 'same' ? reach - stride : -Math.max(0, stride - reach);
        return padding === 'same' ? 2 * Math.floor(reach / 2) - added : -added;
      });
      const pads = cut.map((total): [number, number] => {
        const before = Math.floor(Math.max(0, total) / 2);
        return [before, Math.max(0, total) - before];
      });
      const outputPads = cut.map((total) => Math.max(0, -total));
      // [...space, out, in] in Keras, [in, out, ...space] in ONNX.
      const order = [rank + 1, rank, ...kernelSizes.keys()];
      const kernel = layer.weight(net, 'kernel', [...kernelSizes, filters, undefined], order);
      const options = { strides, dilations, pads, outputPads, groups: 1 };
      const made = convolveTransposed(net, space.x, kernel, biasOf(net, layer, filters), options);
      return activated(net, layer, space.back(made));
    },
  };
}

export const KERAS_CONVOLUTIONS: Readonly<Record<string, LayerKind>> = {
  Conv1D: convolution(1),
  Conv2D: convolution(2),
  Conv3D: convolution(3),
  Convolution1D: convolution(1),
  Convolution2D: convolution(2),
  Convolution3D: convolution(3),
  DepthwiseConv1D: depthwiseConvolution(1),
  DepthwiseConv2D: depthwiseConvolution(2),
  SeparableConv1D: separableConvolution(1),
  SeparableConv2D: separableConvolution(2),
  Conv1DTranspose: transposedConvolution(1),
  Conv2DTranspose: transposedConvolution(2),
  Conv3DTranspose: transposedConvolution(3),
};
