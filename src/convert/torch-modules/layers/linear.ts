import { embed, linear } from '../../network/index.ts';
import type { ConverterTable, ModuleConverter } from '../converter.ts';

export const IDENTITY: ModuleConverter = { forward: (_, x) => x };

const LINEAR: ModuleConverter = {
  forward: (module, x, context) =>
    linear(context.net, x, context.weight(module, 'weight'), context.optional(module, 'bias')),
  input: (module) => ({ type: 'float32', shape: ['batch', module.whole('in_features')] }),
};

const EMBEDDING: ModuleConverter = {
  forward: (module, x, context) => {
    if (!module.lacks('max_norm')) throw module.refuse('max_norm changes its weights while it runs');
    return embed(context.net, context.weight(module, 'weight'), x);
  },
  input: () => ({ type: 'int64', shape: ['batch', 'length'] }),
};

export const LINEARS: ConverterTable = {
  'torch.nn.modules.linear.Linear': LINEAR,
  'torch.nn.modules.linear.NonDynamicallyQuantizableLinear': LINEAR,
  'torch.nn.modules.linear._LinearWithBias': LINEAR,
  'torch.nn.modules.linear.Identity': IDENTITY,
  'torch.nn.modules.sparse.Embedding': EMBEDDING,
  // They change their input in training alone.
  'torch.nn.modules.dropout.Dropout': IDENTITY,
  'torch.nn.modules.dropout.Dropout1d': IDENTITY,
  'torch.nn.modules.dropout.Dropout2d': IDENTITY,
  'torch.nn.modules.dropout.Dropout3d': IDENTITY,
  'torch.nn.modules.dropout.AlphaDropout': IDENTITY,
  'torch.nn.modules.dropout.FeatureAlphaDropout': IDENTITY,
};
