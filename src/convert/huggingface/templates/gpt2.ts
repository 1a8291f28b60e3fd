import {
  activate,
  attention,
  dense,
  embed,
  type GraphTensor,
  mergeHeads,
  planOutput,
  split,
  splitHeads,
} from '../../network/index.ts';
import { causalPaddingMask, textInputs, tiedScores } from './attention.ts';
import type { Build, ModelTemplate, TemplateContext } from './template.ts';

interface Decoded {
  readonly sequence: GraphTensor;
  readonly prefix: string;
  readonly width: number;
  readonly table: GraphTensor;
}

/** Its dense layers have weights of [in, out]. */
function conv1d(context: TemplateContext, name: string, x: GraphTensor, input: number, output: number): GraphTensor {
  return dense(
    context.net,
    x,
    context.weight(`${name}.weight`, [input, output]),
    context.weight(`${name}.bias`, [output]),
  );
}

function decoder(context: TemplateContext): Decoded {
  const { net, config, weights } = context;
  const prefix = weights.prefix('transformer.');
  const width = config.count('n_embd', 768);
  const heads = config.count('n_head', 12);
  const epsilon = config.number('layer_norm_epsilon', 1e-5);
  const inner = config.lacks('n_inner') ? 4 * width : config.count('n_inner');
  const activation = config.activation('activation_function', 'gelu_new');
  // Versions of transformers, and their ways to compute attention, differ in what these do.
  config.fixed('scale_attn_weights', true);
  config.fixed('scale_attn_by_inverse_layer_idx', false);
  // The same in another order, and what the classes here do not use.
  config.ignore(
    'reorder_and_upcast_attn',
    'n_ctx',
    'summary_type',
    'summary_use_proj',
    'summary_activation',
    'summary_proj_to_labels',
    'summary_first_dropout',
  );
  const { ids, mask: visible } = textInputs(net);
  const at = net.input('position_ids', 'int64', ['batch', 'length']);
  const table = context.weight(`${prefix}wte.weight`, [config.count('vocab_size', 50_257), width]);
  const places = context.weight(`${prefix}wpe.weight`, [config.count('n_positions', 1_024), width]);
  let x = net.add(embed(net, table, ids), embed(net, places, at));
  const mask = causalPaddingMask(net, visible);
  for (let layer = 0; layer < config.count('n_layer', 12); layer++) {
    const name = `${prefix}h.${layer}`;
    const normal = context.layerNorm(`${name}.ln_1`, x, epsilon);
    const parts = split(net, conv1d(context, `${name}.attn.c_attn`, normal, width, 3 * width), 2, 3);
    const [q, k, v] = parts.map((part) => splitHeads(net, part, heads));
    if (q === undefined || k === undefined || v === undefined) throw net.broken('has no queries, keys and values');
    const mixed = mergeHeads(net, attention(net, q, k, v, { mask }));
    x = net.add(conv1d(context, `${name}.attn.c_proj`, mixed, width, width), x);
    const second = context.layerNorm(`${name}.ln_2`, x, epsilon);
    const middle = activate(net, conv1d(context, `${name}.mlp.c_fc`, second, width, inner), activation);
    x = net.add(x, conv1d(context, `${name}.mlp.c_proj`, middle, inner, width));
  }
  return { sequence: context.layerNorm(`${prefix}ln_f`, x, epsilon), prefix, width, table };
}

const base: Build = (context) => [planOutput(context.net, 'last_hidden_state', decoder(context).sequence, 'values')];

const words: Build = (context) => {
  const { net, config, weights } = context;
  const { sequence, prefix, width, table } = decoder(context);
  if (config.flag('tie_word_embeddings', true)) {
    weights.tied('lm_head.weight', `${prefix}wte.weight`);
    return [planOutput(net, 'logits', tiedScores(context, sequence, table), 'values')];
  }
  const own = context.weight('lm_head.weight', [config.count('vocab_size', 50_257), width]);
  return [planOutput(net, 'logits', tiedScores(context, sequence, own), 'values')];
};

export const GPT2: ModelTemplate = {
  architectures: { GPT2Model: base, GPT2LMHeadModel: words },
  otherTensors: /(?:^|\.)h\.\d+\.attn\.(?:bias|masked_bias)$/,
};
