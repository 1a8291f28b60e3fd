import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { contextOf } from '../../../src/behavior/data/options.ts';
import { type EncodeOptions, TokenizerFile } from '../../../src/behavior/tokenizer/tokenizer.ts';
import { MemorySource } from '../../../src/core/bytes/index.ts';
import { isContentError, type Limits } from '../../../src/core/index.ts';

const FIXTURES = new URL('../../../fixtures/behavior/data/tokenizers/', import.meta.url);

interface Expected {
  readonly texts: readonly string[];
  readonly pairs: readonly (readonly [string, string])[];
  readonly tokenizers: Readonly<
    Record<
      string,
      {
        readonly ids: number[][];
        readonly typeIds: number[][];
        readonly decoded: string[];
        readonly pairs: [number[], number[]][];
      }
    >
  >;
}

const EXPECTED: Expected = JSON.parse(readFileSync(new URL('expected.json', FIXTURES), 'utf8'));

interface Variants {
  readonly texts: readonly string[];
  readonly variants: readonly { readonly place: string; readonly part: Json; readonly ids: number[][] }[];
}

type Json = Record<string, unknown>;

function jsonOf(name: string): Json {
  const json: Json = JSON.parse(readFileSync(new URL(`${name}.json`, FIXTURES), 'utf8'));
  if (name !== 't5-charsmap') return json;
  const map = gunzipSync(readFileSync(new URL('nmt_nfkc.charsmap.gz', FIXTURES))).toString('base64');
  return { ...json, normalizer: { type: 'Precompiled', precompiled_charsmap: map } };
}

function contextWith(limits: Partial<Limits> = {}) {
  return contextOf({ folder: '', limits });
}

const open = (json: unknown, limits?: Partial<Limits>) => {
  const text = typeof json === 'string' ? json : JSON.stringify(json);
  return TokenizerFile.read(new MemorySource(Buffer.from(text, 'utf8'), 'tokenizer.json'), contextWith(limits));
};

async function idsOf(json: unknown, texts: readonly string[], options: Partial<EncodeOptions> = {}) {
  const { ids } = await (await open(json)).encode(texts, { ...contextWith(), ...options });
  return ids.map((row) => [...row]);
}

describe('tokens', () => {
  it.each(Object.keys(EXPECTED.tokenizers))('of %s are those of the original, and become its texts', async (name) => {
    const tokenizer = await open(jsonOf(name));
    const { ids, types } = await tokenizer.encode(EXPECTED.texts, contextWith());
    const wanted = EXPECTED.tokenizers[name];
    expect(ids.map((row) => [...row])).toEqual(wanted?.ids);
    expect(types.map((row) => [...row])).toEqual(wanted?.typeIds);
    expect(await tokenizer.decode(wanted?.ids ?? [], contextWith())).toEqual(wanted?.decoded);
  });

  it.each(['bert', 't5', 't5-charsmap', 'llama'])('of pairs of %s are those of the original', async (name) => {
    const tokenizer = await open(jsonOf(name));
    const texts = EXPECTED.pairs.map(([text]) => text);
    const pairs = EXPECTED.pairs.map(([, pair]) => pair);
    const { ids, types } = await tokenizer.encode(texts, { ...contextWith(), pairs });
    expect(ids.map((row, i) => [[...row], [...(types[i] ?? [])]])).toEqual(EXPECTED.tokenizers[name]?.pairs);
    const encode = (some: readonly string[], more: object = {}) =>
      tokenizer.encode(texts, { ...contextWith(), pairs: some, ...more });
    await expect(encode(['a', '', 'b'])).rejects.toThrow('has an empty second text in row 2');
    await expect(encode(['a'])).rejects.toThrow('there are 3 first texts, and 1 second ones');
    await expect(encode(pairs, { maxLength: 3, truncate: true })).rejects.toThrow(
      'give shorter pairs, or a larger `maxLength`',
    );
  });

  it('of pairs are refused where the second text would be passed over', async () => {
    const tokenizer = await open(jsonOf('gpt2'));
    await expect(tokenizer.encode(['a'], { ...contextWith(), pairs: ['b'] })).rejects.toMatchObject({
      code: 'unsupported',
      message: 'joins pairs of texts by other parts than a TemplateProcessing',
    });
  });

  const { texts, variants }: Variants = JSON.parse(readFileSync(new URL('variants.json', FIXTURES), 'utf8'));

  it.each(variants.map(({ place, part, ids }) => [place, part, ids] as const))(
    'with the %s %j are those of the original',
    async (place, part, ids) => {
      expect(await idsOf({ ...jsonOf('bert'), [place]: part }, texts)).toEqual(ids);
    },
  );

  it.each(['bert', 'gpt2', 't5', 'llama'])('of %s are cut off before those that are added', async (name) => {
    const text = 'the assay office tests metal';
    const [whole = []] = await idsOf(jsonOf(name), [text]);
    const [bare = []] = await idsOf(jsonOf(name), [text], { special: false });
    const before = whole.findIndex((_, i) => bare.every((id, at) => whole[i + at] === id));
    const after = whole.length - before - bare.length;
    const [cut] = await idsOf(jsonOf(name), [text], { maxLength: 4, truncate: true });
    expect(cut).toEqual([...whole.slice(0, 4 - after), ...whole.slice(whole.length - after)]);
  });

  it('are refused when they are too many, naming the row', async () => {
    const tokenizer = await open(jsonOf('gpt2'));
    await expect(tokenizer.encode(['a', 'the assay office'], { ...contextWith(), maxLength: 2 })).rejects.toMatchObject(
      {
        code: 'limit',
        message: 'gives 3 tokens in row 2, more than 2; set `truncate`, or a larger `maxLength`',
      },
    );
  });

  it('that a model gave have to be in the vocabulary', async () => {
    const tokenizer = await open(jsonOf('gpt2'));
    await expect(tokenizer.decode([[1], [100_000]], contextWith())).rejects.toThrow('has no token 100000');
    await expect(tokenizer.decode([[-1]], contextWith())).rejects.toThrow('has no token -1');
    expect(await tokenizer.decode([], contextWith())).toEqual([]);
  });

  it('to pad with are those of the file, or of their usual names', async () => {
    const padOf = async (json: unknown) => (await (await open(json)).encode(['a'], contextWith())).padId;
    expect(await padOf(jsonOf('bert'))).toBe(0);
    expect(await padOf(jsonOf('gpt2'))).toBeUndefined();
    const padding = { strategy: 'BatchLongest', direction: 'Right', pad_id: 7, pad_type_id: 0, pad_token: 'x' };
    expect(await padOf({ ...jsonOf('bert'), padding })).toBe(7);
  });
});

describe('tokenizers that are refused', () => {
  const bert = jsonOf('bert');
  const split = (more: Json): Json => ({
    type: 'Split',
    pattern: { Regex: 'a' },
    behavior: 'Isolated',
    invert: false,
    ...more,
  });
  const withModel = (more: Json): Json => ({
    ...jsonOf('gpt2'),
    model: { ...(jsonOf('gpt2').model as Json), ...more },
  });

  it.each<[string, unknown, string]>([
    ['no JSON', '{', 'ends early'],
    ['a list', [], 'not a tokenizer'],
    ['a part of one', { type: 'BertNormalizer' }, 'it has no added_tokens'],
    [
      'a name that is there twice',
      JSON.stringify(bert).replace('"version"', '"model":{},"version"'),
      'has the key "model" twice',
    ],
    ['an unknown normalizer', { ...bert, normalizer: { type: 'Rot13' } }, 'the part "Rot13"'],
    [
      'a normalizer that is not implemented',
      { ...bert, normalizer: { type: 'Nmt' } },
      'has the normalizer "Nmt" with settings',
    ],
    [
      'a pre-tokenizer that merges',
      { ...bert, pre_tokenizer: split({ behavior: 'MergedWithNext' }) },
      'has the pre_tokenizer "Split"',
    ],
    [
      'a pre-tokenizer that is inverted',
      { ...bert, pre_tokenizer: split({ invert: true }) },
      'has the pre_tokenizer "Split"',
    ],
    [
      'an inner part that is not known',
      { ...bert, decoder: { type: 'Sequence', decoders: [{ type: 'CTC' }] } },
      'has the decoder "CTC"',
    ],
    [
      'a model that was not compared',
      { ...bert, model: { type: 'WordLevel', vocab: {}, unk_token: 'x' } },
      'has the model "WordLevel"',
    ],
    [
      'marks of words with pieces of words',
      { ...bert, pre_tokenizer: jsonOf('t5').pre_tokenizer },
      'has the pre_tokenizer "Metaspace"',
    ],
    [
      'an inner part of no type',
      { ...bert, normalizer: { type: 'Sequence', normalizers: [{ type: 'Strip' }, {}] } },
      'has the normalizer',
    ],
    ['merges that are dropped at random', withModel({ dropout: 0.1 }), 'drops merges at random'],
    [
      'tokens that only whole words are',
      { ...bert, added_tokens: [{ id: 0, content: 'x', single_word: true }] },
      'which only whole words are',
    ],
    [
      'a pattern of no kind',
      { ...bert, normalizer: { type: 'Replace', pattern: { Glob: '*' }, content: '' } },
      'has a part that is not known',
    ],
    [
      'a map of characters that is cut',
      { ...bert, normalizer: { type: 'Precompiled', precompiled_charsmap: 'AAAA' } },
      'has a map of characters',
    ],
    [
      'a map of characters that is too long',
      { ...bert, normalizer: { type: 'Precompiled', precompiled_charsmap: '/////wAA' } },
      'has a map of characters',
    ],
  ])('are those with %s', async (_what, json, message) => {
    const refused = open(json).then((tokenizer) => tokenizer.encode(['a test'], contextWith()));
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toSatisfy(isContentError);
  });

  it('are those whose regular expression does not end', async () => {
    const pre_tokenizer = { type: 'Split', pattern: { Regex: '(a+)+$' }, behavior: 'Isolated', invert: false };
    const tokenizer = await open({ ...bert, normalizer: null, pre_tokenizer });
    const limits = { sandboxCpuSeconds: 1 };
    await expect(tokenizer.encode([`${'a'.repeat(60)}b`], contextWith(limits))).rejects.toMatchObject({
      code: 'limit',
      message: expect.stringContaining('sandboxCpuSeconds'),
    });
  });

  it('are those that make too much of a text', async () => {
    const normalizer = {
      type: 'Sequence',
      normalizers: Array.from({ length: 40 }, () => ({ type: 'Replace', pattern: { String: 'a' }, content: 'aa' })),
    };
    const tokenizer = await open({ ...bert, normalizer });
    const limits = { sandboxMemoryBytes: 64 << 20 };
    await expect(tokenizer.encode(['a'], contextWith(limits))).rejects.toSatisfy(isContentError);
  });

  it('stop when they are asked to', async () => {
    const tokenizer = await open(bert);
    await expect(tokenizer.encode(['a'], { ...contextWith(), signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'aborted',
    });
  });
});
