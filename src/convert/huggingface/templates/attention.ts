import {
  attention,
  causalMask,
  type GraphTensor,
  hiddenWhere,
  linear,
  mergeHeads,
  type Network,
  splitHeads,
  unsqueeze,
} from '../../network/index.ts';
import type { TemplateContext } from './template.ts';

/** The tokens of a text, and those that count. */
export interface TextInputs {
  readonly ids: GraphTensor;
  readonly mask: GraphTensor;
}

export function textInputs(net: Network): TextInputs {
  const input = (name: string) => net.input(name, 'int64', ['batch', 'length']);
  return { ids: input('input_ids'), mask: input('attention_mask') };
}

/** Added to the products of queries and keys: [batch, 1, 1, length]. */
export function paddingMask(net: Network, mask: GraphTensor): GraphTensor {
  return hiddenWhere(net, unsqueeze(net, unsqueeze(net, mask, 1), 1));
}

/** The same for a model in which a token sees those before it alone: [batch, 1, length, length]. */
export function causalPaddingMask(net: Network, mask: GraphTensor): GraphTensor {
  return net.add(paddingMask(net, mask), causalMask(net, mask, 1));
}

export interface SelfAttention {
  /** Names of the projections. */
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly out: string;
  readonly heads: number;
  readonly mask: GraphTensor | undefined;
  /** Whether queries, keys and values have a bias. */
  readonly hasBias?: boolean;
}

/** Attention of a sequence to itself: [batch, length, width]. */
export function selfAttention(context: TemplateContext, x: GraphTensor, options: SelfAttention): GraphTensor {
  const { net } = context;
  const { heads, mask, hasBias } = options;
  const width = x.shape[2];
  if (typeof width !== 'number' || width % heads !== 0)
    throw context.config.refuse(`${width ?? '?'} features do not have ${heads} heads`);
  const part = (name: string) => splitHeads(net, context.linear(name, x, width, hasBias), heads);
  const mixed = attention(
    net,
    part(options.query),
    part(options.key),
    part(options.value),
    mask === undefined ? {} : { mask },
  );
  return context.linear(options.out, mergeHeads(net, mixed), width);
}

/** The scores of each word of the table of embeddings. */
export function tiedScores(
  context: TemplateContext,
  x: GraphTensor,
  table: GraphTensor,
  bias?: GraphTensor,
): GraphTensor {
  return linear(context.net, x, table, bias);
}
