import { expect, test } from 'vitest';
import { NETWORK_CASES } from './networks/cases.ts';
import { testSavedNetworks } from './networks/saved-models.ts';

/** One version of each framework, and one model of each template. The others are in test/full. */
const CHOSEN: readonly RegExp[] = [
  /^keras\/2\.12\.0\/(?:recurrent|conv2d-plain)\.keras/,
  /^keras\/3\.15\.1\/(?:attention|bidirectional|conv2d|digits-\w+|embedding|merges|pools|recurrent|transformer)\.keras/,
  /^torch-modules\/2\.6\.0\/(?:digits-|conv|lstm|gru|rnn|encoder|norm-|pool-average|pool-max|shape-|transposed|text)/,
  /^torchvision\//,
  /^torchscript\/2\.6\.0\/traced-(?:cnn|lstm|gru)/,
  /^exported\/2\.6\.0\/exported-(?:cnn|encoder|mlp)/,
  /^huggingface\/4\.57\.6\/(?:Bert|DistilBert|GPT2|ViT)Model$/,
  /^huggingface\/4\.57\.6\/LlamaForCausalLM$/,
  /^tensorflow\//,
];

const cases = NETWORK_CASES.filter(({ name }) => CHOSEN.some((one) => one.test(name)));

test.each(CHOSEN)('there are networks of %s', (family) => {
  expect(NETWORK_CASES.filter(({ name }) => family.test(name))).not.toEqual([]);
});

await testSavedNetworks(cases);
