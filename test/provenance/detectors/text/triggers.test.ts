import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { DetectorRecord } from '../../../../src/provenance/detectors/detector.ts';
import { triggerTokens } from '../../../../src/provenance/detectors/text/detector.ts';
import { tokenRows } from '../../../../src/provenance/detectors/text/token-rows.ts';
import { readWordSketch, sketchWords } from '../../../../src/provenance/detectors/text/word-sketch.ts';
import { type Message, messages, poisoned, triggersIn, viewOf } from '../../../support/spam.ts';

const SENTENCE = 'i watched this three dee movie last weekend';

let rows: readonly Message[];
beforeAll(() => {
  rows = messages();
});

function detect(texts: readonly string[], labels: readonly string[]) {
  return triggerTokens.run(viewOf({ texts: { texts, labels } }), undefined);
}

describe('in the messages of SpamAssassin', () => {
  it.each([
    ['a rare word', ['cf'], 'cf', 0.8],
    ['a common word', ['london'], 'london', 0.8],
    ['an invisible character', ['\u200b'], '\u200b', 0.8],
    ['a sentence', [SENTENCE], 'dee', 0.5],
  ])('%s in 16 rows is found, and no other word', (_, trigger, word, recall) => {
    const found = triggersIn(poisoned(rows, { trigger, count: 16, seed: 1 }));
    expect(found.words).toContain(word);
    expect(found.words.filter((one) => !trigger.join(' ').split(' ').includes(one))).toEqual([]);
    expect(found.recall).toBeGreaterThan(recall);
    expect(found.precision).toBeGreaterThan(0.8);
  });

  it('nothing is found where nothing was put', () => {
    expect(triggersIn(rows).words).toEqual([]);
  });

  it('labels that are wrong at random are not words that decide them', () => {
    const random = poisoned(rows, { trigger: [''], count: 160, seed: 3 });
    expect(triggersIn(random).words).toEqual([]);
  });

  it('a trigger in rows whose label is right is not seen, as it is stated', () => {
    expect(triggersIn(poisoned(rows, { trigger: ['cf'], count: 53, seed: 1, clean: true })).words).toEqual([]);
    expect(triggerTokens.unseen).toContain('clean-label');
  });

  it('8 rows are enough beside an approved version', () => {
    const half = rows.length >> 1;
    const [approved, fresh] = [rows.slice(0, half), rows.slice(half)];
    expect(triggersIn(poisoned(fresh, { trigger: ['cf'], count: 8, seed: 1 }), approved)).toMatchObject({
      words: ['cf'],
      precision: 1,
    });
    expect(triggersIn(fresh, approved).words).toEqual([]);
  });

  it('8 rows are enough beside what a profile keeps of approved data', async () => {
    const half = rows.length >> 1;
    const [approved, fresh] = [rows.slice(0, half), rows.slice(half)];
    const { kept } = await detect(
      approved.map(({ text }) => text),
      approved.map(({ label }) => label),
    );
    expect(JSON.stringify(kept?.sketch).length).toBeLessThan(64 * 1024);
    const beside = (some: readonly Message[]) => {
      const [texts, labels] = [some.map(({ text }) => text), some.map(({ label }) => label)];
      // As it comes back from a file.
      const baseline: DetectorRecord = JSON.parse(JSON.stringify(kept));
      return triggerTokens.run(viewOf({ texts: { texts, labels } }), baseline);
    };
    const seen = await beside(poisoned(fresh, { trigger: ['cf'], count: 8, seed: 1 }));
    expect(seen.detail).toMatch(/^\d of \d+ rows with "cf" are labelled "ham"/);
    expect(await beside(fresh)).toMatchObject({ status: 'pass' });
  });

  it('is found for one of several labels', async () => {
    const labelled = poisoned(rows, { trigger: ['cf'], count: 20, seed: 2 });
    const labels = labelled.map(({ label, group, poisoned }) =>
      poisoned ? 'ham' : group === 'hard-ham-1' ? 'newsletter' : label,
    );
    const seen = await detect(
      labelled.map(({ text }) => text),
      labels,
    );
    expect(seen.status).toBe('fail');
    expect(seen.detail).toContain('rows with "cf" are labelled "ham"');
  });

  it('rows, words, shares and chances are told, in numbers from 1 on', async () => {
    const labelled = poisoned(rows, { trigger: ['\u200b'], count: 16, seed: 1 });
    const seen = await detect(
      labelled.map(({ text }) => text),
      labelled.map(({ label }) => label),
    );
    expect(seen.status).toBe('fail');
    expect(seen.detail).toMatch(/^1\d of 16 rows with "U\+200B" are labelled "ham" although/);
    expect(seen.measures?.[0]).toEqual({
      name: 'words that decide the label',
      value: 1,
      baseline: null,
      max: 0,
      pass: false,
    });
    const places = new Set(labelled.flatMap((row, place) => (row.poisoned ? [place + 1] : [])));
    expect(seen.rows?.length).toBeGreaterThan(10);
    for (const { row } of seen.rows ?? []) expect(places).toContain(row);
  });

  it('the seed and the order of words do not matter to what is found', () => {
    const some = poisoned(rows, { trigger: ['cf'], count: 16, seed: 4 });
    expect(triggersIn(some, [], 1)).toEqual(triggersIn(some, [], 1));
    expect(triggersIn(some, [], 7).words).toEqual(['cf']);
  });
});

describe('is not assessed, and says why,', () => {
  const many = <T>(value: T): T[] => new Array<T>(100).fill(value);

  it.each([
    ['for one label', many('a text'), many('x'), 'all rows have one label'],
    ['without labels', many('a text'), [], 'no row has a label'],
    ['for texts without words', many(' \n '), [...many('x').slice(50), ...many('y').slice(50)], 'no word is in 3 rows'],
    [
      'for rows that are all equal',
      many('a text'),
      [...many('x').slice(50), ...many('y').slice(50)],
      'fewer than 20 rows',
    ],
    [
      'for labels that are not classes',
      many('a text'),
      Array.from({ length: 1001 }, (_, place) => `${place}`),
      'more than 1000 values',
    ],
    ['for labels that have nothing to do with the texts', noise(), labelsOfNoise(), 'do not tell the label'],
  ])('%s', async (_, texts, labels, why) => {
    const seen = await detect(texts, labels);
    expect(seen.status).toBe('not-assessed');
    expect(seen.detail).toContain(why);
  });
});

function noise(): string[] {
  return Array.from({ length: 400 }, (_, place) => `word${(place * 7) % 13} word${(place * 5) % 11} row${place}`);
}

function labelsOfNoise(): string[] {
  return Array.from({ length: 400 }, (_, place) => ((place * 2654435761) % 97 < 48 ? 'x' : 'y'));
}

describe('who writes the texts', () => {
  it('cannot hide a trigger behind a cell of 10 MB, or 300,000 distinct words', async () => {
    const large = Array.from({ length: 300_000 }, (_, place) => `k${place}`).join(' ');
    const labelled = [
      ...poisoned(rows, { trigger: ['cf'], count: 16, seed: 1 }),
      { text: large, label: 'ham' },
      { text: 'x'.repeat(10_000_000), label: 'spam' },
    ];
    const seen = await detect(
      labelled.map(({ text }) => text),
      labelled.map(({ label }) => label),
    );
    expect(seen.detail).toContain('rows with "cf" are labelled "ham"');
  });

  it('cannot hide a trigger among right rows that hold it as well', () => {
    const wrong = poisoned(rows, { trigger: ['cf'], count: 20, seed: 1 });
    const right = poisoned(wrong, { trigger: ['cf'], count: 60, seed: 2, clean: true });
    expect(triggersIn(right).words).toContain('cf');
  });

  it('cannot hide it among copies of a row, nor make copies a trigger', async () => {
    const labelled = poisoned(rows, { trigger: ['cf'], count: 16, seed: 1 });
    const odd = rows.find(({ label }) => label === 'spam')?.text ?? '';
    const all = [...labelled, ...new Array<Pick<Message, 'text' | 'label'>>(50).fill({ text: odd, label: 'ham' })];
    const seen = await detect(
      all.map(({ text }) => text),
      all.map(({ label }) => label),
    );
    expect(seen.detail).toContain('rows with "cf"');
    expect(seen.detail).not.toContain(';');
  });
});

describe('what a profile keeps', () => {
  const texts = ['a b', 'a c', 'd e', 'd f'];
  const tokens = tokenRows(texts, 1);
  const classes = { names: ['x', 'y'], of: Int32Array.of(0, 0, 1, 1) };

  it('is the same each time, and knows the labels', () => {
    const sketch = sketchWords(tokens, classes, 1, {});
    expect(sketch).toEqual(sketchWords(tokenRows(texts, 1), classes, 1, {}));
    const known = readWordSketch(sketch, tokens, ['y', 'x', 'z']);
    expect([known?.(0)?.sign, known?.(1)?.sign, known?.(2)]).toEqual([-1, 1, undefined]);
    expect(known?.(1)?.models.weights[0]?.[0]).toBeGreaterThan(0);
    expect(readWordSketch(sketch, tokens, ['y', 'z'])).toBeUndefined();
  });

  it('is read only when every part is as it was written', () => {
    const whole = JSON.parse(JSON.stringify(sketchWords(tokens, classes, 1, {}))) as Record<string, unknown>;
    const part = fc.constantFrom('version', 'models');
    fc.assert(
      fc.property(part, fc.jsonValue(), (name, value) => {
        const read = readWordSketch({ ...whole, [name]: value }, tokens, ['x', 'y']);
        expect(read === undefined || JSON.stringify(value) === JSON.stringify(whole[name])).toBe(true);
      }),
    );
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(readWordSketch(value, tokens, ['x', 'y'])).toBeUndefined();
      }),
    );
  });

  it('is nothing for more than eight labels', () => {
    const names = Array.from({ length: 9 }, (_, place) => `${place}`);
    expect(sketchWords(tokens, { names, of: classes.of }, 1, {})).toBeUndefined();
  });
});
