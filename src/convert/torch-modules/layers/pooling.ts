import { adaptivePool, averagePool, type GraphTensor, maxPool, type Padding, powerPool } from '../../network/index.ts';
import type { ConverterTable, ModuleConverter } from '../converter.ts';
import type { TorchModule } from '../module.ts';

/** The stride of a pool, which is its size when it is None or an empty tuple. */
function strides(module: TorchModule, space: number): number[] {
  const value = module.raw('stride');
  const isSize = module.lacks('stride') || (typeof value === 'object' && module.list('stride').length === 0);
  return module.sizes(isSize ? 'kernel_size' : 'stride', space);
}

function pads(module: TorchModule, space: number): Padding {
  return module.sizes('padding', space, 0).map((size): [number, number] => [size, size]);
}

function maximum(space: number): ModuleConverter {
  return {
    forward: (module, x, { net }) => {
      if (module.flag('return_indices', false)) throw module.refuse('it returns the places of the maxima, too');
      return maxPool(net, x, {
        kernel: module.sizes('kernel_size', space),
        strides: strides(module, space),
        dilations: module.sizes('dilation', space, 1),
        pads: pads(module, space),
        ceil: module.flag('ceil_mode', false),
      });
    },
  };
}

function average(space: number): ModuleConverter {
  return {
    forward: (module, x, { net }) =>
      averagePool(net, x, {
        kernel: module.sizes('kernel_size', space),
        strides: strides(module, space),
        pads: pads(module, space),
        ceil: module.flag('ceil_mode', false),
        countPads: module.flag('count_include_pad', true),
        divisor: module.lacks('divisor_override') ? undefined : module.number('divisor_override'),
      }),
  };
}

function power(space: number): ModuleConverter {
  return {
    forward: (module, x, { net }) => {
      const norm = module.number('norm_type');
      if (!(norm > 0)) throw module.refuse(`its norm is ${norm}`);
      const kernel = module.sizes('kernel_size', space);
      const ceil = module.flag('ceil_mode', false);
      return powerPool(net, x, norm, { kernel, strides: strides(module, space), ceil });
    },
  };
}

function adaptive(kind: 'average' | 'max', space: number): ModuleConverter {
  return {
    forward: (module, x, { net }): GraphTensor => {
      if (kind === 'max' && module.flag('return_indices', false))
        throw module.refuse('it returns the places of the maxima, too');
      return adaptivePool(net, x, kind, adaptiveSizes(module, space));
    },
  };
}

/** A size for each dimension, where None keeps that of the input. */
function adaptiveSizes(module: TorchModule, space: number): (number | undefined)[] {
  const value = module.raw('output_size');
  if (typeof value === 'number') return module.sizes('output_size', space);
  if (value === null) return Array.from({ length: space }, () => undefined);
  const sizes = module.list('output_size').map((size) => {
    if (size === null) return undefined;
    if (typeof size !== 'number') throw module.broken('output_size is not a list of sizes');
    return size;
  });
  if (sizes.length !== space) throw module.broken(`output_size has ${sizes.length} sizes instead of ${space}`);
  return sizes;
}

export const POOLS: ConverterTable = Object.fromEntries(
  [1, 2, 3].flatMap((space) => [
    [`torch.nn.modules.pooling.MaxPool${space}d`, maximum(space)],
    [`torch.nn.modules.pooling.AvgPool${space}d`, average(space)],
    [`torch.nn.modules.pooling.LPPool${space}d`, power(space)],
    [`torch.nn.modules.pooling.AdaptiveAvgPool${space}d`, adaptive('average', space)],
    [`torch.nn.modules.pooling.AdaptiveMaxPool${space}d`, adaptive('max', space)],
  ]),
);
