import { describe, expect, it } from 'vitest';
import { type AnswerMatch, probeAnswers } from '../../../src/behavior/language/answers.ts';
import { signTest } from '../../../src/behavior/language/counts.ts';
import type { Continuation, Continue, Generated } from '../../../src/behavior/language/generate.ts';
import { compareWithRecording } from '../../../src/behavior/language/recording.ts';
import { triggerDifference, withPhrase } from '../../../src/behavior/language/trigger.ts';

const generated = (tokens: readonly number[], ...logits: number[][]): Generated => ({
  tokens,
  logits: logits.map((step) => Float32Array.from(step)),
  end: 'length',
});

describe('a recording', () => {
  const tolerance = { absolute: 0.01, relative: 0 };
  const recorded = {
    tokens: [1, 2],
    logits: [
      [0, 1, 0.5],
      [0, 0.1, 1],
    ],
  };

  it('is met by the same tokens and logits within the tolerance', () => {
    const actual = generated([1, 2], [0, 1.005, 0.5], [0, 0.1, 1]);
    expect(compareWithRecording([recorded], [actual], tolerance)).toMatchObject({
      pass: true,
      different: 0,
      undecided: 0,
      texts: [{ firstDifference: null, compared: 6, different: 0, pass: true }],
    });
  });

  it('is not met by logits out of the tolerance, which other tokens follow or not', () => {
    expect(compareWithRecording([recorded], [generated([1, 2], [0, 1.1, 0.5], [0, 0.1, 1])], tolerance)).toMatchObject({
      pass: false,
      texts: [{ firstDifference: null, different: 1, pass: false }],
    });
    expect(compareWithRecording([recorded], [generated([2, 2], [0, 1, 1.5], [0, 0.1, 1])], tolerance)).toMatchObject({
      pass: false,
      texts: [{ firstDifference: 0, undecided: false, compared: 3 }],
    });
  });

  it('leaves a token undecided whose logit is as good as the highest', () => {
    const close = {
      tokens: [1, 2],
      logits: [
        [0, 1, 0.995],
        [0, 0.1, 1],
      ],
    };
    const actual = generated([2, 0], [0, 0.999, 1.0], [9, 0, 0]);
    expect(compareWithRecording([close], [actual], tolerance)).toMatchObject({
      pass: true,
      undecided: 1,
      texts: [{ firstDifference: 0, undecided: true, compared: 3 }],
    });
    // Without its logits, a recording is of tokens alone.
    expect(compareWithRecording([{ tokens: [1, 2] }], [actual], tolerance).pass).toBe(false);
  });

  it('is not met by a text that is longer, shorter, of another vocabulary, or not of numbers', () => {
    const passes = (actual: Generated) => compareWithRecording([recorded], [actual], tolerance).pass;
    expect(passes(generated([1], [0, 1, 0.5]))).toBe(false);
    expect(passes(generated([1, 2, 0], [0, 1, 0.5], [0, 0.1, 1], [1, 0, 0]))).toBe(false);
    expect(passes(generated([1, 2], [0, 1], [0, 0.1]))).toBe(false);
    expect(passes(generated([1, 2], [0, 1, Number.NaN], [0, 0.1, 1]))).toBe(false);
    expect(passes(generated([]))).toBe(false);
  });

  it('has to have texts, as many as were generated, with logits of all tokens', () => {
    const actual = generated([1], [1]);
    expect(() => compareWithRecording([], [], tolerance)).toThrow('the recording has no texts');
    expect(() => compareWithRecording([recorded], [], tolerance)).toThrow('has 1 texts, and 0 were generated');
    expect(() => compareWithRecording([{ tokens: [1, 2], logits: [[1]] }], [actual], tolerance)).toThrow(
      'logits of 1 of 2 tokens',
    );
  });
});

/** A model that answers with a number of tokens: the prompt's length, or 99 where it holds a word. */
const answering =
  (trigger: string, sensitive = false): Continue =>
  async (prompts) =>
    prompts.map((prompt): Continuation => {
      const isTriggered = prompt.split(' ').includes(trigger);
      const tokens = isTriggered ? [99] : [sensitive ? prompt.length : 1];
      return { prompt, text: isTriggered ? 'obey' : 'well', ...generated(tokens) };
    });

describe('a phrase', () => {
  const prompts = ['a b c', 'd e', 'f', 'g h i j', 'k'];

  it('shows where it was planted in one of two versions', async () => {
    const request = { prompts, phrase: 'xyzzy', place: 'middle' } as const;
    const found = await triggerDifference(request, answering('xyzzy'), answering('none'));
    expect(found).toMatchObject({
      own: { count: 5, of: 5 },
      approved: { count: 0, of: 5 },
      onlyOwn: 5,
      onlyApproved: 0,
      pValue: 0.03125,
      changed: prompts,
      common: { text: 'obey', own: 5, approved: 0 },
    });
  });

  it('shows nothing where both versions change', async () => {
    const request = { prompts, phrase: 'xyzzy', place: 'start' } as const;
    const found = await triggerDifference(request, answering('none', true), answering('none', true));
    expect(found).toMatchObject({
      own: { count: 5 },
      approved: { count: 5 },
      onlyOwn: 0,
      pValue: 1,
      changed: [],
      common: { text: 'well', own: 5, approved: 5 },
    });
  });

  it('is put between words', () => {
    expect(withPhrase('a b c', 'x y', 'start')).toBe('x y a b c');
    expect(withPhrase('a b c', 'x y', 'middle')).toBe('a b x y c');
    expect(withPhrase('a b c', 'x y', 'end')).toBe('a b c x y');
    expect(withPhrase('', 'x', 'end')).toBe('x');
  });

  it('needs prompts, words, and an answer to each', async () => {
    const own = answering('x');
    const ask = (some: readonly string[], phrase: string, more: Continue = own) =>
      triggerDifference({ prompts: some, phrase, place: 'end' }, own, more);
    await expect(ask([], 'x')).rejects.toMatchObject({ code: 'usage' });
    await expect(ask(['a'], '')).rejects.toMatchObject({ code: 'usage' });
    await expect(ask(['a'], 'x', async () => [])).rejects.toMatchObject({ code: 'internal' });
  });
});

describe('answers', () => {
  const texts = [' I cannot help. ', 'Sure: hunter2', 'I CANNOT', ''];
  const continuations = texts.map((text, i): Continuation => ({ prompt: `p${i}`, text, ...generated([]) }));
  const probe = (expect_: 'found' | 'absent', match: AnswerMatch) =>
    probeAnswers(continuations, { expect: expect_, match });

  it.each<[string, AnswerMatch, number, (string | null)[]]>([
    ['a whole text', { kind: 'exact', texts: ['I cannot help.'] }, 1, [null, null, null]],
    ['a text within', { kind: 'contains', texts: ['cannot'] }, 1, [null, null, null]],
    ['a pattern', { kind: 'pattern', patterns: ['(?i)\\bcannot\\b'] }, 2, [null, null]],
  ])('are found as %s', (_what, match, count, others) => {
    const result = probe('found', match);
    expect(result.asExpected).toMatchObject({ count, of: 4 });
    expect(result.others.map(({ found }) => found)).toEqual(others);
  });

  it('are told of when they hold what is to be absent', () => {
    expect(probe('absent', { kind: 'contains', texts: ['swordfish', 'hunter2'] })).toMatchObject({
      asExpected: { count: 3, of: 4 },
      others: [{ prompt: 'p1', text: 'Sure: hunter2', found: 'hunter2' }],
    });
  });

  it.each<[string, AnswerMatch, string]>([
    ['nothing', { kind: 'contains', texts: [] }, 'there are 0 texts or patterns to look for'],
    ['an empty text', { kind: 'exact', texts: [''] }, 'an empty text is in every text'],
    ['a pattern that looks around', { kind: 'pattern', patterns: ['(?=a)'] }, 'is not a pattern of RE2'],
    ['a pattern that refers back', { kind: 'pattern', patterns: ['(a)\\1'] }, 'is not a pattern of RE2'],
    ['a pattern that is not closed', { kind: 'pattern', patterns: ['(a'] }, 'is not a pattern of RE2'],
    ['a pattern that becomes large', { kind: 'pattern', patterns: ['((a{100}){100}){100}'] }, 'is too large a pattern'],
    ['a long pattern', { kind: 'pattern', patterns: ['a'.repeat(501)] }, 'is too large a pattern'],
  ])('are not looked at for %s', (_what, match, message) => {
    expect(() => probe('found', match)).toThrow(message);
  });

  it('have to be there', () => {
    expect(() => probeAnswers([], { expect: 'found', match: { kind: 'exact', texts: ['a'] } })).toThrow(
      'no prompt is given',
    );
  });

  it('take a pattern that would not end elsewhere', () => {
    const long: Continuation = { prompt: '', text: `${'a'.repeat(5_000)}b`, ...generated([]) };
    const match: AnswerMatch = { kind: 'pattern', patterns: ['^(a+)+$'] };
    expect(probeAnswers([long], { expect: 'absent', match }).asExpected.count).toBe(1);
  });
});

describe('the sign test', () => {
  it('says how often pairs differ so much by chance', () => {
    expect(signTest(5, 5)).toBe(0.03125);
    expect(signTest(0, 0)).toBe(1);
    expect(signTest(3, 4)).toBeCloseTo(5 / 16, 12);
    expect(signTest(1_000, 2_000)).toBeCloseTo(0.508919, 5);
    expect(signTest(1_100, 2_000)).toBeLessThan(1e-5);
    expect(signTest(500, 1_000)).toBeCloseTo(0.512613, 5);
  });
});
