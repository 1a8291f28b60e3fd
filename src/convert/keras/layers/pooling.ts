import {
  averagePool,
  type GraphTensor,
  globalPool,
  maxPool,
  mean,
  type Network,
  reshape,
} from '../../network/index.ts';
import { KerasValue, type Layer, type LayerKind } from '../model/index.ts';
import { padsOf } from './convolution.ts';
import { inputOf } from './dense.ts';
import { spaceOf } from './space.ts';

function pooling(rank: number, kind: 'max' | 'average'): LayerKind {
  return {
    mask: 'dropped',
    convert(net, layer, [given]) {
      const space = spaceOf(net, layer, inputOf(layer, given).real(net), rank);
      const { config } = layer;
      const kernel = config.sizes(
        'pool_size',
        rank,
        Array.from({ length: rank }, () => 2),
      );
      const strides = config.value('strides') === undefined ? kernel : config.sizes('strides', rank);
      const padding = config.oneOf('padding', ['valid', 'same'], 'valid');
      const pads = padsOf(padding, { x: space.x, reaches: kernel, strides });
      const window = { kernel, strides, pads, ceil: false };
      const made =
        kind === 'max'
          ? maxPool(net, space.x, { ...window, dilations: kernel.map(() => 1) })
          : averagePool(net, space.x, { ...window, countPads: false, divisor: undefined });
      return space.back(made);
    },
  };
}

function globalPooling(rank: number, kind: 'max' | 'average'): LayerKind {
  return {
    mask: kind === 'average' && rank === 1 ? 'read' : 'dropped',
    convert(net, layer, [given]) {
      const x = inputOf(layer, given).real(net);
      const keep = layer.config.flag('keepdims', false);
      const space = spaceOf(net, layer, x, rank);
      const { mask } = x;
      const pooled =
        mask !== undefined && kind === 'average' && rank === 1
          ? maskedMean(net, layer, space.x, mask)
          : globalPool(net, space.x, kind);
      return keep ? space.back(pooled) : KerasValue.of(reshape(net, pooled, pooled.shape.slice(0, 2)));
    },
  };
}

/** The mean of the steps that count. @param x [batch, channels, steps] */
function maskedMean(net: Network, layer: Layer, x: GraphTensor, mask: GraphTensor): GraphTensor {
  if (mask.shape.length !== 2) throw layer.refuse('has a mask that is not one of steps');
  const counts = net.op('Unsqueeze', [mask, net.ints([1])], { type: 'bool', shape: [mask.shape[0], 1, mask.shape[1]] });
  const kept = net.where(counts, x, net.real(0));
  // Both means are over all steps, which their quotient does not depend on.
  return net.div(mean(net, kept, [2]), mean(net, net.cast(counts, 'float32'), [2]));
}

export const KERAS_POOLS: Readonly<Record<string, LayerKind>> = {
  MaxPooling1D: pooling(1, 'max'),
  MaxPooling2D: pooling(2, 'max'),
  MaxPooling3D: pooling(3, 'max'),
  AveragePooling1D: pooling(1, 'average'),
  AveragePooling2D: pooling(2, 'average'),
  AveragePooling3D: pooling(3, 'average'),
  GlobalMaxPooling1D: globalPooling(1, 'max'),
  GlobalMaxPooling2D: globalPooling(2, 'max'),
  GlobalMaxPooling3D: globalPooling(3, 'max'),
  GlobalAveragePooling1D: globalPooling(1, 'average'),
  GlobalAveragePooling2D: globalPooling(2, 'average'),
  GlobalAveragePooling3D: globalPooling(3, 'average'),
};
