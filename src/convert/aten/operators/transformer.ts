import {
  activate,
  attention,
  type GraphTensor,
  layerNormalization,
  linear,
  mergeHeads,
  slice,
  splitHeads,
} from '../../network/index.ts';
import type { AtenCall, AtenFamily, AtenLowering } from '../call.ts';
import { madeDatum } from '../datum.ts';

/** Attention of a sequence to itself, by one weight for queries, keys and values. */
function selfAttention(call: AtenCall, x: GraphTensor, width: number): GraphTensor {
  const { net } = call;
  const [weight, bias] = [call.real('qkv_weight'), call.real('qkv_bias')];
  net.expect(weight, [3 * width, width], 'qkv_weight');
  const part = (index: number) => {
    const rows = (one: GraphTensor) => slice(net, one, 0, index * width, (index + 1) * width);
    return splitHeads(net, linear(net, x, rows(weight), rows(bias)), call.int('num_heads'));
  };
  const mixed = mergeHeads(net, attention(net, part(0), part(1), part(2)));
  return linear(net, mixed, call.real('proj_weight'), call.real('proj_bias'));
}

/** What `torch.nn.TransformerEncoderLayer` computes in evaluation (aten/src/ATen/native/transformers/transformer.cpp). */
const encoderLayer: AtenLowering = (call) => {
  const { net } = call;
  if (!call.isNone('mask')) throw call.refuse('it has a mask');
  const x = call.real('src');
  const width = call.int('embed_dim');
  net.expect(x, [undefined, undefined, width]);
  const normal = (of: GraphTensor, which: 1 | 2) =>
    layerNormalization(
      net,
      of,
      [width],
      { scale: call.real(`norm_weight_${which}`), offset: call.real(`norm_bias_${which}`) },
      call.number('eps'),
    );
  const forward = (of: GraphTensor) => {
    const wide = linear(net, of, call.real('ffn_weight_1'), call.real('ffn_bias_1'));
    const active = activate(net, wide, { kind: call.flag('use_gelu') ? 'gelu' : 'relu' });
    return linear(net, active, call.real('ffn_weight_2'), call.real('ffn_bias_2'));
  };
  if (call.flag('norm_first')) {
    const seen = net.add(x, selfAttention(call, normal(x, 1), width));
    return madeDatum(net.add(seen, forward(normal(seen, 2))));
  }
  const seen = normal(net.add(x, selfAttention(call, x, width)), 1);
  return madeDatum(normal(net.add(seen, forward(seen)), 2));
};

export const TRANSFORMERS: AtenFamily = {
  '_transformer_encoder_layer_fwd(Tensor src, int embed_dim, int num_heads, Tensor qkv_weight, Tensor qkv_bias, Tensor proj_weight, Tensor proj_bias, bool use_gelu, bool norm_first, float eps, Tensor norm_weight_1, Tensor norm_bias_1, Tensor norm_weight_2, Tensor norm_bias_2, Tensor ffn_weight_1, Tensor ffn_bias_1, Tensor ffn_weight_2, Tensor ffn_bias_2, Tensor? mask=None, int? mask_type=None)':
    encoderLayer,
};
