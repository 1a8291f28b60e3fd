import { expect, test } from 'vitest';
import { NETWORK_CASES } from './networks/cases.ts';
import { testSavedNetworks } from './networks/saved-models.ts';

/** One version of each framework, and one model of each template. The others are in test/full. */
const CHOSEN: readonly RegExp[] = [
  /^keras\/2\.12\.0\//,
  /^keras\/3\.15\.1\/.*\.keras/,
  /^torch-modules\/2\.6\.0\//,
  /^torchvision\//,
  /^torchscript\/2\.6\.0\/traced-(?:cnn|encoder|lstm|gru|mlp)/,
  /^exported\//,
  /^huggingface\/4\.57\.6\/(?:Bert|DistilBert|GPT2|ViT|Llama|Mistral|Qwen2|Roberta)\w*Model$/,
  /^huggingface\/4\.57\.6\/(?:BertForQuestionAnswering|GPT2LMHeadModel|LlamaForCausalLM|ViTForImageClassification)$/,
  /^tensorflow\//,
];

const cases = NETWORK_CASES.filter(({ name }) => CHOSEN.some((one) => one.test(name)));

test.each(CHOSEN)('there are networks of %s', (family) => {
  expect(NETWORK_CASES.filter(({ name }) => family.test(name))).not.toEqual([]);
});

await testSavedNetworks(cases);
