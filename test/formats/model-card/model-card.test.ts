import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { isAssayError } from '../../../src/core/errors.ts';
import { type ConfigKind, MAX_CONFIG, readModelConfig } from '../../../src/formats/model-card/config.ts';
import { type Facts, MAX_FACT_VALUES, MAX_VALUE_LENGTH } from '../../../src/formats/model-card/facts.ts';
import { declaringKind, readFacts } from '../../../src/formats/model-card/files.ts';
import { MAX_FRONT_MATTER, MAX_PARSED, readModelCard } from '../../../src/formats/model-card/model-card.ts';

const FACTS = [
  'licences',
  'licenceName',
  'baseModels',
  'datasets',
  'library',
  'task',
  'languages',
  'tags',
  'architectures',
  'modelType',
  'savedFrom',
] as const;

function told(facts: Facts): Record<string, readonly string[]> {
  return Object.fromEntries(
    FACTS.map((fact) => [fact, facts.values(fact)]).filter(([, values]) => values?.length !== 0),
  );
}

const card = (text: string | Uint8Array) => readModelCard(Buffer.from(text), 'README.md');
const front = async (text: string) => told(await card(`---\n${text}\n---\n# A model\n`));
const config = (text: string, kind: ConfigKind = 'config', folder = '') =>
  readModelConfig(kind, new MemorySource(Buffer.from(text), 'config.json'), folder);
const code = (facts: Facts) => facts.code.map(({ text, repo, module }) => [text, repo, module]);

describe('the front matter of a card', () => {
  it('is parsed as huggingface_hub writes it', async () => {
    const bytes = readFileSync(new URL('../../../fixtures/model-cards/library-full/README.md', import.meta.url));
    expect(told(await card(bytes))).toEqual({
      licences: ['apache-2.0'],
      baseModels: ['acme/encoder-base', 'acme/encoder-chat'],
      datasets: ['acme/pairs', 'acme/triplets'],
      library: ['sentence-transformers'],
      task: ['sentence-similarity'],
      languages: ['en', 'de', 'no'],
      tags: ['mteb', 'feature-extraction'],
    });
  });

  it.each([
    ['an unindented list', 'language:\n- en\n- no\nlicense: mit', { languages: ['en', 'no'], licences: ['mit'] }],
    [
      'a flow list over several lines',
      'tags: [a,\n  "b, c",\n  d]\nlicense: mit',
      { tags: ['a', 'b, c', 'd'], licences: ['mit'] },
    ],
    ['a closing bracket without indentation', 'tags: [\n  a\n]\nlicense: mit', { tags: ['a'], licences: ['mit'] }],
    ['quoted keys and values', '"license": \'mit\'\n\'language\': "de"', { licences: ['mit'], languages: ['de'] }],
    ['comments', '# license: gpl\nlicense: mit # not gpl\n# tags: x', { licences: ['mit'] }],
    [
      'keys within other keys',
      'widget:\n- text: |\n    license: gpl\n  license: gpl\nlicense: mit',
      { licences: ['mit'] },
    ],
    ['a key without a value', 'license:\nbase_model: ~\nlicense_name: null\ntags: []\nlanguage:\n- \n', {}],
    [
      'dates, numbers and booleans as strings',
      'license: 2024-05-01\nlanguage: [no, 1e3, true]',
      {
        licences: ['2024-05-01'],
        languages: ['no', '1e3', 'true'],
      },
    ],
    [
      'values that are objects, which are ignored',
      'datasets:\n- name: x\n- acme/y\nbase_model: {a: b}',
      { datasets: ['acme/y'] },
    ],
    ['nested lists, which are ignored', 'tags: [[a], b]', { tags: ['b'] }],
    ['a repeated value, which counts once', 'tags: [a, a]', { tags: ['a'] }],
    ['merge keys, which are not applied', 'base: &base {license: gpl}\n<<: *base\nlicense: mit', { licences: ['mit'] }],
    ['names of inherited properties', '__proto__: x\nconstructor: y\nlicense: mit', { licences: ['mit'] }],
    ['a document end within', 'license: mit\n...\nlanguage: en', { licences: ['mit'], languages: ['en'] }],
    ['directives', '%YAML 1.2\n%TAG ! tag:x,2000:\nlicense: mit', { licences: ['mit'] }],
  ])('is parsed with %s', async (_, text, expected) => {
    expect(await front(text)).toEqual(expected);
  });

  it.each([
    ['no front matter', '# A model\n\n---\nlicense: mit\n---\n', {}],
    ['empty front matter', '---\n---\n# x', {}],
    ['no content', '', {}],
    ['Windows line ends', '---\r\nlicense: mit\r\ntags:\r\n- a\r\n---\r\n', { licences: ['mit'], tags: ['a'] }],
    ['a byte order mark and blank lines', '\ufeff\n\n---\nlicense: mit\n---', { licences: ['mit'] }],
    ['a second document', '---\nlicense: mit\n---\nlicense: gpl\n---\n', { licences: ['mit'] }],
  ])('is parsed from a card with %s', async (_, text, expected) => {
    expect(told(await card(text))).toEqual(expected);
  });

  it('keeps the ASCII of an 8-bit code page', async () => {
    const bytes = Buffer.from('---\nlicense: mit\nlicense_name: caf\xe9\n---\n', 'latin1');
    expect(told(await card(bytes))).toEqual({ licences: ['mit'], licenceName: ['caf\ufffd'] });
  });

  it.each([
    ['does not end', '---\nlicense: mit\n', /front matter that does not end within/],
    [
      'ends too late',
      `---\nlicense: mit\nx: ${'y'.repeat(MAX_FRONT_MATTER)}\n---\n`,
      /front matter that does not end within/,
    ],
    ['has too much to parse', `---\ntags: [${'a, '.repeat(MAX_PARSED)}]\n---\n`, /more than 32768 characters/],
    ['is not YAML', '---\nlicense: [mit\n---\n', /not YAML/],
    ['has a horizontal rule within', '---\nlicense: mit\n----\nlanguage: en\n---\n', /not YAML/],
    ['has a repeated key', '---\nlicense: mit\nlicense: gpl\n---\n', /key license twice/],
    ['has an alias', '---\nlicense: &a mit\ntags: [*a]\n---\n', /alias/],
    ['is an alias bomb', `---\n${bomb()}\n---\n`, /alias/],
    ['names an unknown alias', '---\nlicense: *nobody\n---\n', /alias|not YAML/],
    ['has a tag', '---\nlicense: !!python/object/apply:os.system ["id"]\n---\n', /tag/],
    ['has a tag in a list', '---\ntags: [!!binary aWQ=]\n---\n', /tag/],
    ['is nested too deeply', `---\ntags: ${'['.repeat(MAX_PARSED - 100)}\n---\n`, /nested too deep/],
  ])('gives an error and declares nothing when it %s', async (_, text, message) => {
    const error = await card(text).then(
      (facts) => told(facts),
      (caught: unknown) => caught,
    );
    expect(isAssayError(error) ? error.message : error).toMatch(message);
  });

  it('gives only an AssayError for hostile text', async () => {
    const hostile = [
      `---\ntags: [${'{'.repeat(MAX_PARSED - 100)}\n---\n`,
      `---\ntags:\n${'- &a x\n'.repeat(4000)}---\n`,
      `---\ntags: "${'\\u0041'.repeat(5000)}"\n---\n`,
      `---\n${'\n'.repeat(MAX_FRONT_MATTER - 20)}\n---\n`,
      `---\n${'a:\n'.repeat(80_000)}\n---\n`,
      `${' '.repeat(MAX_FRONT_MATTER)}---\nlicense: mit\n---\n`,
    ];
    for (const text of hostile) await card(text).catch((error: unknown) => expect(isAssayError(error)).toBe(true));
  });

  it('keeps a limited number of values of limited length', async () => {
    const facts = await card(
      `---\ntags: [${Array.from({ length: 150 }, (_, i) => `t${i}`).join(', ')}]\nlicense: ${'x'.repeat(MAX_VALUE_LENGTH + 1)}\n---\n`,
    );
    expect(facts.values('tags')).toHaveLength(MAX_FACT_VALUES);
    expect(facts.values('licences')).toEqual([]);
    expect(facts.dropped).toBe(51);
  });

  it('throws only AssayErrors for any text', async () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '---\n',
        'license: ',
        'tags:\n',
        '- ',
        '[',
        ']',
        '{',
        '}',
        '&a ',
        '*a',
        '!!str ',
        '|',
        '>',
        '"',
        "'",
        '\n',
        '  ',
        '? ',
        '<<: ',
        '%',
        '...\n',
        '\r',
        '\0',
        '\ufeff',
      ),
      fc.string({ unit: 'binary', maxLength: 8 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 40 }), async (pieces) => {
        const error = await card(`---\n${pieces.join('')}\n---\n`).catch((caught: unknown) => caught);
        if (error instanceof Error) expect(isAssayError(error)).toBe(true);
      }),
      { numRuns: 300 },
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        const error = await card(bytes).catch((caught: unknown) => caught);
        if (error instanceof Error) expect(isAssayError(error)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

function bomb(): string {
  const levels = Array.from({ length: 9 }, (_, i) => `tag${i + 1}: &l${i + 1} [${`*l${i}, `.repeat(9)}]`);
  return ['tag0: &l0 lol', ...levels, 'tags: [*l9]'].join('\n');
}

describe('a configuration', () => {
  it('declares the type of the model', async () => {
    const facts = await config(
      '{"architectures": ["A", "B"], "model_type": "llama", "_name_or_path": "a/b", "text_config": {"model_type": "x", "architectures": ["C"]}, "id2label": {"0": "model_type"}}',
    );
    expect(told(facts)).toEqual({ architectures: ['A', 'B'], modelType: ['llama'], savedFrom: ['a/b'] });
    expect(facts).toMatchObject({ code: [], trustsCode: false });
  });

  it('names remote code in any auto_map, of its own and of other repositories', async () => {
    const facts = await config(
      '{"auto_map": {"AutoModel": "modeling.Model", "AutoTokenizer": [null, "o/r--tokens.fast.Tokenizer"]}, "a": [{"auto_map": {"X": "deep.Down"}}], "custom_pipelines": {"task": {"impl": "pipe.Line", "pt": ["AutoModel"]}}, "x": "o/r--not.Code"}',
    );
    expect(code(facts)).toEqual([
      ['modeling.Model', null, 'modeling'],
      ['o/r--tokens.fast.Tokenizer', 'o/r', 'tokens/fast'],
      ['deep.Down', null, 'deep'],
      ['pipe.Line', null, 'pipe'],
    ]);
  });

  it.each([
    ['true', true],
    ['"yes"', true],
    ['1', true],
    ['false', false],
    ['null', false],
    ['0', false],
  ])('with trust_remote_code %s requires trust: %s', async (value, asks) => {
    expect((await config(`{"a": {"trust_remote_code": ${value}}}`, 'part')).trustsCode).toBe(asks);
  });

  it.each([
    ['a base model', '{"base_model_name_or_path": "a/b", "revision": null}', ['a/b']],
    ['a base model and its revision', '{"revision": "abc", "base_model_name_or_path": "a/b"}', ['a/b@abc']],
    ['a base model without its branch', '{"base_model_name_or_path": "a/b", "revision": "main"}', ['a/b']],
    ['no base model', '{"revision": "abc", "nested": {"base_model_name_or_path": "a/b"}}', []],
  ])('of an adapter names %s', async (_, text, expected) => {
    expect((await config(text, 'adapter')).values('baseModels')).toEqual(expected);
  });

  it('of a pipeline names its class and the modules of its parts', async () => {
    const named = await config('{"_class_name": "StableDiffusionPipeline", "vae": ["diffusers", "A"]}', 'pipeline');
    expect(named.values('architectures')).toEqual(['StableDiffusionPipeline']);
    const own = await config(
      '{"_class_name": ["pipe", "Mine"], "unet": ["my_unet", "U"], "n": [null, null]}',
      'pipeline',
    );
    expect(own.code).toMatchObject([
      { text: 'pipe.Mine', module: 'pipe', ifPresent: false },
      { text: 'unet/my_unet.U', module: 'unet/my_unet', ifPresent: true },
    ]);
  });

  it('of sentence transformers names modules of its own, and those of other repositories', async () => {
    const text =
      '[{"type": "sentence_transformers.models.Pooling"}, {"type": "custom_st.Transformer"}, {"type": "o/r--st.T"}]';
    expect((await config(text, 'modules')).code).toEqual([
      { text: 'custom_st.Transformer', repo: null, module: 'custom_st', ifPresent: true },
      { text: 'o/r--st.T', repo: 'o/r', module: 'st', ifPresent: false },
    ]);
  });

  it.each([
    ['is truncated', '{"architectures": ["A"', /ends early/],
    ['is not JSON', 'architectures: [A]', /./],
    ['is binary', '\0\x01\x02', /./],
    ['is nested too deeply', '['.repeat(100), /./],
    ['is too large', ' '.repeat(MAX_CONFIG + 1), /more than 8388608 bytes/],
    ['is empty', '', /ends early/],
  ])('gives an error when it %s', async (_, text, message) => {
    await expect(config(text)).rejects.toThrow(message);
  });

  it('with a string of 7 MB and 100,000 references keeps a limited amount', async () => {
    const many = Array.from({ length: 100_000 }, (_, i) => `"A${i}": "m${i}.C"`).join(',');
    const facts = await config(`{"model_type": "${'x'.repeat(4_000_000)}", "auto_map": {${many}}}`);
    expect(facts.code).toHaveLength(MAX_FACT_VALUES);
    expect(facts.values('modelType')).toEqual([]);
    expect(facts.dropped).toBe(100_000 - MAX_FACT_VALUES + 1);
  });

  it('throws only AssayErrors for any JSON and any bytes', async () => {
    const key = fc.constantFrom(
      'auto_map',
      'architectures',
      'type',
      '_class_name',
      'revision',
      'impl',
      'custom_pipelines',
      'trust_remote_code',
      '__proto__',
      'unet',
    );
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: 'small' },
        fc.string(),
        fc.integer(),
        fc.constant(null),
        fc.boolean(),
        fc.array(tie('any')),
        fc.dictionary(key, tie('any')),
      ),
    })).any;
    const kinds = ['config', 'adapter', 'modules', 'pipeline', 'part'] as const;
    await fc.assert(
      fc.asyncProperty(value, fc.constantFrom(...kinds), async (any, kind) => {
        const facts = await config(JSON.stringify(any), kind);
        expect(facts.code.length).toBeLessThanOrEqual(MAX_FACT_VALUES);
      }),
      { numRuns: 300 },
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), fc.constantFrom(...kinds), async (bytes, kind) => {
        const error = await readModelConfig(kind, new MemorySource(bytes, 'x'), '').catch((caught: unknown) => caught);
        if (error instanceof Error) expect(isAssayError(error)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the kind of a declaring file', () => {
  it.each([
    ['README.md', 'card'],
    ['config.json', 'config'],
    ['adapter_config.json', 'adapter'],
    ['modules.json', 'modules'],
    ['model_index.json', 'pipeline'],
    ['tokenizer_config.json', 'part'],
    ['unet/config.json', 'part'],
    ['text_encoder_2/config.json', 'part'],
    ['0_Transformer/sentence_bert_config.json', 'part'],
    ['docs/README.md', undefined],
    ['unet/README.md', undefined],
    ['other/config.json', undefined],
    ['a/unet/config.json', undefined],
    ['package.json', undefined],
    ['readme.md', undefined],
    ['__proto__', undefined],
  ])('for %s is %s', (path, kind) => {
    expect(declaringKind(path)).toBe(kind);
  });

  it('relates code to the folder of the file', async () => {
    const source = new MemorySource(Buffer.from('{"auto_map": {"A": "own.C", "B": "o/r--their.C"}}'), 'x');
    expect(code(await readFacts('part', 'unet/config.json', source))).toEqual([
      ['own.C', null, 'unet/own'],
      ['o/r--their.C', 'o/r', 'their'],
    ]);
  });
});
