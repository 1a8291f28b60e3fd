import { activate, embed, type GraphTensor, planOutput, positions, takeOne } from '../../network/index.ts';
import { paddingMask, selfAttention, textInputs, tiedScores } from './attention.ts';
import { answerOutputs } from './bert.ts';
import type { Build, ModelTemplate, TemplateContext } from './template.ts';

/** The epsilon of all its normalisations, which config.json does not have. */
const EPSILON = 1e-12;

interface Encoded {
  readonly sequence: GraphTensor;
  readonly prefix: string;
  readonly width: number;
  readonly table: GraphTensor;
}

function encoder(context: TemplateContext): Encoded {
  const { net, config, weights } = context;
  const prefix = weights.prefix('distilbert.');
  const width = config.count('dim', 768);
  const heads = config.count('n_heads', 12);
  const inner = config.count('hidden_dim', 3072);
  const activation = config.activation('activation', 'gelu');
  // Sinusoidal places are in the file as a table, too.
  config.ignore('sinusoidal_pos_embds', 'tie_weights_');
  const { ids, mask: visible } = textInputs(net);
  const table = context.weight(`${prefix}embeddings.word_embeddings.weight`, [config.count('vocab_size'), width]);
  const places = context.weight(`${prefix}embeddings.position_embeddings.weight`, [
    config.count('max_position_embeddings', 512),
    width,
  ]);
  const summed = net.add(embed(net, table, ids), embed(net, places, positions(net, ids, 1)));
  let x = context.layerNorm(`${prefix}embeddings.LayerNorm`, summed, EPSILON);
  const mask = paddingMask(net, visible);
  for (let layer = 0; layer < config.count('n_layers', 6); layer++) {
    const name = `${prefix}transformer.layer.${layer}`;
    const part = (one: string) => `${name}.attention.${one}_lin`;
    const names = { query: part('q'), key: part('k'), value: part('v'), out: part('out') };
    const attended = selfAttention(context, x, { ...names, heads, mask });
    const first = context.layerNorm(`${name}.sa_layer_norm`, net.add(attended, x), EPSILON);
    const middle = activate(net, context.linear(`${name}.ffn.lin1`, first, inner), activation);
    const dense = context.linear(`${name}.ffn.lin2`, middle, width);
    x = context.layerNorm(`${name}.output_layer_norm`, net.add(dense, first), EPSILON);
  }
  return { sequence: x, prefix, width, table };
}

const base: Build = (context) => [planOutput(context.net, 'last_hidden_state', encoder(context).sequence, 'values')];

const classes: Build = (context) => {
  const { sequence, width } = encoder(context);
  const first = takeOne(context.net, sequence, 1, 0);
  const dense = activate(context.net, context.linear('pre_classifier', first, width), { kind: 'relu' });
  return [planOutput(context.net, 'logits', context.linear('classifier', dense), 'values')];
};

const tokens: Build = (context) => [
  planOutput(context.net, 'logits', context.linear('classifier', encoder(context).sequence), 'values'),
];

const answers: Build = (context) => answerOutputs(context, context.linear('qa_outputs', encoder(context).sequence, 2));

const words: Build = (context) => {
  const { net, config, weights } = context;
  const { sequence, prefix, width, table } = encoder(context);
  const activation = config.activation('activation', 'gelu');
  const inner = activate(net, context.linear('vocab_transform', sequence, width), activation);
  const normal = context.layerNorm('vocab_layer_norm', inner, EPSILON);
  const size = config.count('vocab_size');
  const bias = context.weight('vocab_projector.bias', [size]);
  if (config.flag('tie_word_embeddings', true)) {
    weights.tied('vocab_projector.weight', `${prefix}embeddings.word_embeddings.weight`);
    return [planOutput(net, 'logits', tiedScores(context, normal, table, bias), 'values')];
  }
  const own = context.weight('vocab_projector.weight', [size, width]);
  return [planOutput(net, 'logits', tiedScores(context, normal, own, bias), 'values')];
};

export const DISTILBERT: ModelTemplate = {
  architectures: {
    DistilBertModel: base,
    DistilBertForMaskedLM: words,
    DistilBertForSequenceClassification: classes,
    DistilBertForTokenClassification: tokens,
    DistilBertForQuestionAnswering: answers,
  },
  otherTensors: /(?:^|\.)embeddings\.position_ids$/,
};
