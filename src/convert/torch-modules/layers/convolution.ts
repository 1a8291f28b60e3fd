import {
  type Convolution,
  convolve,
  convolveTransposed,
  type GraphTensor,
  type Padding,
  pad,
} from '../../network/index.ts';
import type { ConverterTable, ModuleContext, ModuleConverter, ModuleInput } from '../converter.ts';
import type { TorchModule } from '../module.ts';

const MODES = { reflect: 'reflect', replicate: 'edge', circular: 'wrap' } as const;
const SPACE = [['length'], ['height', 'width'], ['depth', 'height', 'width']] as const;

/** Images, or what has another number of dimensions of space. */
export function spaceInput(channels: number, space: number): ModuleInput {
  return { type: 'float32', shape: ['batch', channels, ...(SPACE[space - 1] ?? [])] };
}

function convolution(space: number): ModuleConverter {
  return {
    forward: (module, x, context) => forward(module, x, space, context),
    input: (module) => spaceInput(module.whole('in_channels'), space),
  };
}

function forward(module: TorchModule, x: GraphTensor, space: number, context: ModuleContext): GraphTensor {
  const { net } = context;
  const mode = module.choice('padding_mode', ['zeros', 'reflect', 'replicate', 'circular'], 'zeros');
  const options = { ...common(module, space), pads: padsOf(module, space) };
  const kernel = context.weight(module, 'weight');
  const bias = context.optional(module, 'bias');
  if (mode === 'zeros') return convolve(net, x, kernel, bias, options);
  checkRepeated(module, options.pads);
  const padded = pad(net, x, { kind: MODES[mode] }, [[0, 0], [0, 0], ...options.pads]);
  return convolve(net, padded, kernel, bias, { ...options, pads: options.pads.map((): [number, number] => [0, 0]) });
}

/** Since PyTorch 1.5, these modes take the padding from a list of its own, the last dimension first. */
function checkRepeated(module: TorchModule, pads: Padding): void {
  const name = '_reversed_padding_repeated_twice';
  const expected = [...pads].reverse().flat();
  if (!module.lacks(name) && `${module.sizes(name, expected.length)}` !== `${expected}`)
    throw module.refuse('the padding that it computes with is not its padding');
}

function common(module: TorchModule, space: number): Omit<Convolution, 'pads'> {
  return {
    strides: module.sizes('stride', space),
    dilations: module.sizes('dilation', space),
    groups: module.whole('groups'),
  };
}

/** Sizes, or a word: `same` has the odd element behind. */
function padsOf(module: TorchModule, space: number): Padding {
  if (typeof module.raw('padding') !== 'string')
    return module.sizes('padding', space).map((size): [number, number] => [size, size]);
  if (module.choice('padding', ['same', 'valid']) === 'valid')
    return Array.from({ length: space }, () => [0, 0] as const);
  const kernel = module.sizes('kernel_size', space);
  return module.sizes('dilation', space).map((dilation, axis): [number, number] => {
    const total = dilation * ((kernel[axis] ?? 1) - 1);
    return [Math.floor(total / 2), Math.ceil(total / 2)];
  });
}

function transposed(space: number): ModuleConverter {
  return {
    forward: (module, x, context) => {
      const pads = module.sizes('padding', space).map((size): [number, number] => [size, size]);
      module.choice('padding_mode', ['zeros'], 'zeros');
      const outputPads = module.sizes('output_padding', space);
      const options = { ...common(module, space), pads, outputPads };
      return convolveTransposed(
        context.net,
        x,
        context.weight(module, 'weight'),
        context.optional(module, 'bias'),
        options,
      );
    },
    input: (module) => spaceInput(module.whole('in_channels'), space),
  };
}

export const CONVOLUTIONS: ConverterTable = {
  'torch.nn.modules.conv.Conv1d': convolution(1),
  'torch.nn.modules.conv.Conv2d': convolution(2),
  'torch.nn.modules.conv.Conv3d': convolution(3),
  'torch.nn.modules.conv.ConvTranspose1d': transposed(1),
  'torch.nn.modules.conv.ConvTranspose2d': transposed(2),
  'torch.nn.modules.conv.ConvTranspose3d': transposed(3),
};
