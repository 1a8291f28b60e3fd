import { describe, expect, it } from 'vitest';
import type { Generated } from '../../../src/behavior/language/generate.ts';
import { recordedTexts, recordingArrays } from '../../../src/behavior/language/recording-file.ts';
import type { PlainArray } from '../../../src/formats/arrays/plain-array.ts';

const settings = { ids: [Int32Array.of(1, 2), Int32Array.of(3)], newTokens: 3, eos: [0] };
const generated: readonly Generated[] = [
  { tokens: [5, 0], logits: [Float32Array.of(1, 2), Float32Array.of(3, 4)], end: 'eos' },
  { tokens: [7, 8, 9], logits: [], end: 'length' },
];

it('gives what was recorded: all tokens, and the logits of the first texts', () => {
  const arrays = recordingArrays(settings, generated);
  expect(arrays.get('logits')?.dims).toEqual([1, 3, 2]);
  const texts = recordedTexts(arrays, settings, 'x.npz');
  expect(texts.map(({ tokens }) => tokens)).toEqual([
    [5, 0],
    [7, 8, 9],
  ]);
  expect(texts.map(({ logits }) => logits?.map((step) => [...Array.from(step)]))).toEqual([
    [
      [1, 2],
      [3, 4],
    ],
    undefined,
  ]);
});

describe('refuses', () => {
  const integers = (dims: readonly number[], ...values: number[]): PlainArray => ({
    kind: 'integers',
    dims,
    values: BigInt64Array.from(values, BigInt),
  });
  const numbers = (dims: readonly number[]): PlainArray => ({
    kind: 'numbers',
    dims,
    values: new Float64Array(dims.reduce((product, size) => product * size, 1)),
  });

  it.each<[string, Record<string, PlainArray>, string]>([
    ['a file without tokens', { tokens: numbers([2, 3]) }, 'is not a recording of texts'],
    ['a file that does not say what it is of', { made: integers([1], 1) }, 'is not a recording of texts'],
    ['another number of texts', { tokens: integers([1, 3], 1, 2, 3) }, 'has the tokens of 1 texts'],
    ['more tokens than were asked for', { tokens: integers([2, 4], 1, 2, 3, 4, 5, 6, 7, 8) }, 'of 4 tokens'],
    ['a text without tokens', { tokens: integers([2, 3], -1, -1, -1, 7, 8, 9) }, 'of a text in row 1'],
    ['tokens behind the end', { tokens: integers([2, 3], 5, -1, 5, 7, 8, 9) }, 'of a text in row 1'],
    ['tokens below 0', { tokens: integers([2, 3], 5, 0, -1, 7, -8, 9) }, 'of a text in row 2'],
    ['tokens that are too large', { tokens: integers([2, 3], 5, 0, -1, 7, 2 ** 31, 9) }, 'of a text in row 2'],
    ['logits of more texts', { logits: numbers([3, 3, 2]) }, 'has logits that are not those of its tokens'],
    ['logits of other steps', { logits: numbers([1, 2, 2]) }, 'has logits that are not'],
    ['logits of another shape', { logits: numbers([6]) }, 'has logits that are not'],
    ['logits that are not numbers', { logits: integers([1, 3, 1], 1, 2, 3) }, 'has logits that are not'],
  ])('%s', (_what, changed, message) => {
    const arrays = new Map([...recordingArrays(settings, generated), ...Object.entries(changed)]);
    expect(() => recordedTexts(arrays, settings, 'x.npz')).toThrow(message);
  });

  it.each([
    ['other prompts', { ids: [Int32Array.of(1, 2), Int32Array.of(4)] }],
    ['prompts in another order', { ids: [...settings.ids].reverse() }],
    ['another length', { newTokens: 4 }],
    ['other ends', { eos: [] }],
  ])('a recording of %s', (_what, changed) => {
    const arrays = recordingArrays(settings, generated);
    expect(() => recordedTexts(arrays, { ...settings, ...changed }, 'x.npz')).toThrow(
      'is a recording of other prompts',
    );
  });
});
