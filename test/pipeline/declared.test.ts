import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Declared, NOTHING_DECLARED } from '../../src/core/assessment/declared.ts';
import { MemorySource } from '../../src/core/bytes/byte-source.ts';
import { AssayError } from '../../src/core/errors.ts';
import { assess } from '../../src/pipeline/assess.ts';
import { joinDeclarations, readDeclaration } from '../../src/pipeline/declared.ts';
import { artifactOf, fileFrom, folderFiles, memoryFile } from '../support/artifacts.ts';
import { fakeFile } from '../support/fake-hub.ts';
import { HubHarness } from '../support/hub-harness.ts';

const CARDS = new URL('../../fixtures/model-cards/', import.meta.url).pathname;

const files = (texts: Readonly<Record<string, string>>) =>
  Object.entries(texts).map(([path, text]) => memoryFile(path, Buffer.from(text)));

async function declaredBy(texts: Readonly<Record<string, string>>, ref = 'hf://acme/model') {
  const assessment = await assess({ ...artifactOf(files(texts)), ref });
  return assessment;
}

describe('the declarations of a model', () => {
  const expected: Readonly<Record<string, Partial<Declared>>> = {
    adapter: {
      licences: ['llama3.1'],
      baseModels: ['acme/Llama-3.1-8B@0e9e39f249a16976918f6564b8830bc894c89659'],
      library: 'peft',
      task: 'text-generation',
      languages: ['no'],
      tags: ['lora', 'base_model:adapter:acme/Llama-3.1-8B'],
      files: ['README.md', 'adapter_config.json'],
    },
    'custom-code': {
      licences: ['mit'],
      baseModels: ['acme/custom-7b'],
      datasets: ['acme/web', 'acme/code'],
      remoteCode: [
        'configuration_acme.AcmeConfig',
        'acme/shared-code--modeling_acme.AcmeForCausalLM',
        'text.towers.TextTower',
        'tokenization_acme.AcmeTokenizer',
      ],
      architectures: ['AcmeForCausalLM'],
      modelType: 'acme',
      files: ['README.md', 'config.json', 'tokenizer_config.json'],
    },
    'library-full': {
      licences: ['apache-2.0'],
      baseModels: ['acme/encoder-base', 'acme/encoder-chat'],
      datasets: ['acme/pairs', 'acme/triplets'],
      library: 'sentence-transformers',
      task: 'sentence-similarity',
      languages: ['en', 'de', 'no'],
      tags: ['mteb', 'feature-extraction'],
      files: ['README.md'],
    },
    'library-other-licence': {
      licences: ['other'],
      licenceName: 'acme-community-1.0',
      baseModels: ['acme/big-7b'],
      files: ['README.md'],
    },
    pipeline: {
      remoteCode: ['my_pipeline.MyPipeline', 'unet/my_unet.MyUNet'],
      files: ['model_index.json'],
    },
    'saved-from': {
      baseModels: ['acme/base-7b'],
      architectures: ['LlamaForCausalLM'],
      modelType: 'llama',
      files: ['config.json'],
    },
    sentence: { remoteCode: ['custom_st.Transformer'], files: ['modules.json'] },
  };
  const folders = readdirSync(CARDS, { withFileTypes: true }).filter((entry) => entry.isDirectory());

  it.each(folders.map(({ name }) => name))('are read from the folder %s', async (name) => {
    const { declared, notes } = await assess(artifactOf(folderFiles(join(CARDS, name))));
    expect(declared).toEqual({ ...NOTHING_DECLARED, ...expected[name] });
    expect(notes).toEqual([]);
  });

  it('are empty when no file declares anything', async () => {
    const { declared } = await declaredBy({
      'README.md': '# x',
      'config.json': '{}',
      'docs/README.md': '---\nlicense: mit\n---',
    });
    expect(declared).toEqual(NOTHING_DECLARED);
  });

  it('name the base model of the card and the adapter, and _name_or_path only when neither names one', async () => {
    const from = '{"_name_or_path": "acme/older"}';
    const card = '---\nbase_model: acme/base\n---\n';
    const bases = async (texts: Readonly<Record<string, string>>) => (await declaredBy(texts)).declared.baseModels;
    expect(await bases({ 'README.md': card, 'config.json': from })).toEqual(['acme/base']);
    expect(await bases({ 'config.json': from })).toEqual(['acme/older']);
    expect(await bases({ 'config.json': '{"_name_or_path": "acme/model"}' })).toEqual([]);
    expect(await bases({ 'config.json': '{"_name_or_path": "/home/me/checkpoint"}' })).toEqual([]);
    expect(await bases({ 'config.json': '{"_name_or_path": "gpt2"}' })).toEqual([]);
    const adapter = '{"base_model_name_or_path": "acme/base", "revision": "v1"}';
    expect(await bases({ 'README.md': card, 'adapter_config.json': adapter })).toEqual(['acme/base@v1']);
    expect(await bases({ 'README.md': card, 'adapter_config.json': '{"base_model_name_or_path": "acme/b2"}' })).toEqual(
      ['acme/base', 'acme/b2'],
    );
  });
});

describe('an unreadable card or configuration', () => {
  it.each([
    ['README.md', '---\nlicense: &a mit\ntags: [*a]\n---\n', 'has an alias in its front matter'],
    ['README.md', '---\nlicense: mit\n', 'has front matter that does not end within 262144 bytes'],
    ['config.json', '{"architectures": ["A"', 'the JSON document ends early'],
    ['tokenizer_config.json', '[1, 2] x', 'not valid JSON: an unexpected value at byte 7'],
  ])('%s with %j declares nothing, and a note gives the reason', async (path, text, why) => {
    const { declared, notes, status } = await declaredBy({ [path]: text, 'modules.json': '[{"type": "x.Y"}]' });
    expect(declared).toEqual(NOTHING_DECLARED);
    expect(notes).toEqual([`${path}: its declarations cannot be read: ${why}`]);
    expect(status).toBe('complete');
  });

  it('does not change the verdict of its file', async () => {
    const { files: judged } = await declaredBy({ 'README.md': '---\nlicense: &a mit\ntags: [*a]\n---\n' });
    expect(judged.map(({ verdict, reasons }) => [verdict, reasons])).toEqual([['clean', []]]);
  });

  it('with one line of 10 MB is bounded by a limit', async () => {
    const { declared, notes } = await declaredBy({
      'README.md': `---\nlicense: mit\nlicense_name: ${'x'.repeat(10_000_000)}\n---\n`,
      'config.json': JSON.stringify({ model_type: 'y'.repeat(10_000_000) }),
    });
    expect(declared).toEqual(NOTHING_DECLARED);
    expect(notes).toEqual([
      'README.md: its declarations cannot be read: has front matter that does not end within 262144 bytes',
      'config.json: its declarations cannot be read: has more than 8388608 bytes',
    ]);
  });

  it('gives a note with the number of values that were not kept', async () => {
    const { notes } = await declaredBy({ 'README.md': `---\nlicense: ${'x'.repeat(600)}\n---\n` });
    expect(notes).toEqual(['README.md: 1 declared values are too long or too many to keep']);
  });

  it('gives a note after a network error, and throws after a defect of ours', async () => {
    const failing = (code: 'network' | 'internal') => ({
      name: 'config.json',
      size: 10,
      readNow: () => undefined,
      read: () => Promise.reject(new AssayError(code, 'no more')),
      unchanged: async () => true,
      close: async () => {},
    });
    expect(await readDeclaration('config.json', failing('network'))).toMatchObject({
      facts: undefined,
      notes: ['config.json: its declarations cannot be read: no more'],
    });
    await expect(readDeclaration('config.json', failing('internal'))).rejects.toThrow('no more');
  });

  it('never throws, for any content', async () => {
    const path = fc.constantFrom(
      'README.md',
      'config.json',
      'adapter_config.json',
      'modules.json',
      'model_index.json',
      'unet/config.json',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc.string().map((inner) => `---\nbase_model: ${inner}\ntags: [${inner}]\n---\n`),
      fc
        .dictionary(fc.constantFrom('auto_map', 'base_model_name_or_path', 'revision', '_name_or_path'), fc.string())
        .map((any) => JSON.stringify(any)),
    );
    await fc.assert(
      fc.asyncProperty(fc.dictionary(path, text), fc.string(), async (texts, ref) => {
        const artifact = { ...artifactOf(files(texts)), ref };
        const read = await Promise.all(
          Object.entries(texts).map(([name, content]) =>
            readDeclaration(name, new MemorySource(Buffer.from(content), name)),
          ),
        );
        const { declared } = joinDeclarations(
          artifact,
          read.flatMap((one) => one ?? []),
        );
        expect(Object.keys(declared)).toEqual(Object.keys(NOTHING_DECLARED));
      }),
      { numRuns: 200 },
    );
  });
});

describe('reading what a model declares', () => {
  it('reads no byte of the file system twice', async () => {
    const folder = folderFiles(join(CARDS, 'library-full'));
    const { stats } = await assess(artifactOf(folder));
    expect(stats.bytesRead).toBe(folder.reduce((sum, { size }) => sum + size, 0));
  });

  it('opens each file once', async () => {
    let opened = 0;
    const bytes = Buffer.from('{"model_type": "x"}');
    const file = fileFrom('config.json', bytes.length, async () => {
      opened++;
      return new MemorySource(bytes, 'config.json');
    });
    expect((await assess(artifactOf([file]))).declared.modelType).toBe('x');
    expect(opened).toBe(1);
  });

  it('asks the Hub for nothing that the scan did not fetch', async () => {
    const card = `---\nlicense: mit\nbase_model: acme/base\n---\n${'A word of advice. '.repeat(40_000)}`;
    const sent = async (name: string) => {
      const harness = await HubHarness.start();
      try {
        harness.repo.commit([fakeFile(name, card)]);
        const { declared, stats } = await assess(await harness.open());
        return { licences: declared.licences, read: stats.bytesRead };
      } finally {
        await harness.close();
      }
    };
    const read = await sent('README.md');
    expect(read.licences).toEqual(['mit']);
    expect(read.read).toBe((await sent('OTHER.md')).read);
  });
});
