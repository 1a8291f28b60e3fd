import {
  attention,
  causalMask,
  dense,
  type GraphTensor,
  mergeHeads,
  type Network,
  reshape,
  softmax,
  splitHeads,
  transpose,
} from '../../network/index.ts';
import { type CallSettings, KerasValue, type Layer, type LayerKind, nested, trained } from '../model/index.ts';
import { inputOf } from './dense.ts';

/** The parts of an attention with several heads, in the order of its weights. */
const PARTS = ['query', 'key', 'value', 'output'] as const;

/** The inputs of an attention: what asks, what is given, and what the question is compared with. */
function questionsOf(layer: Layer, inputs: readonly KerasValue[], { named }: CallSettings) {
  const [query, value = named.get('value')?.[0], key = named.get('key')?.[0], ...others] = [
    ...inputs,
    ...(inputs.length === 0 ? (named.get('query') ?? []) : []),
  ];
  const known = ['query', 'value', 'key'];
  const odd = [...named].find(([name, values]) => !known.includes(name) || values.length !== 1);
  if (odd !== undefined) throw layer.refuse(`is called with ${JSON.stringify(odd[0].slice(0, 40))}`);
  if (others.length > 0 || value === undefined) throw layer.broken(`has ${inputs.length} inputs`);
  return { query: inputOf(layer, query), value, key: key ?? value };
}

const MULTI_HEAD: LayerKind = {
  mask: 'refused',
  variables(layer) {
    const names = layer.config.flag('use_bias', true) ? ['kernel', 'bias'] : ['kernel'];
    const before = layer.context.keras === 2 ? '_' : '';
    return PARTS.flatMap((part) => nested(trained(...names), `${part}.`, `${before}${part}_dense`));
  },
  convert(net, layer, inputs, call) {
    const { config } = layer;
    const { query, value, key } = questionsOf(layer, inputs, call);
    const heads = config.size('num_heads');
    const width = config.size('key_dim');
    const valueWidth = config.size('value_dim', width);
    // How it is trained, and shapes that it was made with.
    config.ignore('dropout', 'query_shape', 'key_shape', 'value_shape', 'flash_attention');
    if (config.flag('use_gate', false)) throw layer.refuse('has gates');
    const axes = config.value('attention_axes') === undefined ? [1] : config.wholeList('attention_axes');
    if (axes.join() !== '1' || [query, value, key].some(({ shape }) => shape.length !== 3))
      throw layer.refuse('is not over the steps of inputs of 3 dimensions');
    const project = (part: string, x: KerasValue, size: number): GraphTensor => {
      const plain = x.real(net).plain(net);
      const inner = plain.shape[2];
      const depth = typeof inner === 'number' ? inner : undefined;
      const kernel = layer.weight(net, `${part}.kernel`, [depth, heads, size]);
      return dense(
        net,
        plain,
        reshape(net, kernel, [undefined, heads * size]),
        biasOf(net, layer, part, [heads, size]),
      );
    };
    const [q, k, v] = [project('query', query, width), project('key', key, width), project('value', value, valueWidth)];
    const isCausal = call.config.flag('use_causal_mask', false);
    if (call.config.flag('return_attention_scores', false)) throw layer.refuse('returns its scores');
    const mask = isCausal ? { mask: causal(net, layer, q, k) } : {};
    const found = attention(net, splitHeads(net, q, heads), splitHeads(net, k, heads), splitHeads(net, v, heads), mask);
    const [, , outputs] = layer.shapeOf('output.kernel');
    if (outputs === undefined) throw layer.broken('has an output whose kernel is not of 3 dimensions');
    checkOutput(layer, outputs, query);
    const kernel = reshape(net, layer.weight(net, 'output.kernel', [heads, valueWidth, outputs]), [
      heads * valueWidth,
      outputs,
    ]);
    return KerasValue.of(dense(net, mergeHeads(net, found), kernel, biasOf(net, layer, 'output', [outputs])));
  },
};

function biasOf(net: Network, layer: Layer, part: string, shape: readonly number[]): GraphTensor | undefined {
  if (!layer.config.flag('use_bias', true)) return undefined;
  const bias = layer.weight(net, `${part}.bias`, shape);
  return shape.length === 1 ? bias : reshape(net, bias, [shape.reduce((product, size) => product * size, 1)]);
}

function checkOutput(layer: Layer, outputs: number, query: KerasValue): void {
  const given =
    layer.config.value('output_shape') === undefined ? [query.shape[2]] : layer.config.wholeList('output_shape');
  if (given.length !== 1 || (typeof given[0] === 'number' && given[0] !== outputs))
    throw layer.broken(`has an output of ${outputs}, but its configuration says ${given.join(', ')}`);
}

function causal(net: Network, layer: Layer, q: GraphTensor, k: GraphTensor): GraphTensor {
  if (q.shape[1] !== k.shape[1]) throw layer.refuse('is causal over other steps than its own');
  return causalMask(net, q, 1);
}

/** Attention without heads: the products of questions and keys are the weights of the values. */
const DOT_PRODUCT: LayerKind = {
  mask: 'refused',
  variables: (layer) => (layer.config.flag('use_scale', false) ? trained('scale') : []),
  convert(net, layer, inputs, call) {
    const { config } = layer;
    if (config.oneOf('score_mode', ['dot', 'concat'], 'dot') === 'concat')
      throw layer.refuse('has the score_mode "concat"');
    config.ignore('dropout');
    const { query, value, key } = questionsOf(layer, inputs, call);
    if (config.flag('causal', false) || call.config.flag('use_causal_mask', false)) throw layer.refuse('is causal');
    if (call.config.flag('return_attention_scores', false)) throw layer.refuse('returns its scores');
    const [q, k, v] = [query, key, value].map((x) => x.real(net).plain(net));
    if (q === undefined || k === undefined || v === undefined || [q, k, v].some(({ shape }) => shape.length !== 3))
      throw layer.refuse('has inputs that are not of 3 dimensions');
    const products = net.matmul(q, transpose(net, k, [0, 2, 1]));
    const scaled = config.flag('use_scale', false) ? net.mul(products, layer.weight(net, 'scale', [])) : products;
    return KerasValue.of(net.matmul(softmax(net, scaled, -1), v));
  },
};

export const ATTENTIONS: Readonly<Record<string, LayerKind>> = {
  MultiHeadAttention: MULTI_HEAD,
  Attention: DOT_PRODUCT,
};
