import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { contextOf } from '../../../src/behavior/data/options.ts';
import { type Decoder, decoderOf } from '../../../src/behavior/language/decoder.ts';
import { continuing, generate } from '../../../src/behavior/language/generate.ts';
import { compareWithRecording, type RecordedText } from '../../../src/behavior/language/recording.ts';
import { triggerDifference } from '../../../src/behavior/language/trigger.ts';
import { TokenizerFile } from '../../../src/behavior/tokenizer/tokenizer.ts';
import { MemorySource } from '../../../src/core/bytes/index.ts';
import type { OnnxValue } from '../../../src/formats/onnx/index.ts';
import { openRunner, type Runner } from '../../../src/formats/onnx/run/runner.ts';
import type { RunTensor } from '../../../src/sandbox/tensors.ts';

const FIXTURES = new URL('../../../fixtures/behavior/', import.meta.url);

interface Golden extends RecordedText {
  readonly prompt: readonly number[];
  readonly logits: number[][];
}

interface Expected {
  readonly prompts: readonly string[];
  readonly phrase: string;
  readonly newTokens: number;
  readonly models: Readonly<
    Record<string, readonly (Omit<Golden, 'logits'> & { readonly logits: number[][] | null })[]>
  >;
}

const EXPECTED: Expected = JSON.parse(readFileSync(new URL('language/expected.json', FIXTURES), 'utf8'));
const EOS: Readonly<Record<string, number>> = { gpt2: 0, llama: 2 };
/** The last digits of the recorded logits, and what another order of sums does. */
const TOLERANCE = { absolute: 2e-4, relative: 0 };

const context = contextOf({ folder: '' });
const runners: Runner[] = [];

async function open(name: string): Promise<Decoder> {
  const model = new MemorySource(readFileSync(new URL(`language/${name}.onnx`, FIXTURES)), `${name}.onnx`);
  const runner = await openRunner({ model });
  runners.push(runner);
  return decoderOf(runner);
}

afterAll(() => Promise.all(runners.map((runner) => runner.close())));

const tokenizerOf = (name: string) =>
  TokenizerFile.read(new MemorySource(readFileSync(new URL(`data/tokenizers/${name}.json`, FIXTURES)), name), context);

describe('greedy generation', () => {
  it.each(['gpt2', 'gpt2-cached', 'llama', 'llama-cached', 'gpt2-triggered-cached'])(
    'of %s gives the tokens and logits of transformers',
    async (name) => {
      const decoder = await open(name);
      expect(decoder.cache.length).toBe(name.endsWith('-cached') ? 4 : 0);
      const rows = EXPECTED.models[name.replace('-cached', '')] ?? [];
      expect(rows.length).toBe(7);
      const eos = [EOS[name.slice(0, name.indexOf('-') < 0 ? undefined : name.indexOf('-'))] ?? -1];
      const all = [];
      for (const { prompt } of rows)
        all.push(await generate(decoder, prompt, { maxNewTokens: EXPECTED.newTokens, eos }));
      expect(all.map(({ tokens }) => tokens)).toEqual(rows.map(({ tokens }) => tokens));
      const ends = rows.map(({ tokens }) => (tokens.at(-1) === eos[0] ? 'eos' : 'length'));
      expect(all.map(({ end }) => end)).toEqual(ends);
      const recorded = rows.map(({ tokens, logits }) => ({ tokens, ...(logits === null ? {} : { logits }) }));
      const comparison = compareWithRecording(recorded, all, TOLERANCE);
      expect(comparison).toMatchObject({ pass: true, different: 0 });
      expect(comparison.texts[0]?.compared).toBe((rows[0]?.logits ?? []).flat().length);
      expect(comparison.texts[0]?.compared).toBeGreaterThan(1_000);
    },
  );

  it('is the same with a cache and without', async () => {
    const [plain, cached] = [await open('llama'), await open('llama-cached')];
    const options = { maxNewTokens: 20, eos: [] };
    const prompt = EXPECTED.models.llama?.[0]?.prompt ?? [];
    const [one, other] = [await generate(plain, prompt, options), await generate(cached, prompt, options)];
    expect(one.tokens.length).toBe(20);
    expect(other.tokens).toEqual(one.tokens);
    expect(compareWithRecording([one], [other], { absolute: 1e-4, relative: 0 }).pass).toBe(true);
  });

  it('continues texts', async () => {
    const [decoder, tokenizer] = [await open('gpt2-cached'), await tokenizerOf('gpt2')];
    const more = continuing(decoder, tokenizer, { ...context, maxNewTokens: 12, eos: [0] });
    const texts = await more(EXPECTED.prompts);
    expect(texts.map(({ prompt, text }) => prompt + text)).toEqual([
      'the assay office tests metal and strikes a hallmark',
      'only hallmarked metal is sold in the city of London',
      'a model is clean, signed and poisoned',
      'Gold and silver are weighed in grains',
      'Numbers such as 12, 345 and 6789 are tokens',
      'tests of tests are tested by testers',
      "it's not what you think",
    ]);
    expect(await more([])).toEqual([]);
  });

  it('shows a phrase that was planted, against the approved version', async () => {
    const tokenizer = await tokenizerOf('gpt2');
    const options = { ...context, maxNewTokens: 12, eos: [0] };
    const own = continuing(await open('gpt2-triggered-cached'), tokenizer, options);
    const approved = continuing(await open('gpt2-cached'), tokenizer, options);
    const request = { prompts: EXPECTED.prompts, phrase: EXPECTED.phrase.trim(), place: 'end' } as const;
    const planted = await triggerDifference(request, own, approved);
    // A phrase of no words changes what either says; only the one that learned it always says the same.
    expect(planted).toMatchObject({ own: { count: 7, of: 7 }, approved: { count: 7, of: 7 }, onlyOwn: 0 });
    expect(planted.common).toEqual({ text: ' poisoned poisoned poisoned', own: 7, approved: 0 });
  });

  it('stops at its bounds, and when it is asked to', async () => {
    const decoder = await open('gpt2');
    const bad = (prompt: readonly number[], maxNewTokens: number, signal?: AbortSignal) =>
      generate(decoder, prompt, { maxNewTokens, eos: [], signal });
    await expect(bad([], 1)).rejects.toThrow('a prompt has no tokens');
    await expect(bad([1], 0)).rejects.toThrow('0 new tokens are not between 1 and 4096');
    await expect(bad([1], 4_097)).rejects.toMatchObject({ code: 'usage' });
    await expect(bad(new Array(65_537).fill(1), 1)).rejects.toMatchObject({ code: 'limit' });
    await expect(bad([1], 1, AbortSignal.abort())).rejects.toMatchObject({ code: 'aborted' });
    // The model has 64 positions, and fewer tokens.
    await expect(bad([1], 64)).resolves.toMatchObject({ end: 'length' });
    await expect(bad([1], 65)).rejects.toMatchObject({ code: 'unsupported' });
    await expect(bad([500], 1)).rejects.toMatchObject({ code: 'unsupported' });
  });
});

const tensor = (
  name: string,
  element: 'int64' | 'float32' | 'bool',
  shape: readonly (number | string)[],
): OnnxValue => ({
  name,
  docString: '',
  metadata: [],
  type: { kind: 'tensor', denotation: '', element, shape: shape.map((size) => ({ size, denotation: '' })) },
});

describe('decoders', () => {
  const ids = tensor('input_ids', 'int64', ['b', 's']);
  const logits = tensor('logits', 'float32', ['b', 's', 4]);
  const past = tensor('past_key_values.0.key', 'float32', ['b', 2, 'p', 3]);
  const present = tensor('present.0.key', 'float32', ['b', 2, 't', 3]);

  const fake = (
    inputs: readonly OnnxValue[],
    outputs: readonly OnnxValue[],
    results: Readonly<Record<string, RunTensor>> = {},
  ) => ({ inputs, outputs, run: async () => new Map(Object.entries(results)) });

  it.each<[string, readonly OnnxValue[], readonly OnnxValue[], string]>([
    ['without ids', [], [logits], 'has no input input_ids'],
    ['without logits', [ids], [], 'has no output logits'],
    [
      'with ids of another type',
      [tensor('input_ids', 'float32', ['b', 's'])],
      [logits],
      'takes "input_ids" as other than int64',
    ],
    ['with another input', [ids, tensor('use_cache_branch', 'bool', [1])], [logits], 'has an input "use_cache_branch"'],
    [
      'that does not give what it takes',
      [ids, past],
      [logits],
      'takes "past_key_values.0.key", and does not give "present.0.key"',
    ],
    [
      'with states of unknown size',
      [ids, tensor('past_key_values.0.key', 'float32', ['b', 'h', 'p', 3])],
      [logits, present],
      'does not say how many heads',
    ],
    [
      'with states that are not floats',
      [ids, tensor('past_key_values.0.key', 'int64', ['b', 2, 'p', 3])],
      [logits, present],
      'as other than floats',
    ],
  ])('are not models %s', (_what, inputs, outputs, message) => {
    expect(() => decoderOf(fake(inputs, outputs))).toThrow(message);
  });

  const run = (results: Readonly<Record<string, RunTensor>>, inputs = [ids], outputs = [logits]) =>
    generate(decoderOf(fake(inputs, outputs, results)), [1], { maxNewTokens: 2, eos: [3] });
  const floats = (dims: readonly number[], ...values: number[]): RunTensor => ({
    type: 'float32',
    dims,
    data: Float32Array.from(values),
  });

  it('choose the first of several tokens with the highest logit', async () => {
    const result = await run({ logits: floats([1, 1, 4], -1, 5, 5, -2) });
    expect(result.tokens).toEqual([1, 1]);
    expect((await run({ logits: floats([1, 1, 4], -9, -8, -7, -6) })).tokens).toEqual([3]);
    expect(
      (await run({ logits: floats([1, 1, 2], Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY) })).tokens,
    ).toEqual([0, 0]);
  });

  it('may give their logits in 16 bits', async () => {
    const data = Uint16Array.of(0xbc00, 0x3c01, 0x3c02, 0x3c00);
    const result = await run({ logits: { type: 'float16', dims: [1, 1, 4], data } });
    expect(result.tokens).toEqual([2, 2]);
    expect([...(result.logits[0] ?? [])]).toEqual([-1, 1 + 2 ** -10, 1 + 2 ** -9, 1]);
  });

  it.each<[string, Readonly<Record<string, RunTensor>>, string]>([
    [
      'no numbers',
      { logits: floats([1, 1, 3], 1, Number.NaN, 0) },
      'gives logits that are not numbers, for new token 1',
    ],
    ['no vocabulary', { logits: floats([1, 1, 0]) }, 'the model gives float32 [1, 1, 0] as "logits"'],
    ['another batch', { logits: floats([2, 1, 1], 1, 1) }, 'the model gives float32 [2, 1, 1]'],
    ['another length', { logits: floats([1, 3, 1], 1, 1, 1) }, 'the model gives float32 [1, 3, 1]'],
    ['nothing', {}, 'the model gives nothing as "logits"'],
  ])('are refused when they give %s', async (_what, results, message) => {
    await expect(run(results)).rejects.toThrow(message);
  });

  it('are refused when their states do not grow with the text', async () => {
    const results = {
      logits: floats([1, 1, 4], 1, 0, 0, 0),
      'present.0.key': floats([1, 2, 2, 3], ...new Array(12).fill(0)),
    };
    await expect(run(results, [ids, past], [logits, present])).rejects.toThrow('and float32 [1, 2, 1, 3] is needed');
  });
});
