import {
  type Affine,
  batchNormalization,
  type GraphTensor,
  groupNormalization,
  layerNormalization,
  localResponse,
  rmsNormalization,
} from '../../network/index.ts';
import type { ConverterTable, ModuleContext, ModuleConverter } from '../converter.ts';
import type { TorchModule } from '../module.ts';
import { spaceInput } from './convolution.ts';

/** The epsilon of `torch.finfo(torch.float32)`, which stands for None. */
const FLOAT_EPSILON = 2 ** -23;

function affine(module: TorchModule, context: ModuleContext): Affine {
  return {
    scale: context.optional(module, 'weight'),
    offset: module.hasTensor('bias') ? context.optional(module, 'bias') : undefined,
  };
}

function batch(space: number): ModuleConverter {
  return {
    // By the statistics that it holds, also where the module was saved while it was trained.
    forward: (module, x, context) => {
      if (!module.flag('track_running_stats', true) || module.tensor('running_mean') === undefined)
        throw module.refuse('it normalises by the statistics of each batch, which it does not hold');
      return batchNormalization(context.net, x, {
        ...affine(module, context),
        mean: context.weight(module, 'running_mean'),
        variance: context.weight(module, 'running_var'),
        epsilon: module.number('eps'),
      });
    },
    input: (module) => {
      const channels = module.whole('num_features');
      return space === 0 ? { type: 'float32', shape: ['batch', channels] } : spaceInput(channels, space);
    },
  };
}

/** Each channel is a group of its own, whatever the module says. */
function channelsOf(module: TorchModule, x: GraphTensor): number {
  const channels = x.shape[1];
  if (typeof channels !== 'number') throw module.refuse('the channels of its input are not known');
  return channels;
}

function instance(space: number): ModuleConverter {
  return {
    forward: (module, x, context) => {
      const parts = affine(module, context);
      const epsilon = module.number('eps');
      if (!module.flag('track_running_stats', false))
        return groupNormalization(context.net, x, channelsOf(module, x), parts, epsilon);
      const [mean, variance] = [context.weight(module, 'running_mean'), context.weight(module, 'running_var')];
      return batchNormalization(context.net, x, { ...parts, mean, variance, epsilon });
    },
    input: (module) => spaceInput(module.whole('num_features'), space),
  };
}

function normalizedShape(module: TorchModule): number[] {
  const value = module.raw('normalized_shape');
  return module.sizes('normalized_shape', typeof value === 'number' ? 1 : module.list('normalized_shape').length);
}

const LAYER: ModuleConverter = {
  forward: (module, x, context) =>
    layerNormalization(context.net, x, normalizedShape(module), affine(module, context), module.number('eps')),
  input: (module) => ({ type: 'float32', shape: ['batch', ...normalizedShape(module)] }),
};

const RMS: ModuleConverter = {
  forward: (module, x, context) => {
    const shape = normalizedShape(module);
    if (shape.length !== 1) throw module.refuse(`it normalises ${shape.length} dimensions`);
    const epsilon = module.lacks('eps') ? FLOAT_EPSILON : module.number('eps');
    return rmsNormalization(context.net, x, context.optional(module, 'weight'), epsilon);
  },
  input: LAYER.input ?? (() => undefined),
};

const GROUP: ModuleConverter = {
  forward: (module, x, context) =>
    groupNormalization(context.net, x, module.whole('num_groups'), affine(module, context), module.number('eps')),
};

const RESPONSE: ModuleConverter = {
  forward: (module, x, { net }) =>
    localResponse(net, x, {
      size: module.whole('size'),
      alpha: module.number('alpha'),
      beta: module.number('beta'),
      k: module.number('k'),
    }),
};

export const NORMALIZATIONS: ConverterTable = {
  'torch.nn.modules.batchnorm.BatchNorm1d': batch(0),
  'torch.nn.modules.batchnorm.BatchNorm2d': batch(2),
  'torch.nn.modules.batchnorm.BatchNorm3d': batch(3),
  'torch.nn.modules.batchnorm.SyncBatchNorm': batch(2),
  'torch.nn.modules.instancenorm.InstanceNorm1d': instance(1),
  'torch.nn.modules.instancenorm.InstanceNorm2d': instance(2),
  'torch.nn.modules.instancenorm.InstanceNorm3d': instance(3),
  'torch.nn.modules.normalization.LayerNorm': LAYER,
  'torch.nn.modules.normalization.RMSNorm': RMS,
  'torch.nn.modules.normalization.GroupNorm': GROUP,
  'torch.nn.modules.normalization.LocalResponseNorm': RESPONSE,
};
