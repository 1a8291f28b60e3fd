import type { SeededRandom } from '../../core/index.ts';

/** A word of a text, and where it stands. */
export interface Word {
  readonly from: number;
  readonly to: number;
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
/** Of fewer characters, a word becomes another word. */
const LEAST_CHARACTERS = 2;

/** Words of at least two characters, between white space. */
export function wordsOf(text: string, most: number): readonly Word[] {
  const words: Word[] = [];
  for (const { 0: word, index } of text.matchAll(/\S+/g)) {
    if (words.length === most) break;
    if (Array.from(word).length >= LEAST_CHARACTERS) words.push({ from: index, to: index + word.length });
  }
  return words;
}

export function withWord(text: string, { from, to }: Word, other: string): string {
  return text.slice(0, from) + other + text.slice(to);
}

/** Misspellings of a word by one character: two that are swapped, one left out, one added, one replaced. */
export function misspellings(word: string, count: number, random: SeededRandom): readonly string[] {
  const characters = Array.from(word);
  const found = new Set<string>();
  const letter = () => LETTERS.charAt(random.below(LETTERS.length));
  for (let tries = 0; tries < 4 * count && found.size < count; tries++) {
    const at = random.below(characters.length);
    const own = [...characters];
    const [one = '', other = ''] = [own[at], own[at + 1]];
    if (tries % 4 === 0 && at + 1 < own.length) own.splice(at, 2, other, one);
    else if (tries % 4 === 1) own.splice(at, 1);
    else if (tries % 4 === 2) own.splice(at, 0, letter());
    else own.splice(at, 1, letter());
    const edited = own.join('');
    if (edited !== word) found.add(edited);
  }
  return [...found];
}
