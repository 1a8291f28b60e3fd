import {
  type Activation,
  activate,
  type GraphTensor,
  gatedLinear,
  logSoftmax,
  type PlainActivation,
  perChannel,
  prelu,
  softmax,
} from '../../network/index.ts';
import type { ConverterTable, ModuleConverter } from '../converter.ts';
import type { TorchModule } from '../module.ts';

function plain(kind: PlainActivation): ModuleConverter {
  return { forward: (_, x, { net }) => activate(net, x, { kind }) };
}

function by(of: (module: TorchModule) => Activation): ModuleConverter {
  return { forward: (module, x, { net }) => activate(net, x, of(module)) };
}

/** `ReLU6` is a `Hardtanh` that was made with other bounds: both compute with those of the instance. */
function bounds(module: TorchModule): Activation {
  return { kind: 'clip', low: module.number('min_val'), high: module.number('max_val') };
}

/** Above its threshold, PyTorch returns the input itself. From 20 on, the difference is too small for 32 bits. */
function softplus(module: TorchModule): Activation {
  const bound = module.number('threshold', 20);
  if (!(bound >= 20)) throw module.refuse(`its threshold is ${bound}`);
  return { kind: 'softplus', beta: module.number('beta') };
}

/** The dimension of a softmax, which PyTorch guesses where it is None (torch/nn/functional.py, `_get_softmax_dim`). */
function dimension(module: TorchModule, x: GraphTensor): number {
  if (!module.lacks('dim')) return module.whole('dim');
  return x.shape.length === 0 || x.shape.length === 1 || x.shape.length === 3 ? 0 : 1;
}

const GELUS = { none: 'gelu', tanh: 'gelu-tanh' } as const;

/** Newer layers are absent from older models, not the other way round: no attribute has a default that depends on a version. */
export const ACTIVATION_LAYERS: ConverterTable = {
  'torch.nn.modules.activation.ReLU': plain('relu'),
  'torch.nn.modules.activation.SELU': plain('selu'),
  'torch.nn.modules.activation.SiLU': plain('silu'),
  'torch.nn.modules.activation.Mish': plain('mish'),
  'torch.nn.modules.activation.Hardswish': plain('hard-swish'),
  'torch.nn.modules.activation.Sigmoid': plain('sigmoid'),
  'torch.nn.modules.activation.LogSigmoid': plain('log-sigmoid'),
  'torch.nn.modules.activation.Tanh': plain('tanh'),
  'torch.nn.modules.activation.Tanhshrink': plain('tanh-shrink'),
  'torch.nn.modules.activation.Softsign': plain('softsign'),
  // Before PyTorch 1.12, it had no other form.
  'torch.nn.modules.activation.GELU': by((m) => ({ kind: GELUS[m.choice('approximate', ['none', 'tanh'], 'none')] })),
  'torch.nn.modules.activation.LeakyReLU': by((m) => ({ kind: 'leaky-relu', slope: m.number('negative_slope') })),
  // Outside of training, its slope is the middle of its range.
  'torch.nn.modules.activation.RReLU': by((m) => ({
    kind: 'leaky-relu',
    slope: (m.number('lower') + m.number('upper')) / 2,
  })),
  'torch.nn.modules.activation.ELU': by((m) => ({ kind: 'elu', alpha: m.number('alpha') })),
  'torch.nn.modules.activation.CELU': by((m) => ({ kind: 'celu', alpha: m.number('alpha') })),
  'torch.nn.modules.activation.Hardsigmoid': by(() => ({ kind: 'hard-sigmoid', slope: 1 / 6, offset: 0.5 })),
  'torch.nn.modules.activation.ReLU6': by(bounds),
  'torch.nn.modules.activation.Hardtanh': by(bounds),
  'torch.nn.modules.activation.Softplus': by(softplus),
  'torch.nn.modules.activation.Softshrink': by((m) => ({ kind: 'soft-shrink', bound: m.number('lambd') })),
  'torch.nn.modules.activation.Hardshrink': by((m) => ({ kind: 'hard-shrink', bound: m.number('lambd') })),
  'torch.nn.modules.activation.Threshold': by((m) => ({
    kind: 'threshold',
    bound: m.number('threshold'),
    value: m.number('value'),
  })),
  'torch.nn.modules.activation.PReLU': {
    forward: (module, x, context) => {
      const slope = context.weight(module, 'weight');
      return prelu(context.net, x, slope.shape[0] === 1 ? slope : perChannel(context.net, slope, x));
    },
  },
  'torch.nn.modules.activation.Softmax': { forward: (module, x, { net }) => softmax(net, x, dimension(module, x)) },
  'torch.nn.modules.activation.Softmin': {
    forward: (module, x, { net }) => softmax(net, net.unary('Neg', x), dimension(module, x)),
  },
  'torch.nn.modules.activation.Softmax2d': { forward: (_, x, { net }) => softmax(net, x, -3) },
  'torch.nn.modules.activation.LogSoftmax': {
    forward: (module, x, { net }) => logSoftmax(net, x, dimension(module, x)),
  },
  'torch.nn.modules.activation.GLU': { forward: (module, x, { net }) => gatedLinear(net, x, module.whole('dim')) },
};
