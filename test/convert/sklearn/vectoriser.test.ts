import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { planOnnxFiles } from '../../../src/convert/to-onnx/files.ts';
import { MemorySource } from '../../../src/core/bytes/byte-source.ts';
import { dict } from '../../support/checkpoint.ts';
import { assemble, global, type Instruction, text } from '../../support/pickle-asm.ts';
import { withReadOptions } from '../convert-bytes.ts';
import { modelsOf, planBytes } from '../golden.ts';
import { readNpz } from './npz.ts';

const ROOT = new URL('../../../fixtures/convert/sklearn/', import.meta.url).pathname;

interface Vectoriser {
  readonly lowercase: boolean;
  readonly stripAccents: 'ascii' | 'unicode' | null;
  readonly analyzer: 'word' | 'char' | 'char_wb';
  readonly tokenPattern: string | null;
  readonly stopWords: readonly string[] | string | null;
  readonly ngrams: readonly [number, number];
}

/** Python's patterns, as they are written here. */
const PATTERNS: ReadonlyMap<string | null, RegExp> = new Map([
  ['(?u)\\b\\w\\w+\\b', /[\p{L}\p{N}_]{2,}/gu],
  ['[a-zé]+', /[a-zé]+/gu],
]);

/** What docs/convert.md says that a caller does with a text. */
function termsOf(document: string, { lowercase, stripAccents, analyzer, tokenPattern, stopWords, ngrams }: Vectoriser) {
  let text = lowercase ? document.toLowerCase() : document;
  if (stripAccents !== null) {
    // Marks whose combining class is 0, such as variation selectors, are not accents.
    const accents = stripAccents === 'ascii' ? /[^\0-\x7f]/gu : /(?![\ufe00-\ufe0f])\p{Mn}/gu;
    text = text.normalize('NFKD').replace(accents, '');
  }
  if (analyzer === 'word') {
    const pattern = PATTERNS.get(tokenPattern);
    if (pattern === undefined) throw new Error(`no pattern ${tokenPattern}`);
    const words = (text.match(pattern) ?? []).filter((word) => !(stopWords ?? []).includes(word));
    return windows(words, ngrams, ' ');
  }
  const spaced = text.replace(/\s\s+/gu, ' ');
  if (analyzer === 'char') return windows([...spaced], ngrams, '');
  const words = spaced.split(/\s+/u).filter((word) => word !== '');
  return words.flatMap((word) => partsOf([' ', ...word, ' '], ngrams));
}

function windows(items: readonly string[], [least, most]: readonly [number, number], joint: string): string[] {
  const found: string[] = [];
  for (let size = least; size <= most; size++)
    for (let at = 0; at + size <= items.length; at++) found.push(items.slice(at, at + size).join(joint));
  return found;
}

/** A word that is shorter than a part is one part, once. */
function partsOf(letters: readonly string[], [least, most]: readonly [number, number]): string[] {
  const found: string[] = [];
  for (let size = least; size <= most; size++) {
    if (letters.length <= size) return [...found, letters.join('')];
    found.push(...windows(letters, [size, size], ''));
  }
  return found;
}

describe.each(readdirSync(ROOT))('scikit-learn %s', (version) => {
  const folder = join(ROOT, version, 'text');
  test.each(modelsOf(folder))('%s says how a text becomes its terms', async (name) => {
    const { plan } = await planBytes(name, readFileSync(join(folder, name)));
    const arrays = readNpz(readFileSync(join(folder, name.replace(/\.[a-z]+$/, '.npz'))));
    const [texts, terms] = [arrays.get('input:texts')?.texts ?? [], arrays.get('input:terms')];
    const vectoriser: Vectoriser = JSON.parse(plan.vectoriser ?? '');
    expect(plan.model.metadata).toContainEqual({ key: 'assay.vectoriser', value: plan.vectoriser });
    expect(plan.inputs).toEqual([{ name: 'terms', type: 'string', shape: ['batch', 'length'] }]);
    if (vectoriser.stopWords === 'english') return;
    const length = terms?.shape[1] ?? 0;
    for (const [row, document] of texts.entries()) {
      const expected = terms?.texts.slice(row * length, (row + 1) * length).filter((term) => term !== '');
      expect(termsOf(document, vectoriser).sort()).toEqual([...(expected ?? [])].sort());
    }
  });
});

/** A pickle of a vectoriser, as its class and its state. */
function vectoriserOf(entries: Readonly<Record<string, readonly Instruction[]>>, name = 'CountVectorizer'): Uint8Array {
  const made: Instruction[] = [global('sklearn.feature_extraction.text', name), 'EMPTY_TUPLE', 'NEWOBJ'];
  return assemble(['PROTO', 2], ...made, ...dict(entries), 'BUILD', 'STOP');
}

const one = (value: number): Instruction[] => [['BININT1', value]];
const state = (vocabulary: Readonly<Record<string, readonly Instruction[]>>) => ({
  vocabulary_: dict(vocabulary),
  token_pattern: [text('.')],
});

describe('a vectoriser is refused, by the name of what stopped it, when', () => {
  test.each([
    ['a column is missing', state({ a: one(0), b: one(2) }), 'the term "b" has the column 2 of 2'],
    ['two terms have one column', state({ a: one(0), b: one(0) }), 'the term "b" has the column 0 of 2'],
    ['a column is not a number', state({ a: [text('0')] }), 'the term "a" has the column undefined of 1'],
    ['a column is 2^53', state({ a: [['LONG1', 8, 0, 0, 0, 0, 0, 0, 32, 0]] }), 'has the column 9007199254740992 of 1'],
    ['a term is empty', state({ '': one(0) }), 'its vocabulary has the term ""'],
    ['a term has a NUL', state({ 'a\0b': one(0) }), 'its vocabulary has the term'],
    ['it has no terms', state({}), 'its vocabulary has no terms'],
    ['it was not fitted', { token_pattern: [text('.')] }, 'has no vocabulary_'],
    [
      'its tokenizer is code',
      { ...state({ a: one(0) }), tokenizer: [global('mine', 'split')] },
      'its tokenizer is code',
    ],
    ['its analyzer is code', { ...state({ a: one(0) }), analyzer: [global('mine', 'split')] }, 'its analyzer is code'],
  ] satisfies [string, Record<string, readonly Instruction[]>, string][])('%s', async (_, entries, message) => {
    await expect(planBytes('model.pkl', vectoriserOf(entries))).rejects.toThrow(message);
  });

  test('it computes hashes', async () => {
    const bytes = vectoriserOf({ n_features: one(16) }, 'HashingVectorizer');
    await expect(planBytes('model.pkl', bytes)).rejects.toThrow('no operator of ONNX computes its hashes');
  });
});

test('the file beside the model has the same text', async () => {
  const bytes = readFileSync(join(ROOT, '1.9.1/text', 'tfidf.joblib'));
  await withReadOptions(bytes.length, {}, async (options) => {
    const files = [{ path: 'spam/tfidf.joblib', source: new MemorySource(bytes, 'tfidf.joblib') }];
    const planned = await planOnnxFiles(files, { ...options, sourceDigest: undefined });
    const { plan } = await planBytes('tfidf.joblib', bytes);
    expect(planned.files.map(({ path }) => path)).toEqual(['spam/tfidf.onnx']);
    expect(planned.indexes).toEqual([{ path: 'spam/tfidf.vectoriser.json', text: plan.vectoriser }]);
  });
});

test('a term of the name __proto__ is a term, and a hostile token_pattern is never run', async () => {
  const bytes = vectoriserOf({
    vocabulary_: dict({ __proto__x: one(0), ['__proto__']: one(1) }),
    token_pattern: [text('(a+)+$')],
  });
  const { plan } = await planBytes('model.pkl', bytes);
  expect(plan.outputs).toEqual([{ name: 'transformed', role: 'transformed', type: 'float32', shape: ['batch', 2] }]);
  expect(JSON.parse(plan.vectoriser ?? '')).toMatchObject({ tokenPattern: '(a+)+$' });
});
