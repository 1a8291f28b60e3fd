import { type SeededRandom, throwIfAborted } from '../../core/index.ts';
import { misspellings, type Word, withWord, wordsOf } from './edits.ts';

/** What a model says of a text: whether it still tells the true label, and the score of it. */
export interface TextScore {
  readonly isTold: boolean;
  readonly score: number;
}

export interface TextEditOptions {
  /** Words of a text that are misspelled at most. */
  readonly words: number;
  readonly randomOf: (row: number) => SeededRandom;
  readonly signal: AbortSignal | undefined;
  /** Called before each word. */
  readonly onWord: (word: number) => void;
}

export interface TextEditResult {
  /** The words that were misspelled when a text fell: 0 for one that was not told before, infinite for one that stands. */
  readonly words: readonly number[];
  /** Runs of the model for all texts. */
  readonly runs: number;
}

/** Words of a text that are looked at, and ways that each is misspelled in. */
const MOST_WORDS = 200;
const WAYS = 8;

interface Reader {
  readonly row: number;
  readonly random: SeededRandom;
  text: string;
  /** Those that are not misspelled yet, the ones that matter most first. */
  left: Word[];
}

/**
 * Misspells the words that a model goes by, one character each: those first whose absence lowers the score of the true label most (Gao et al.
 * 2018, DeepWordBug; Li et al. 2019, TextBugger), each in the way that lowers it most. It asks for scores alone.
 * @param scores what the model says of texts, each with the row that it is of
 */
export async function editTexts(
  texts: readonly string[],
  scores: (asked: readonly { readonly row: number; readonly text: string }[]) => Promise<readonly TextScore[]>,
  { words, randomOf, signal, onWord }: TextEditOptions,
): Promise<TextEditResult> {
  let runs = 0;
  const ask = async (asked: readonly { readonly row: number; readonly text: string }[]) => {
    throwIfAborted(signal);
    runs += asked.length;
    return asked.length === 0 ? [] : await scores(asked);
  };
  const first = await ask(texts.map((text, row) => ({ row, text })));
  const fell = first.map(({ isTold }) => (isTold ? Number.POSITIVE_INFINITY : 0));
  let readers = await readersOf(texts, fell, randomOf, ask);
  for (let word = 1; word <= words && readers.length > 0; word++) {
    onWord(word);
    const trials = readers.flatMap((reader) => {
      const next = reader.left.shift();
      if (next === undefined) return [];
      const own = reader.text.slice(next.from, next.to);
      return misspellings(own, WAYS, reader.random).map((other) => ({
        reader,
        row: reader.row,
        text: withWord(reader.text, next, other),
        place: next,
        longer: other.length - own.length,
      }));
    });
    const said = await ask(trials);
    const best = new Map<Reader, number>();
    for (const [at, { reader }] of trials.entries()) {
      const before = best.get(reader);
      if (before === undefined || isLower(said[at], said[before])) best.set(reader, at);
    }
    for (const [reader, at] of best) {
      const [trial, found] = [trials[at], said[at]];
      if (trial === undefined || found === undefined) continue;
      reader.text = trial.text;
      reader.left = reader.left.map((one) => moved(one, trial.place, trial.longer));
      if (!found.isTold) fell[reader.row] = word;
    }
    readers = readers.filter(({ row, left }) => fell[row] === Number.POSITIVE_INFINITY && left.length > 0);
  }
  return { words: fell, runs };
}

/** The words of each text that is told, in the order of how much the score falls without them. */
async function readersOf(
  texts: readonly string[],
  fell: readonly number[],
  randomOf: TextEditOptions['randomOf'],
  ask: (asked: readonly { readonly row: number; readonly text: string }[]) => Promise<readonly TextScore[]>,
): Promise<Reader[]> {
  const known = texts.map((text, row) => (fell[row] === 0 ? [] : wordsOf(text, MOST_WORDS)));
  const without = known.flatMap((words, row) =>
    words.map((word) => ({ row, word, text: withWord(texts[row] ?? '', word, '') })),
  );
  const said = await ask(without);
  const ranked = without.map((one, at) => ({ ...one, score: said[at]?.score ?? Number.NaN }));
  return texts.flatMap((text, row) => {
    const own = ranked.filter((one) => one.row === row).sort((a, b) => a.score - b.score || a.word.from - b.word.from);
    return own.length === 0 ? [] : [{ row, text, random: randomOf(row), left: own.map(({ word }) => word) }];
  });
}

function isLower(one: TextScore | undefined, other: TextScore | undefined): boolean {
  if (one === undefined || other === undefined) return one !== undefined;
  if (one.isTold !== other.isTold) return !one.isTold;
  return one.score < other.score;
}

function moved(word: Word, { from }: Word, longer: number): Word {
  return word.from > from ? { from: word.from + longer, to: word.to + longer } : word;
}
