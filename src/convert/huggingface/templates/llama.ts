import {
  activate,
  attention,
  embed,
  type GraphTensor,
  hiddenWhere,
  mergeHeads,
  planOutput,
  positions,
  reshape,
  rmsNormalization,
  splitHeads,
  unsqueeze,
} from '../../network/index.ts';
import type { ModelConfig } from '../config.ts';
import { causalPaddingMask, textInputs, tiedScores } from './attention.ts';
import { frequencies, type Rotation, rotated, rotation } from './rope.ts';
import type { Build, ModelTemplate, TemplateContext } from './template.ts';

/** What tells the members of the family apart. */
interface Member {
  /** Whether queries, keys and values have a bias, and the projection of the result. */
  readonly biases: (config: ModelConfig) => { readonly qkv: boolean; readonly out: boolean; readonly dense: boolean };
  /** How many tokens a token sees, itself included; `undefined` for all before it. */
  readonly window: (config: ModelConfig) => number | undefined;
  readonly defaults: { readonly heads: number; readonly keyHeads: number | undefined; readonly inner: number };
}

/** Features of one head: no model has more. */
const MAX_HEAD = 8_192;

interface Sizes {
  readonly width: number;
  readonly heads: number;
  readonly keyHeads: number;
  readonly head: number;
}

function decoder(context: TemplateContext, member: Member) {
  const { net, config, weights } = context;
  const prefix = weights.prefix('model.');
  const width = config.count('hidden_size', 4_096);
  const layers = config.count('num_hidden_layers', 32);
  const sizes = sizesOf(config, member, width);
  const inner = config.count('intermediate_size', member.defaults.inner);
  const epsilon = config.number('rms_norm_eps', 1e-6);
  const activation = config.activation('hidden_act', 'silu');
  const biases = member.biases(config);
  const window = member.window(config);
  config.fixed('pretraining_tp', 1);
  config.ignore('max_position_embeddings');
  const { ids, mask: visible } = textInputs(net);
  const at = net.input('position_ids', 'int64', ['batch', 'length']);
  const table = context.weight(`${prefix}embed_tokens.weight`, [config.count('vocab_size', 32_000), width]);
  const rope = rotation(net, at, frequencies(config, sizes.head));
  const whole = causalPaddingMask(net, visible);
  const mask = window === undefined ? whole : net.add(whole, beyond(context, visible, window));
  let x = embed(net, table, ids);
  const norm = (name: string, y: GraphTensor) =>
    rmsNormalization(net, y, context.weight(`${name}.weight`, [width]), epsilon);
  for (let layer = 0; layer < layers; layer++) {
    const name = `${prefix}layers.${layer}`;
    x = net.add(
      x,
      attend(context, norm(`${name}.input_layernorm`, x), { name: `${name}.self_attn`, sizes, rope, mask, biases }),
    );
    const second = norm(`${name}.post_attention_layernorm`, x);
    const part = (one: string) => context.linear(`${name}.mlp.${one}_proj`, second, inner, biases.dense);
    const middle = net.mul(activate(net, part('gate'), activation), part('up'));
    x = net.add(x, context.linear(`${name}.mlp.down_proj`, middle, width, biases.dense));
  }
  return { sequence: norm(`${prefix}norm`, x), prefix, width, table };
}

function sizesOf(config: ModelConfig, { defaults }: Member, width: number): Sizes {
  const heads = config.count('num_attention_heads', defaults.heads);
  const keyHeads = config.lacks('num_key_value_heads')
    ? ((config.has('num_key_value_heads') ? undefined : defaults.keyHeads) ?? heads)
    : config.count('num_key_value_heads');
  const head = config.lacks('head_dim') ? Math.floor(width / heads) : config.count('head_dim');
  if (head > MAX_HEAD) throw config.refuse(`its heads have ${head} features, more than ${MAX_HEAD}`);
  if (heads % keyHeads !== 0) throw config.refuse(`${keyHeads} heads of keys are not shared by ${heads} heads equally`);
  if (head % 2 !== 0 || head < 2) throw config.refuse(`its heads have ${head} features, which are not pairs`);
  return { width, heads, keyHeads, head };
}

interface Layer {
  readonly name: string;
  readonly sizes: Sizes;
  readonly rope: Rotation;
  readonly mask: GraphTensor;
  readonly biases: ReturnType<Member['biases']>;
}

function attend(context: TemplateContext, x: GraphTensor, { name, sizes, rope, mask, biases }: Layer): GraphTensor {
  const { net } = context;
  const { heads, keyHeads, head, width } = sizes;
  const part = (one: string, count: number) =>
    splitHeads(net, context.linear(`${name}.${one}_proj`, x, count * head, biases.qkv), count);
  const q = rotated(net, part('q', heads), rope);
  const k = rotated(net, part('k', keyHeads), rope);
  const mixed = attention(net, q, repeated(context, k, sizes), repeated(context, part('v', keyHeads), sizes), { mask });
  return context.linear(`${name}.o_proj`, mergeHeads(net, mixed), width, biases.out);
}

/** Each head of keys or values, for all heads of queries that share it. */
function repeated({ net }: TemplateContext, x: GraphTensor, { heads, keyHeads, head }: Sizes): GraphTensor {
  const times = heads / keyHeads;
  if (times === 1) return x;
  const shape = ['batch', keyHeads, times, 'length', head];
  const target = net.ops.concat(
    [net.size(x, 0), net.ints([keyHeads, times]), net.size(x, 2), net.ints([head])].map(({ value }) => value),
    0,
  );
  const wide = net.op('Expand', [unsqueeze(net, x, 2), target], { type: x.type, shape });
  return reshape(net, wide, ['batch', heads, 'length', head]);
}

/** Added for tokens that are too far away: those `window` places before, and all before them. [length, length] */
function beyond({ net }: TemplateContext, mask: GraphTensor, window: number): GraphTensor {
  const at = positions(net, mask, 1);
  const rows = net.op('Unsqueeze', [at, net.ints([1])], { type: 'int64', shape: ['length', 1] });
  return hiddenWhere(net, net.compare('Less', net.binary('Sub', rows, at), net.ints([window], [])));
}

function base(member: Member): Build {
  return (context) => [planOutput(context.net, 'last_hidden_state', decoder(context, member).sequence, 'values')];
}

function words(member: Member): Build {
  return (context) => {
    const { net, config, weights } = context;
    const { sequence, prefix, width, table } = decoder(context, member);
    if (config.flag('tie_word_embeddings', false)) {
      weights.tied('lm_head.weight', `${prefix}embed_tokens.weight`);
      return [planOutput(net, 'logits', tiedScores(context, sequence, table), 'values')];
    }
    const own = context.weight('lm_head.weight', [config.count('vocab_size', 32_000), width]);
    return [planOutput(net, 'logits', tiedScores(context, sequence, own), 'values')];
  };
}

const MEMBERS: Readonly<Record<'Llama' | 'Mistral' | 'Qwen2', Member>> = {
  Llama: {
    biases: (config) => {
      const bias = config.flag('attention_bias', false);
      return { qkv: bias, out: bias, dense: config.flag('mlp_bias', false) };
    },
    window: () => undefined,
    defaults: { heads: 32, keyHeads: undefined, inner: 11_008 },
  },
  Mistral: {
    biases: () => ({ qkv: false, out: false, dense: false }),
    // As in 4.57; 4.41 lets a token see one more.
    window: (config) =>
      config.has('sliding_window') && config.lacks('sliding_window')
        ? undefined
        : config.count('sliding_window', 4_096),
    defaults: { heads: 32, keyHeads: 8, inner: 14_336 },
  },
  Qwen2: {
    biases: () => ({ qkv: true, out: false, dense: false }),
    window: (config) => {
      if (config.flag('use_sliding_window', false)) throw config.refuse('its use_sliding_window is true');
      config.ignore('sliding_window', 'max_window_layers');
      if (!config.lacks('layer_types')) {
        const other = config.texts('layer_types').find((type) => type !== 'full_attention');
        if (other !== undefined) throw config.refuse(`one of its layer_types is ${JSON.stringify(other).slice(0, 40)}`);
      }
      return undefined;
    },
    defaults: { heads: 32, keyHeads: 32, inner: 22_016 },
  },
};

function template(name: keyof typeof MEMBERS): ModelTemplate {
  const member = MEMBERS[name];
  return {
    architectures: { [`${name}Model`]: base(member), [`${name}ForCausalLM`]: words(member) },
    otherTensors: /(?:^|\.)rotary_emb\.inv_freq$/,
  };
}

export const LLAMA = template('Llama');
export const MISTRAL = template('Mistral');
export const QWEN2 = template('Qwen2');
