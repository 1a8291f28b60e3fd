import { globalName } from '../../../formats/pickle/inert/index.ts';
import {
  activate,
  attention,
  type GraphTensor,
  linear,
  mergeHeads,
  slice,
  splitHeads,
  swapAxes,
} from '../../network/index.ts';
import type { ConverterTable, ModuleContext, ModuleConverter, ModuleInput } from '../converter.ts';
import type { TorchModule } from '../module.ts';

/** Attention of a sequence to itself. */
function selfAttention(module: TorchModule, x: GraphTensor, context: ModuleContext): GraphTensor {
  if (module.cls.module !== 'torch.nn.modules.activation' || module.cls.name !== 'MultiheadAttention')
    throw module.refuse('it is not the attention of PyTorch');
  module.refuseCallables();
  const { net } = context;
  const width = module.whole('embed_dim');
  if (!module.flag('_qkv_same_embed_dim', true))
    throw module.refuse('keys and values have sizes of their own (kdim, vdim)');
  if (
    module.flag('add_zero_attn', false) ||
    ['bias_k', 'bias_v'].some((name) =>
      module.hasTensor(name) ? module.tensor(name) !== undefined : !module.lacks(name),
    )
  )
    throw module.refuse('it adds keys and values of its own (bias_k, bias_v, add_zero_attn)');
  const batchFirst = module.flag('batch_first', false);
  const own = batchFirst ? x : swapAxes(net, x, 0, 1);
  net.expect(own, [undefined, undefined, width]);
  const weight = context.weight(module, 'in_proj_weight');
  const bias = context.optional(module, 'in_proj_bias');
  net.expect(weight, [3 * width, width], 'in_proj_weight');
  const part = (i: number) => {
    const rows = (one: GraphTensor) => slice(net, one, 0, i * width, (i + 1) * width);
    return splitHeads(
      net,
      linear(net, own, rows(weight), bias === undefined ? undefined : rows(bias)),
      module.whole('num_heads'),
    );
  };
  const mixed = mergeHeads(net, attention(net, part(0), part(1), part(2)));
  const out = module.child('out_proj');
  const projected = linear(net, mixed, context.weight(out, 'weight'), context.optional(out, 'bias'));
  return batchFirst ? projected : swapAxes(net, projected, 0, 1);
}

/** Functions that a layer can have between its projections. */
const FUNCTIONS = {
  'torch.nn.functional.relu': 'relu',
  'torch.relu': 'relu',
  'torch._C._nn.gelu': 'gelu',
  'torch.nn.functional.gelu': 'gelu',
} as const;

function between(module: TorchModule, x: GraphTensor, context: ModuleContext): GraphTensor {
  const child = module.childOrNone('activation');
  if (child !== undefined) {
    checkFused(module, child.cls.name, child.cls.name === 'GELU' && child.text('approximate', 'none') !== 'none');
    return context.run(child, x);
  }
  // Before PyTorch 1.8, a layer did not keep its function, which was ReLU.
  const name =
    module.raw('activation') === undefined ? 'torch.nn.functional.relu' : globalName(module.raw('activation'));
  const known = Object.entries(FUNCTIONS).find(([one]) => one === name);
  if (known === undefined) throw module.refuse(`its activation is ${name ?? 'not a function'}`);
  checkFused(module, known[1] === 'relu' ? 'ReLU' : 'GELU', false);
  return activate(context.net, x, { kind: known[1] });
}

/** The fused form of a layer, which PyTorch prefers, has its function as a number: it has to be the same. */
function checkFused(module: TorchModule, name: string, isApproximate: boolean): void {
  const fused = module.whole('activation_relu_or_gelu', 0);
  const own = name === 'ReLU' ? 1 : name === 'GELU' ? 2 : undefined;
  if (fused !== 0 && (fused !== own || isApproximate))
    throw module.refuse('its fused form computes another activation');
}

const ENCODER_LAYER: ModuleConverter = {
  forward: (module, x, context) => {
    const { net } = context;
    const self = (y: GraphTensor) => selfAttention(module.child('self_attn'), y, context);
    const dense = (y: GraphTensor) => {
      const inner = between(module, context.run(module.child('linear1'), y), context);
      return context.run(module.child('linear2'), inner);
    };
    const norm = (name: string, y: GraphTensor) => context.run(module.child(name), y);
    if (module.flag('norm_first', false)) {
      const attended = net.add(x, self(norm('norm1', x)));
      return net.add(attended, dense(norm('norm2', attended)));
    }
    const attended = norm('norm1', net.add(x, self(x)));
    return norm('norm2', net.add(attended, dense(attended)));
  },
  input: (module) => sequenceInput(module.child('self_attn')),
  callables: ['activation'],
};

function sequenceInput(module: TorchModule): ModuleInput {
  const width = module.whole('embed_dim');
  const shape = module.flag('batch_first', false) ? ['batch', 'length', width] : ['length', 'batch', width];
  return { type: 'float32', shape };
}

const ENCODER: ModuleConverter = {
  forward: (module, x, context) => {
    const layers = module.child('layers').children();
    if (layers.length !== module.whole('num_layers', layers.length))
      throw module.broken('its layers are not as many as it says');
    const encoded = layers.reduce((y, layer) => context.run(layer.module, y), x);
    // A norm that is None is an attribute of older versions, and a module of newer ones.
    const norm = module.childOrNone('norm');
    return norm === undefined ? encoded : context.run(norm, encoded);
  },
  input: (module, inputOf) => {
    const [first] = module.child('layers').children();
    return first === undefined ? undefined : inputOf(first.module);
  },
};

export const ATTENTION: ConverterTable = {
  'torch.nn.modules.transformer.TransformerEncoderLayer': ENCODER_LAYER,
  'torch.nn.modules.transformer.TransformerEncoder': ENCODER,
};
