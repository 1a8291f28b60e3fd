import {
  activate,
  concat,
  convolve,
  flatten,
  type GraphTensor,
  planOutput,
  swapAxes,
  takeOne,
} from '../../network/index.ts';
import type { ModelConfig } from '../config.ts';
import { selfAttention } from './attention.ts';
import type { Build, ModelTemplate, TemplateContext } from './template.ts';

/** A size, or one for each side. */
function sides(config: ModelConfig, name: string, fallback: number): [number, number] {
  const both = config.pair(name);
  if (both !== undefined) return both;
  const side = config.count(name, fallback);
  return [side, side];
}

function encoder(context: TemplateContext): {
  readonly sequence: GraphTensor;
  readonly prefix: string;
  readonly width: number;
} {
  const { net, config, weights } = context;
  const prefix = weights.prefix('vit.');
  const width = config.count('hidden_size', 768);
  const epsilon = config.number('layer_norm_eps', 1e-12);
  const heads = config.count('num_attention_heads', 12);
  const inner = config.count('intermediate_size', 3_072);
  const activation = config.activation('hidden_act', 'gelu');
  const hasBias = config.flag('qkv_bias', true);
  config.ignore('encoder_stride', 'pooler_output_size', 'pooler_act');
  const channels = config.count('num_channels', 3);
  const [height, columns] = sides(config, 'image_size', 224);
  const [rows, across] = sides(config, 'patch_size', 16);
  const pixels = net.input('pixel_values', 'float32', ['batch', channels, height, columns]);
  const embeddings = `${prefix}embeddings`;
  const projection = `${embeddings}.patch_embeddings.projection`;
  const kernel = context.weight(`${projection}.weight`, [width, channels, rows, across]);
  const none: readonly (readonly [number, number])[] = [
    [0, 0],
    [0, 0],
  ];
  const patches = convolve(net, pixels, kernel, context.weight(`${projection}.bias`, [width]), {
    strides: [rows, across],
    dilations: [1, 1],
    pads: none,
    groups: 1,
  });
  const sequence = swapAxes(net, flatten(net, patches, 2), 1, 2);
  const count = Math.floor(height / rows) * Math.floor(columns / across);
  const first = context.weight(`${embeddings}.cls_token`, [1, 1, width]);
  const sizes = net.ops.concat([net.size(pixels, 0).value, net.ints([1, width]).value], 0);
  const tokens = net.op('Expand', [first, sizes], { type: 'float32', shape: ['batch', 1, width] });
  const places = context.weight(`${embeddings}.position_embeddings`, [1, count + 1, width]);
  let x = net.add(concat(net, [tokens, sequence], 1), places);
  for (let layer = 0; layer < config.count('num_hidden_layers', 12); layer++) {
    const name = `${prefix}encoder.layer.${layer}`;
    const part = (one: string) => `${name}.attention.attention.${one}`;
    const names = {
      query: part('query'),
      key: part('key'),
      value: part('value'),
      out: `${name}.attention.output.dense`,
    };
    const normal = context.layerNorm(`${name}.layernorm_before`, x, epsilon);
    x = net.add(selfAttention(context, normal, { ...names, heads, mask: undefined, hasBias }), x);
    const second = context.layerNorm(`${name}.layernorm_after`, x, epsilon);
    const middle = activate(net, context.linear(`${name}.intermediate.dense`, second, inner), activation);
    x = net.add(context.linear(`${name}.output.dense`, middle, width), x);
  }
  return { sequence: context.layerNorm(`${prefix}layernorm`, x, epsilon), prefix, width };
}

const base: Build = (context) => {
  const { net, config, weights } = context;
  const { sequence, prefix, width } = encoder(context);
  const outputs = [planOutput(net, 'last_hidden_state', sequence, 'values')];
  if (!weights.has(`${prefix}pooler.dense.weight`)) return outputs;
  const size = config.lacks('pooler_output_size') ? width : config.count('pooler_output_size');
  const dense = context.linear(`${prefix}pooler.dense`, takeOne(net, sequence, 1, 0), size);
  return [
    ...outputs,
    planOutput(net, 'pooler_output', activate(net, dense, config.activation('pooler_act', 'tanh')), 'values'),
  ];
};

const classes: Build = (context) => {
  const first = takeOne(context.net, encoder(context).sequence, 1, 0);
  return [planOutput(context.net, 'logits', context.linear('classifier', first), 'values')];
};

export const VIT: ModelTemplate = {
  architectures: { ViTModel: base, ViTForImageClassification: classes },
  otherTensors: /^vit\.pooler\./,
};
