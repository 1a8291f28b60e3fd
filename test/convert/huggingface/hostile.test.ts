import { describe, expect, test } from 'vitest';
import { isAssayError } from '../../../src/core/errors.ts';
import { folderFiles, planFolder } from './plan-folder.ts';

const ROOT = 'fixtures/convert/huggingface/4.57.6/';
type Json = Readonly<Record<string, unknown>>;

/** A model whose config.json has other values; a value that is undefined is left out. */
async function withConfig(name: string, change: Json): Promise<Map<string, Uint8Array>> {
  const files = await folderFiles(ROOT + name);
  const config: Json = JSON.parse(Buffer.from(files.get('config.json') ?? []).toString());
  return files.set('config.json', Buffer.from(JSON.stringify({ ...config, ...change })));
}

/** The header of a safetensors file with other texts. */
async function withHeader(name: string, from: string, to: string): Promise<Map<string, Uint8Array>> {
  const files = await folderFiles(ROOT + name);
  const bytes = Buffer.from(files.get('model.safetensors') ?? []);
  const at = bytes.indexOf(from);
  expect(at).toBeGreaterThan(0);
  expect(to.length).toBe(from.length);
  bytes.write(to, at);
  return files.set('model.safetensors', bytes);
}

describe('a config.json that asks for something else is refused by its key', () => {
  test.each<[string, string, Json, RegExp]>([
    ['code of its own', 'BertModel', { auto_map: { AutoModel: 'modeling.Model' } }, /code of its own \(auto_map\)/],
    ['quantised weights', 'BertModel', { quantization_config: { bits: 4 } }, /quantised \(quantization_config\)/],
    ['another family', 'BertModel', { model_type: 'mamba' }, /model_type "mamba" has no template: bert, /],
    ['the family of a property', 'BertModel', { model_type: '__proto__' }, /"__proto__" has no template/],
    [
      'another class',
      'BertModel',
      { architectures: ['BertForPreTraining'] },
      /"BertForPreTraining" has no template: BertModel, /,
    ],
    [
      'a class of the name of a property',
      'BertModel',
      { architectures: ['constructor'] },
      /"constructor" has no template/,
    ],
    ['two classes', 'BertModel', { architectures: ['BertModel', 'BertForMaskedLM'] }, /has no template/],
    ['an activation', 'BertModel', { hidden_act: 'xielu' }, /hidden_act is "xielu"/],
    ['an activation of the name of a property', 'BertModel', { hidden_act: 'toString' }, /hidden_act is "toString"/],
    [
      'relative positions',
      'BertModel',
      { position_embedding_type: 'relative_key' },
      /position_embedding_type is "relative_key"/,
    ],
    ['a decoder', 'BertModel', { is_decoder: true }, /is_decoder is true/],
    ['cross attention', 'BertModel', { add_cross_attention: true }, /add_cross_attention is true/],
    ['pruned heads', 'BertModel', { pruned_heads: { 0: [1] } }, /pruned_heads is/],
    [
      'a key that is not known',
      'BertModel',
      { logit_scale: 3 },
      /the key "logit_scale", which its template does not know/,
    ],
    ['a key of another family', 'LlamaModel', { partial_rotary_factor: 0.5 }, /"partial_rotary_factor"/],
    [
      'scaled positions',
      'LlamaModel',
      { rope_scaling: { rope_type: 'yarn', factor: 4 } },
      /scaled by "yarn" \(rope_scaling\)/,
    ],
    [
      'a key of scaled positions',
      'LlamaModel',
      { rope_scaling: { rope_type: 'linear', factor: 4, extra: 1 } },
      /"extra"/,
    ],
    ['tensor parallel slices', 'LlamaModel', { pretraining_tp: 2 }, /pretraining_tp is 2/],
    ['a sliding window', 'Qwen2ForCausalLM', { use_sliding_window: true }, /use_sliding_window is true/],
    [
      'layers of other types',
      'Qwen2ForCausalLM',
      { layer_types: ['sliding_attention'] },
      /layer_types is "sliding_attention"/,
    ],
    ['another scale', 'GPT2Model', { scale_attn_weights: false }, /scale_attn_weights is false/],
    ['heads that are not shared equally', 'LlamaModel', { num_key_value_heads: 3 }, /3 heads of keys/],
    ['heads of one feature', 'LlamaModel', { head_dim: 1 }, /not pairs/],
    ['heads of 2^31 features', 'LlamaModel', { head_dim: 2 ** 31 }, /more than 8192/],
    ['heads that do not divide', 'BertModel', { num_attention_heads: 3 }, /do not have 3 heads/],
  ])('%s', async (_, name, change, message) => {
    const planned = planFolder(await withConfig(name, change));
    await expect(planned).rejects.toThrow(message);
    await expect(planned).rejects.toMatchObject({ code: 'unsupported', subject: 'config.json' });
  });
});

describe('a config.json that lies', () => {
  test.each<[string, string, Json]>([
    ['more layers', 'BertModel', { num_hidden_layers: 3 }],
    ['2^31 layers', 'LlamaModel', { num_hidden_layers: 2 ** 31 }],
    ['no layers', 'BertModel', { num_hidden_layers: 0 }],
    ['2^53 features', 'BertModel', { hidden_size: 2 ** 53 }],
    ['half a feature', 'BertModel', { hidden_size: 8.5 }],
    ['a number that is a text', 'BertModel', { hidden_size: '8' }],
    ['more words', 'BertModel', { vocab_size: 41 }],
    ['a window of no tokens', 'mistral-window', { sliding_window: 0 }],
    ['an epsilon below zero', 'BertModel', { layer_norm_eps: -1 }],
    ['an image of 2^31 pixels a side', 'ViTModel', { image_size: 2 ** 31 }],
    ['patches of no pixels', 'ViTModel', { patch_size: [4, 0] }],
    ['architectures that are not a list', 'BertModel', { architectures: 'BertModel' }],
    ['a model_type that is not a text', 'BertModel', { model_type: ['bert'] }],
    ['no scaling factor', 'llama3', { rope_scaling: { rope_type: 'llama3' } }],
  ])('%s', async (_, name, change) => {
    await expect(planFolder(await withConfig(name, change))).rejects.toMatchObject({ code: 'malformed' });
  });
  test('fewer layers leave weights that nothing uses', async () => {
    await expect(planFolder(await withConfig('BertModel', { num_hidden_layers: 1 }))).rejects.toThrow(
      /has the tensor "encoder\.layer\.1\.[\w.]+", which the architecture of config\.json does not use/,
    );
  });
  test('a text that is not JSON', async () => {
    const files = await folderFiles(`${ROOT}BertModel`);
    await expect(planFolder(files.set('config.json', Buffer.from('{"model_type":')))).rejects.toMatchObject({
      code: 'malformed',
    });
  });
});

describe('weights that are not those of the architecture', () => {
  test('a missing tensor is named', async () => {
    const files = await withHeader('BertModel', 'pooler.dense.bias', 'pooler.dense.bios');
    await expect(planFolder(files)).rejects.toThrow('has no tensor "pooler.dense.bias"');
  });
  test('whole numbers in place of weights', async () => {
    const files = await withHeader('BertModel', '"dtype":"F32"', '"dtype":"I32"');
    await expect(planFolder(files)).rejects.toThrow('has the type I32, not one of floating-point numbers');
  });
  test('a tensor that overlaps another', async () => {
    const files = await folderFiles(`${ROOT}BertModel`);
    const bytes = Buffer.from(files.get('model.safetensors') ?? []);
    const text = bytes.toString('latin1');
    const spans = [...text.matchAll(/"data_offsets":\[\d+,\d+\]/g)].map(([all]) => all);
    const second = spans.at(-1) ?? '';
    const first = spans.find((one) => one !== second && one.length === second.length) ?? '';
    expect(first).not.toBe('');
    bytes.write(first, text.indexOf(second), 'latin1');
    await expect(planFolder(files.set('model.safetensors', bytes))).rejects.toMatchObject({ code: 'malformed' });
  });
  test('an adapter that changes them', async () => {
    const files = await folderFiles(`${ROOT}BertModel`);
    await expect(planFolder(files.set('adapter_config.json', Buffer.from('{}')))).rejects.toThrow(
      'an adapter changes its weights',
    );
  });
  test.each(['../model-00001-of-00002.safetensors', '/etc/passwd', '..'])('an index that names %s', async (name) => {
    const files = await folderFiles(`${ROOT}bert-shards`);
    const index = { weight_map: { 'embeddings.word_embeddings.weight': name } };
    await expect(
      planFolder(files.set('model.safetensors.index.json', Buffer.from(JSON.stringify(index)))),
    ).rejects.toMatchObject({ code: 'malformed' });
  });
  test('a shard that is missing', async () => {
    const files = await folderFiles(`${ROOT}bert-shards`);
    const shard = [...files.keys()].find((name) => name.startsWith('model-00001'));
    files.delete(shard ?? '');
    await expect(planFolder(files)).rejects.toThrow('which is not there');
  });
  test('a shard with a tensor that the index expects in another', async () => {
    const files = await folderFiles(`${ROOT}bert-shards`);
    const shards = [...files.keys()].filter((name) => /^model-\d/.test(name)).sort();
    const [first = '', second = ''] = shards;
    const swapped = new Map(files)
      .set(first, files.get(second) ?? Buffer.of())
      .set(second, files.get(first) ?? Buffer.of());
    await expect(planFolder(swapped)).rejects.toThrow('which the index does not expect there');
  });
});

const DRAWN: readonly unknown[] = [
  null,
  true,
  false,
  0,
  1,
  -1,
  2.5,
  2 ** 31,
  2 ** 53,
  'gelu',
  '',
  [],
  [1],
  {},
  '__proto__',
];

test.each([
  'BertForMaskedLM',
  'DistilBertModel',
  'GPT2LMHeadModel',
  'LlamaForCausalLM',
  'llama3',
  'mistral-window',
  'Qwen2ForCausalLM',
  'ViTModel',
])('%s with drawn values of each key is converted or refused, and nothing else', async (name) => {
  const files = await folderFiles(ROOT + name);
  const config: Json = JSON.parse(Buffer.from(files.get('config.json') ?? []).toString());
  for (const key of Object.keys(config))
    for (const value of DRAWN) {
      const changed = new Map(files).set('config.json', Buffer.from(JSON.stringify({ ...config, [key]: value })));
      const error: unknown = await planFolder(changed).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (error !== undefined && !(isAssayError(error) && error.code !== 'internal'))
        throw new Error(`${key}: ${String(value)}`, { cause: error });
    }
});
