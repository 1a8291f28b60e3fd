import {
  batchNormalization,
  channelShuffle,
  concat,
  type GraphTensor,
  globalPool,
  layerNormalization,
  split,
  transpose,
} from '../../network/index.ts';
import type { ConverterTable, ModuleContext, ModuleConverter } from '../converter.ts';
import type { TorchModule } from '../module.ts';

/** Some modules within, one after the other. */
export function runChildren(
  module: TorchModule,
  x: GraphTensor,
  context: ModuleContext,
  names: readonly string[],
): GraphTensor {
  return names.reduce((y, name) => context.run(module.child(name), y), x);
}

/** The input is added to the result of these modules, through a module of its own where there is one. */
function residual(names: readonly string[], shortcut: string): ModuleConverter {
  return {
    forward: (module, x, context) => {
      const own = module.childOrNone(shortcut);
      const sum = context.net.add(runChildren(module, x, context, names), own === undefined ? x : context.run(own, x));
      return context.run(module.child('relu'), sum);
    },
  };
}

/** The input is added to the result of one module where a flag says so. */
function added(name: string, flag: string): ModuleConverter {
  return {
    forward: (module, x, context) => {
      const result = context.run(module.child(name), x);
      return module.flag(flag) ? context.net.add(result, x) : result;
    },
  };
}

const FIRE: ModuleConverter = {
  forward: (module, x, context) => {
    const squeezed = runChildren(module, x, context, ['squeeze', 'squeeze_activation']);
    const wide = ['expand1x1', 'expand3x3'].map((name) =>
      runChildren(module, squeezed, context, [name, `${name}_activation`]),
    );
    return concat(context.net, wide, 1);
  },
};

const SQUEEZE: ModuleConverter = {
  forward: (module, x, context) =>
    context.net.mul(runChildren(module, x, context, ['avgpool', 'fc1', 'activation', 'fc2', 'scale_activation']), x),
};

const DENSE_LAYER: ModuleConverter = {
  forward: (module, x, context) =>
    runChildren(module, x, context, ['norm1', 'relu1', 'conv1', 'norm2', 'relu2', 'conv2']),
};

/** Each layer sees the results of all before it. */
const DENSE_BLOCK: ModuleConverter = {
  forward: (module, x, context) =>
    module.children().reduce((all, layer) => concat(context.net, [all, context.run(layer.module, all)], 1), x),
};

const SHUFFLED: ModuleConverter = {
  forward: (module, x, context) => {
    const { net } = context;
    const [first, second] =
      module.whole('stride') === 1 ? split(net, x, 1, 2) : [context.run(module.child('branch1'), x), x];
    if (first === undefined || second === undefined) throw module.broken('its input has no halves');
    return channelShuffle(net, concat(net, [first, context.run(module.child('branch2'), second)], 1), 2);
  },
};

const SCALED: ModuleConverter = {
  forward: (module, x, context) => {
    const scale = context.weight(module, 'layer_scale');
    return context.net.add(context.net.mul(context.run(module.child('block'), x), scale), x);
  },
};

const REGULAR: ModuleConverter = {
  forward: (module, x, context) => {
    const own = module.childOrNone('proj');
    const shortcut = own === undefined ? x : context.run(own, x);
    return context.run(module.child('activation'), context.net.add(shortcut, context.run(module.child('f'), x)));
  },
};

/** Over the channels of images. */
const CHANNEL_NORM: ModuleConverter = {
  forward: (module, x, context) => {
    const { net } = context;
    const last = transpose(net, x, [0, 2, 3, 1]);
    const [size = 0, ...rest] = module.list('normalized_shape').filter((one) => typeof one === 'number');
    if (rest.length > 0) throw module.refuse('it normalises more than the channels');
    const affine = { scale: context.optional(module, 'weight'), offset: context.optional(module, 'bias') };
    return transpose(net, layerNormalization(net, last, [size], affine, module.number('eps')), [0, 3, 1, 2]);
  },
};

const FROZEN_NORM: ModuleConverter = {
  forward: (module, x, context) =>
    batchNormalization(context.net, x, {
      scale: context.weight(module, 'weight'),
      offset: context.weight(module, 'bias'),
      mean: context.weight(module, 'running_mean'),
      variance: context.weight(module, 'running_var'),
      // Before torchvision 0.6, it had none.
      epsilon: module.number('eps', 0),
    }),
};

const PERMUTE: ModuleConverter = {
  forward: (module, x, { net }) => transpose(net, x, module.sizes('dims', x.shape.length)),
};

/** The mean of space, and the channels that are left. */
export function spaceMean(x: GraphTensor, { net }: ModuleContext): GraphTensor {
  return globalPool(net, x, 'average');
}

export const BLOCKS: ConverterTable = {
  'torchvision.models.resnet.BasicBlock': residual(['conv1', 'bn1', 'relu', 'conv2', 'bn2'], 'downsample'),
  'torchvision.models.resnet.Bottleneck': residual(
    ['conv1', 'bn1', 'relu', 'conv2', 'bn2', 'relu', 'conv3', 'bn3'],
    'downsample',
  ),
  'torchvision.models.squeezenet.Fire': FIRE,
  'torchvision.models.mobilenet.InvertedResidual': added('conv', 'use_res_connect'),
  'torchvision.models.mobilenetv2.InvertedResidual': added('conv', 'use_res_connect'),
  'torchvision.models.mobilenetv3.InvertedResidual': added('block', 'use_res_connect'),
  'torchvision.models.efficientnet.MBConv': added('block', 'use_res_connect'),
  'torchvision.models.efficientnet.FusedMBConv': added('block', 'use_res_connect'),
  'torchvision.models.mnasnet._InvertedResidual': added('layers', 'apply_residual'),
  'torchvision.ops.misc.SqueezeExcitation': SQUEEZE,
  'torchvision.models.densenet._DenseLayer': DENSE_LAYER,
  'torchvision.models.densenet._DenseBlock': DENSE_BLOCK,
  'torchvision.models.shufflenetv2.InvertedResidual': SHUFFLED,
  'torchvision.models.convnext.CNBlock': SCALED,
  'torchvision.models.convnext.LayerNorm2d': CHANNEL_NORM,
  'torchvision.models.regnet.ResBottleneckBlock': REGULAR,
  'torchvision.ops.misc.FrozenBatchNorm2d': FROZEN_NORM,
  'torchvision.ops.misc.Permute': PERMUTE,
};
