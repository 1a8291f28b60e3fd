import {
  axisOf,
  channelShuffle,
  flatten,
  type GraphTensor,
  type NewSizes,
  type PadMode,
  pad,
  pixelShuffle,
  pixelUnshuffle,
  type Resizing,
  reshape,
  resize,
} from '../../network/index.ts';
import type { ConverterTable, ModuleConverter } from '../converter.ts';
import type { TorchModule } from '../module.ts';

const FLATTEN: ModuleConverter = {
  forward: (module, x, { net }) => flatten(net, x, module.whole('start_dim'), module.whole('end_dim')),
};

const UNFLATTEN: ModuleConverter = {
  forward: (module, x, { net }) => {
    if (typeof module.raw('dim') !== 'number') throw module.refuse('its dimension has a name');
    const sizes = module.sizes('unflattened_size', module.list('unflattened_size').length);
    const at = axisOf(net, x, module.whole('dim'));
    if (sizes.filter((size) => size === -1).length > 1 || sizes.some((size) => size < -1))
      throw module.broken('its sizes are negative');
    const parts = sizes.map((size) => (size === -1 ? undefined : size));
    return reshape(net, x, [...x.shape.slice(0, at), ...parts, ...x.shape.slice(at + 1)]);
  },
};

function padding(mode: PadMode['kind'], space: number): ModuleConverter {
  return {
    forward: (module, x, { net }) => {
      const sizes = module.sizes('padding', 2 * space);
      // PyTorch lists the last dimension first.
      const pads = Array.from({ length: space }, (_, i): [number, number] => {
        const at = 2 * (space - 1 - i);
        return [sizes[at] ?? 0, sizes[at + 1] ?? 0];
      });
      const before = x.shape.slice(0, x.shape.length - space).map((): [number, number] => [0, 0]);
      return pad(net, x, mode === 'constant' ? { kind: mode, value: module.number('value') } : { kind: mode }, [
        ...before,
        ...pads,
      ]);
    },
  };
}

const UPSAMPLE: ModuleConverter = {
  forward: (module, x, { net }) => resize(net, x, newSizes(module, x), resizing(module)),
};

function newSizes(module: TorchModule, x: GraphTensor): NewSizes {
  const space = x.shape.length - 2;
  if (!module.lacks('size')) return { sizes: module.sizes('size', space) };
  const value = module.raw('scale_factor');
  const factors = typeof value === 'number' ? Array.from({ length: space }, () => value) : module.list('scale_factor');
  const known = factors.filter((factor) => typeof factor === 'number');
  if (known.length !== factors.length || known.length !== space)
    throw module.broken('its factors are not one for each dimension');
  if (module.flag('recompute_scale_factor', false) && !known.every((factor) => Number.isInteger(factor)))
    throw module.refuse('it computes its factors from sizes');
  return { factors: known };
}

function resizing(module: TorchModule): Resizing {
  const mode = module.choice('mode', ['nearest', 'nearest-exact', 'linear', 'bilinear', 'trilinear', 'bicubic']);
  if (mode === 'nearest') return { mode: 'nearest', coordinates: 'asymmetric', rounding: 'floor' };
  if (mode === 'nearest-exact') return { mode: 'nearest', coordinates: 'half_pixel', rounding: 'round_prefer_ceil' };
  // Before PyTorch 0.4, corners were aligned; None has been the other since.
  const corners = !module.lacks('align_corners') && module.flag('align_corners');
  return { mode: mode === 'bicubic' ? 'cubic' : 'linear', coordinates: corners ? 'align_corners' : 'half_pixel' };
}

const PADS = [
  ['Zero', 'constant'],
  ['Constant', 'constant'],
  ['Reflection', 'reflect'],
  ['Replication', 'edge'],
  ['Circular', 'wrap'],
] as const;

export const SHAPES: ConverterTable = {
  'torch.nn.modules.flatten.Flatten': FLATTEN,
  'torch.nn.modules.flatten.Unflatten': UNFLATTEN,
  'torch.nn.modules.upsampling.Upsample': UPSAMPLE,
  'torch.nn.modules.upsampling.UpsamplingNearest2d': UPSAMPLE,
  'torch.nn.modules.upsampling.UpsamplingBilinear2d': UPSAMPLE,
  'torch.nn.modules.pixelshuffle.PixelShuffle': {
    forward: (module, x, { net }) => pixelShuffle(net, x, module.whole('upscale_factor')),
  },
  'torch.nn.modules.pixelshuffle.PixelUnshuffle': {
    forward: (module, x, { net }) => pixelUnshuffle(net, x, module.whole('downscale_factor')),
  },
  'torch.nn.modules.channelshuffle.ChannelShuffle': {
    forward: (module, x, { net }) => channelShuffle(net, x, module.whole('groups')),
  },
  ...Object.fromEntries(
    PADS.flatMap(([name, mode]) =>
      [1, 2, 3].map((space) => [`torch.nn.modules.padding.${name}Pad${space}d`, padding(mode, space)]),
    ),
  ),
};
