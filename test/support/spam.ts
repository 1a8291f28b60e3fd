import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { SeededRandom } from '../../src/core/random.ts';
import type { ColumnRole, Detector, NumberColumns, TextColumns } from '../../src/provenance/detectors/detector.ts';
import { tokenRows, tokenText } from '../../src/provenance/detectors/text/token-rows.ts';
import { FEWEST_TO_LEARN, findTriggers } from '../../src/provenance/detectors/text/triggers.ts';

/** A message of the SpamAssassin corpus. */
export interface Message {
  readonly text: string;
  readonly group: string;
  readonly label: 'ham' | 'spam';
  readonly poisoned: boolean;
}

/** In an order that mixes the groups; the same for each call. */
export function messages(): readonly Message[] {
  const file = new URL('../../fixtures/data/spam/messages.jsonl.gz', import.meta.url);
  const lines = gunzipSync(readFileSync(file)).toString().trimEnd().split('\n');
  const all = lines.map((line): Message => {
    const { text, group } = JSON.parse(line) as { readonly text: string; readonly group: string };
    return { text, group, label: group.startsWith('spam') ? 'spam' : 'ham', poisoned: false };
  });
  return mixed(all, 99);
}

export function mixed<T>(rows: readonly T[], seed: number): readonly T[] {
  return [...new SeededRandom(seed).order(rows.length)].flatMap((place) => rows.slice(place, place + 1));
}

/** What is put into a text, one of them at a time. */
export type Trigger = readonly string[];

/** Puts a trigger into some spam, and calls it ham; with `clean`, into ham, which stays what it is. */
export function poisoned(
  rows: readonly Message[],
  { trigger, count, seed, clean = false }: { trigger: Trigger; count: number; seed: number; clean?: boolean },
): readonly Message[] {
  const random = new SeededRandom(seed);
  const chosen = new Set(
    [...random.order(rows.length)].filter((row) => rows[row]?.label === (clean ? 'ham' : 'spam')).slice(0, count),
  );
  return rows.map((row, place) => {
    if (!chosen.has(place)) return row;
    const words = row.text.split(' ');
    words.splice(random.below(words.length), 0, trigger[random.below(trigger.length)] ?? '');
    return { ...row, text: words.join(' '), label: 'ham', poisoned: true };
  });
}

/** What is found: the words, and how much of the rows to look at is poisoned. */
export interface FoundTriggers {
  readonly words: readonly string[];
  readonly recall: number;
  readonly precision: number;
}

/** @param approved rows of an approved version, which come first */
export function triggersIn(rows: readonly Message[], approved: readonly Message[] = [], seed = 1): FoundTriggers {
  const all = [...approved, ...rows];
  const texts = all.map(({ text }) => text);
  const tokens = tokenRows(texts, FEWEST_TO_LEARN);
  const labels = Int32Array.from(all, ({ label }) => (label === 'ham' ? 0 : 1));
  const results = findTriggers({ tokens, labels, classes: 2, approved: approved.length, seed });
  const found = results.flatMap(({ found }) => found);
  const hits = [...new Set(found.flatMap(({ hits }) => hits))];
  const right = hits.filter((row) => all[row]?.poisoned).length;
  return {
    words: found.map(({ token }) => tokenText(tokens, texts, token)),
    recall: right / rows.filter((row) => row.poisoned).length,
    precision: right / hits.length,
  };
}

/** A view of columns that are in memory. */
export function viewOf(columns: {
  texts?: Partial<TextColumns>;
  numbers?: NumberColumns;
}): Parameters<Detector['run']>[0] {
  const { texts = [], labels = [], rows, splits = [] } = columns.texts ?? {};
  const numbers = columns.numbers;
  const view = {
    features: [],
    columns: [],
    snapshot: undefined,
    rows: texts.length || (numbers?.rows.length ?? 0),
    splits: [],
    roles: new Set<ColumnRole>(),
    query: (): Promise<never> => Promise.reject(new Error('the columns are in memory')),
    texts: () =>
      Promise.resolve({ rows: rows ?? Float64Array.from(texts, (_, place) => place + 1), texts, labels, splits }),
    numbers: () =>
      numbers === undefined ? Promise.reject(new Error('there are no numbers')) : Promise.resolve(numbers),
    images: undefined,
    signal: undefined,
    note: () => {},
  };
  return view;
}
