import {
  activate,
  embed,
  type GraphTensor,
  planOutput,
  positions,
  slice,
  split,
  squeeze,
  takeOne,
} from '../../network/index.ts';
import { paddingMask, selfAttention, type TextInputs, textInputs, tiedScores } from './attention.ts';
import type { Build, ModelTemplate, TemplateContext } from './template.ts';

interface Encoded {
  readonly sequence: GraphTensor;
  readonly prefix: string;
  readonly width: number;
  readonly table: GraphTensor;
}

type Family = 'bert' | 'roberta';

function encoder(context: TemplateContext, family: Family): Encoded {
  const { net, config, weights } = context;
  const prefix = weights.prefix(`${family}.`);
  const width = config.count('hidden_size', 768);
  const epsilon = config.number('layer_norm_eps', 1e-12);
  const activation = config.activation('hidden_act', 'gelu');
  const heads = config.count('num_attention_heads', 12);
  const inner = config.count('intermediate_size', 3072);
  config.fixed('position_embedding_type', 'absolute');
  const inputs = textInputs(net);
  const table = context.weight(`${prefix}embeddings.word_embeddings.weight`, [config.count('vocab_size'), width]);
  const types = context.weight(`${prefix}embeddings.token_type_embeddings.weight`, [
    config.count('type_vocab_size', 2),
    width,
  ]);
  const places = context.weight(`${prefix}embeddings.position_embeddings.weight`, [
    config.count('max_position_embeddings', 512),
    width,
  ]);
  const words = embed(net, table, inputs.ids);
  const kinds =
    family === 'bert'
      ? embed(net, types, net.input('token_type_ids', 'int64', ['batch', 'length']))
      : slice(net, types, 0, 0, 1);
  const at = family === 'bert' ? positions(net, inputs.ids, 1) : paddedPositions(context, inputs);
  const summed = net.add(net.add(words, kinds), embed(net, places, at));
  let x = context.layerNorm(`${prefix}embeddings.LayerNorm`, summed, epsilon);
  const mask = paddingMask(net, inputs.mask);
  for (let layer = 0; layer < config.count('num_hidden_layers', 12); layer++) {
    const name = `${prefix}encoder.layer.${layer}`;
    const self = `${name}.attention.self`;
    const attended = selfAttention(context, x, {
      query: `${self}.query`,
      key: `${self}.key`,
      value: `${self}.value`,
      out: `${name}.attention.output.dense`,
      heads,
      mask,
    });
    const first = context.layerNorm(`${name}.attention.output.LayerNorm`, net.add(x, attended), epsilon);
    const middle = activate(net, context.linear(`${name}.intermediate.dense`, first, inner), activation);
    const dense = context.linear(`${name}.output.dense`, middle, width);
    x = context.layerNorm(`${name}.output.LayerNorm`, net.add(first, dense), epsilon);
  }
  return { sequence: x, prefix, width, table };
}

/** Tokens are counted from behind the number of the padding, which stands for itself. */
function paddedPositions({ net, config }: TemplateContext, { ids }: TextInputs): GraphTensor {
  const padding = config.number('pad_token_id', 1);
  if (!Number.isSafeInteger(padding) || padding < 0) throw config.refuse(`its pad_token_id is ${padding}`);
  const pad = net.ints([padding], []);
  const real = net.cast(net.unary('Not', net.compare('Equal', ids, pad)), 'int64');
  const counted = net.op('CumSum', [real, net.ints([1], [])], real);
  return net.binary('Add', net.binary('Mul', counted, real), pad);
}

/** The first token, through a dense layer. */
function pooled(context: TemplateContext, { sequence, prefix, width }: Encoded): GraphTensor {
  const first = takeOne(context.net, sequence, 1, 0);
  return activate(context.net, context.linear(`${prefix}pooler.dense`, first, width), { kind: 'tanh' });
}

function base(family: Family): Build {
  return (context) => {
    const encoded = encoder(context, family);
    const outputs = [planOutput(context.net, 'last_hidden_state', encoded.sequence, 'values')];
    // Models that were trained for words alone do not have it.
    if (!context.weights.has(`${encoded.prefix}pooler.dense.weight`)) return outputs;
    return [...outputs, planOutput(context.net, 'pooler_output', pooled(context, encoded), 'values')];
  };
}

/** The scores of tokens, or of the beginning and the end of an answer. */
function tokens(family: Family): Build {
  return (context) => {
    const { sequence } = encoder(context, family);
    return [planOutput(context.net, 'logits', context.linear('classifier', sequence), 'values')];
  };
}

export function answerOutputs({ net }: TemplateContext, scores: GraphTensor) {
  const parts = split(net, scores, 2, 2);
  return ['start_logits', 'end_logits'].flatMap((name, i) => {
    const part = parts[i];
    return part === undefined ? [] : [planOutput(net, name, squeeze(net, part, 2), 'values')];
  });
}

function answers(family: Family): Build {
  return (context) => answerOutputs(context, context.linear('qa_outputs', encoder(context, family).sequence, 2));
}

function words(family: Family): Build {
  return (context) => {
    const { net, config, weights } = context;
    const encoded = encoder(context, family);
    const [head, dense, norm, decoder] =
      family === 'bert'
        ? ['cls.predictions.', 'transform.dense', 'transform.LayerNorm', 'decoder']
        : ['lm_head.', 'dense', 'layer_norm', 'decoder'];
    const activation = family === 'bert' ? config.activation('hidden_act', 'gelu') : ({ kind: 'gelu' } as const);
    const inner = activate(net, context.linear(head + dense, encoded.sequence, encoded.width), activation);
    const normal = context.layerNorm(head + norm, inner, config.number('layer_norm_eps', 1e-12));
    const size = config.count('vocab_size');
    const bias = context.weight(`${head}bias`, [size]);
    weights.tied(`${head}${decoder}.bias`, `${head}bias`);
    if (config.flag('tie_word_embeddings', true)) {
      weights.tied(`${head}${decoder}.weight`, `${encoded.prefix}embeddings.word_embeddings.weight`);
      return [planOutput(net, 'logits', tiedScores(context, normal, encoded.table, bias), 'values')];
    }
    const own = context.weight(`${head}${decoder}.weight`, [size, encoded.width]);
    return [planOutput(net, 'logits', tiedScores(context, normal, own, bias), 'values')];
  };
}

const bertClasses: Build = (context) => {
  const scores = context.linear('classifier', pooled(context, encoder(context, 'bert')));
  return [planOutput(context.net, 'logits', scores, 'values')];
};

const robertaClasses: Build = (context) => {
  const { sequence, width } = encoder(context, 'roberta');
  const first = takeOne(context.net, sequence, 1, 0);
  const dense = activate(context.net, context.linear('classifier.dense', first, width), { kind: 'tanh' });
  return [planOutput(context.net, 'logits', context.linear('classifier.out_proj', dense), 'values')];
};

/** Places that newer versions make by themselves, and parts of the pretraining that the class does not have. */
const OTHERS =
  /(?:^|\.)embeddings\.(?:position_ids|token_type_ids)$|^(?:bert\.|roberta\.)pooler\.|^cls\.seq_relationship\./;

export const BERT: ModelTemplate = {
  architectures: {
    BertModel: base('bert'),
    BertForMaskedLM: words('bert'),
    BertForSequenceClassification: bertClasses,
    BertForTokenClassification: tokens('bert'),
    BertForQuestionAnswering: answers('bert'),
  },
  otherTensors: OTHERS,
};

function robertaLike(name: string): ModelTemplate {
  return {
    architectures: {
      [`${name}Model`]: base('roberta'),
      [`${name}ForMaskedLM`]: words('roberta'),
      [`${name}ForSequenceClassification`]: robertaClasses,
      [`${name}ForTokenClassification`]: tokens('roberta'),
      [`${name}ForQuestionAnswering`]: answers('roberta'),
    },
    otherTensors: OTHERS,
  };
}

export const ROBERTA = robertaLike('Roberta');
export const XLM_ROBERTA = robertaLike('XLMRoberta');
export const CAMEMBERT = robertaLike('Camembert');
