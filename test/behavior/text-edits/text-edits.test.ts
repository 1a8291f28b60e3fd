import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editTexts } from '../../../src/behavior/text-edits/attack.ts';
import { misspellings, withWord, wordsOf } from '../../../src/behavior/text-edits/edits.ts';
import { SeededRandom } from '../../../src/core/random.ts';

const QUIET = { randomOf: (row: number) => new SeededRandom(row), signal: undefined, onWord: () => {} };

describe('words', () => {
  it('are those between white space, of two characters or more', () => {
    const text = ' a  good\tfilm 𝒳𝒴 𝒳 é';
    expect(wordsOf(text, 10).map(({ from, to }) => text.slice(from, to))).toEqual(['good', 'film', '𝒳𝒴']);
    expect(wordsOf(text, 1)).toHaveLength(1);
    expect(wordsOf('', 10)).toEqual([]);
  });

  it('are misspelled by one character, and never by half of one', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }), fc.integer(), (word, seed) => {
        const characters = Array.from(word);
        for (const other of misspellings(word, 8, new SeededRandom(seed))) {
          expect(other).not.toBe(word);
          expect(Math.abs(Array.from(other).length - characters.length)).toBeLessThanOrEqual(1);
          expect(/\p{Surrogate}/u.test(other)).toBe(/\p{Surrogate}/u.test(word));
        }
      }),
    );
  });

  it('are replaced where they stand', () => {
    expect(withWord('a good film', { from: 2, to: 6 }, 'godo')).toBe('a godo film');
  });
});

describe('an attack by misspelling', () => {
  /** Tells the label of a text as long as it has so many of the words. */
  const counting = (words: readonly string[], least: number) => {
    const asked: string[] = [];
    const scores = async (all: readonly { readonly text: string }[]) =>
      all.map(({ text }) => {
        asked.push(text);
        const own = text.split(' ').filter((word) => words.includes(word)).length;
        return { isTold: own >= least, score: own };
      });
    return { asked, scores };
  };

  it('misspells the words that matter, as few as it needs', async () => {
    const model = counting(['good', 'fine', 'great'], 2);
    const texts = ['the film is good and fine and great', 'good and fine', 'a dull film', ''];
    const { words, runs } = await editTexts(texts, model.scores, { ...QUIET, words: 5 });
    expect(words).toEqual([2, 1, 0, 0]);
    expect(runs).toBe(model.asked.length);
    // Each text differs from its own by one character a word, at most two words here, or a word that is left out.
    expect(model.asked.every((text) => text.length <= (texts[0] ?? '').length + 2)).toBe(true);
  });

  it('leaves what stands after so many words', async () => {
    const model = counting(['good', 'fine', 'great'], 1);
    const { words } = await editTexts(['good fine great', 'good'], model.scores, { ...QUIET, words: 2 });
    expect(words).toEqual([Number.POSITIVE_INFINITY, 1]);
  });

  it('is stopped by a signal', async () => {
    const model = counting([], 1);
    const editing = editTexts(['a'], model.scores, { ...QUIET, words: 1, signal: AbortSignal.abort() });
    await expect(editing).rejects.toMatchObject({ code: 'aborted' });
    expect(model.asked).toEqual([]);
  });
});
