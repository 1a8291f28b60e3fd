import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadPrompts } from '../../../../src/behavior/data/prompts/load.ts';
import type { PromptsSpec } from '../../../../src/behavior/data/prompts/spec.ts';
import { tempFolder } from '../../../support/temp.ts';

const TOKENIZER = new URL('../../../../fixtures/behavior/data/tokenizers/gpt2.json', import.meta.url).pathname;

function load(files: Readonly<Record<string, string>>, more: Partial<PromptsSpec> = {}) {
  const folder = tempFolder();
  copyFileSync(TOKENIZER, join(folder, 'tokenizer.json'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const spec = { prompts: 'p.csv#text', tokenizer: 'tokenizer.json', newTokens: 4, eos: [0], special: true, ...more };
  return loadPrompts(spec, { folder });
}

it('reads texts, their tokens and their answers', async () => {
  const files = { 'p.csv': 'text,answer\nthe assay office,a\ntests of,b\n' };
  const { prompts, sha256 } = await load(files, { answers: 'p.csv#answer' });
  expect(prompts.texts).toEqual(['the assay office', 'tests of']);
  expect(prompts.answers).toEqual(['a', 'b']);
  expect(prompts.ids[0]).toEqual(Int32Array.of(368, 411, 453));
  expect(sha256).toMatch(/^[0-9a-f]{64}$/);
  const other = await load({ 'p.csv': 'text,answer\nthe assay office,a\ntests of,c\n' }, { answers: 'p.csv#answer' });
  expect(other.sha256).not.toBe(sha256);
});

it.each<[string, Readonly<Record<string, string>>, Partial<PromptsSpec>, string]>([
  ['numbers', { 'p.csv': 'text\n1\n2\n' }, {}, 'and texts are needed'],
  ['no file', {}, {}, 'no such file'],
  ['no rows', { 'p.jsonl': '' }, { prompts: 'p.jsonl#text' }, ''],
  [
    'fewer answers',
    { 'p.csv': 'text\nx\ny\n', 'a.csv': 'a\nz\n' },
    { answers: 'a.csv#a' },
    'has 1 answers, and there are 2 prompts',
  ],
  ['an empty prompt', { 'p.csv': 'text\nx\n""\n' }, {}, ''],
  ['a tokenizer that is not one', { 'p.csv': 'text\nx\n', 'tokenizer.json': '{}' }, {}, ''],
  ['a path that leads out', { 'p.csv': 'text\nx\n' }, { tokenizer: '../tokenizer.json' }, 'is not a path within'],
  ['a classifier that is not a model', { 'p.csv': 'text\nx\n', 'c.onnx': 'hello' }, { classifier: 'c.onnx' }, ''],
  ['a recording that is not arrays', { 'p.csv': 'text\nx\n', 'r.npz': 'PK' }, { recorded: 'r.npz' }, ''],
])('refuses %s', async (_what, files, more, message) => {
  const loading = load(files, more);
  await expect(loading).rejects.toMatchObject({
    name: 'AssayError',
    code: expect.stringMatching(/^(usage|not-found|malformed|truncated|unsupported|limit)$/),
    message: expect.stringContaining(message),
  });
});
