import { AssayError, type OnEvent, throwIfAborted } from '../../../core/index.ts';
import { Dictionary, wider } from './dictionary.ts';
import { eachToken } from './tokens.ts';

/** Bounds on what texts may cost: 4 bytes an entry, 50 a token. */
export interface TokenLimits {
  /** Distinct tokens of a row, summed over all rows. */
  readonly maxEntries: number;
  /** Distinct tokens of all rows. */
  readonly maxTokens: number;
}

export const TOKEN_LIMITS: TokenLimits = { maxEntries: 2 ** 26, maxTokens: 2 ** 22 };

export interface TokenOptions {
  readonly limits?: TokenLimits | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: OnEvent | undefined;
}

/** Which tokens each row has, as numbers; a token that few rows have has no number. */
export interface TokenTable {
  readonly rows: number;
  /** The tokens of row r are `ids[starts[r]]` up to `ids[starts[r + 1]]`, each once, in the order in which they first stand there. */
  readonly starts: Uint32Array;
  readonly ids: Uint32Array;
  /** How many rows have each token. */
  readonly counts: Uint32Array;
  /** For each row, the first one with the same text, without regard to case, which may be itself. */
  readonly same: Uint32Array;
  /** Where each token first stands, in the text of its row in lower case. */
  readonly places: TokenPlaces;
  /** A hash of each token that is the same in every run (FNV-1a of UTF-16 units, 32 bits): anyone can make two tokens share one. */
  readonly hashes: Uint32Array;
}

export interface TokenPlaces {
  readonly rows: Uint32Array;
  readonly starts: Uint32Array;
  readonly lengths: Uint8Array;
}

/** The token of a number. */
export function tokenText({ places }: TokenTable, texts: readonly string[], token: number): string {
  const [row = 0, from = 0, length = 0] = [places.rows[token], places.starts[token], places.lengths[token]];
  return texts[row]?.toLowerCase().slice(from, from + length) ?? '';
}

const ROWS_A_CHECK = 1_000;
const ROWS_A_NOTE = 100_000;
const FIRST_ENTRIES = 1 << 12;

/**
 * Numbers the tokens of texts, by the order in which they first stand there; those alone that at least `fewest` rows have.
 * @throws AssayError `limit`, naming the bound; `aborted`
 */
export function tokenRows(texts: readonly string[], fewest: number, options: TokenOptions = {}): TokenTable {
  const { limits = TOKEN_LIMITS, signal, onEvent } = options;
  const table = new Table(texts.length, limits);
  for (const [row, text] of texts.entries()) {
    if (row % ROWS_A_CHECK === 0) throwIfAborted(signal);
    table.add(row, text);
    if ((row + 1) % ROWS_A_NOTE === 0) onEvent?.({ kind: 'note', message: `counted the words of ${row + 1} rows` });
  }
  return table.frequent(fewest);
}

function fnv1a(text: string, from: number, to: number): number {
  let hash = 0x811c9dc5;
  for (let at = from; at < to; at++) {
    const unit = text.charCodeAt(at);
    hash = Math.imul(hash ^ (unit & 0xff), 0x01000193);
    hash = Math.imul(hash ^ (unit >> 8), 0x01000193);
  }
  return hash >>> 0;
}

class Table {
  readonly #limits: TokenLimits;
  readonly #words: Dictionary;
  readonly #starts: Uint32Array;
  readonly #same: Uint32Array;
  readonly #texts: Dictionary;
  /** The first row of each text, by the number of the text. */
  readonly #firsts: number[] = [];
  #ids = new Uint32Array(FIRST_ENTRIES);
  #used = 0;
  #counts = new Uint32Array(FIRST_ENTRIES);
  /** Of each token, the last row that had it, plus 1. */
  #lastRow = new Uint32Array(FIRST_ENTRIES);
  #firstRow = new Uint32Array(FIRST_ENTRIES);
  #firstStart = new Uint32Array(FIRST_ENTRIES);
  #lengths = new Uint32Array(FIRST_ENTRIES);
  #hashes = new Uint32Array(FIRST_ENTRIES);
  #row = 0;

  constructor(rows: number, limits: TokenLimits) {
    this.#limits = limits;
    this.#words = new Dictionary(limits.maxTokens);
    this.#texts = new Dictionary(rows);
    this.#starts = new Uint32Array(rows + 1);
    this.#same = new Uint32Array(rows);
  }

  add(row: number, text: string): void {
    this.#row = row;
    const lower = text.toLowerCase();
    eachToken(lower, this.#take);
    this.#starts[row + 1] = this.#used;
    const number = this.#texts.number(lower, 0, lower.length);
    if (number === this.#firsts.length) this.#firsts.push(row);
    this.#same[row] = this.#firsts[number] ?? row;
  }

  readonly #take = (lower: string, from: number, to: number): void => {
    const id = this.#words.number(lower, from, to);
    if (id >= this.#counts.length) {
      this.#counts = wider(this.#counts, id * 2);
      this.#lastRow = wider(this.#lastRow, id * 2);
      this.#firstRow = wider(this.#firstRow, id * 2);
      this.#firstStart = wider(this.#firstStart, id * 2);
      this.#lengths = wider(this.#lengths, id * 2);
      this.#hashes = wider(this.#hashes, id * 2);
    }
    if (this.#lastRow[id] === 0) {
      this.#firstRow[id] = this.#row;
      this.#firstStart[id] = from;
      this.#lengths[id] = to - from;
      this.#hashes[id] = fnv1a(lower, from, to);
    }
    if (this.#lastRow[id] === this.#row + 1) return;
    this.#lastRow[id] = this.#row + 1;
    this.#counts[id] = (this.#counts[id] ?? 0) + 1;
    if (this.#used === this.#limits.maxEntries)
      throw new AssayError('limit', `the texts have more than ${this.#limits.maxEntries} words`, {
        hint: 'check a part of the rows at a time',
      });
    if (this.#used === this.#ids.length)
      this.#ids = wider(this.#ids, Math.min(this.#used * 2, this.#limits.maxEntries));
    this.#ids[this.#used++] = id;
  };

  /** Gives numbers without gaps to the tokens that enough rows have. */
  frequent(fewest: number): TokenTable {
    const numbers = new Uint32Array(this.#words.size);
    let size = 0;
    for (let id = 0; id < numbers.length; id++) if ((this.#counts[id] ?? 0) >= fewest) numbers[id] = ++size;
    const rows = this.#same.length;
    const starts = new Uint32Array(rows + 1);
    const counts = new Uint32Array(size);
    const places = {
      rows: this.#firstRow.filter((_, id) => (numbers[id] ?? 0) > 0),
      starts: this.#firstStart.filter((_, id) => (numbers[id] ?? 0) > 0),
      lengths: Uint8Array.from(this.#lengths.filter((_, id) => (numbers[id] ?? 0) > 0)),
    };
    const hashes = this.#hashes.filter((_, id) => (numbers[id] ?? 0) > 0);
    let used = 0;
    for (let row = 0; row < rows; row++) {
      for (let at = this.#starts[row] ?? 0; at < (this.#starts[row + 1] ?? 0); at++) {
        const number = numbers[this.#ids[at] ?? 0] ?? 0;
        if (number === 0) continue;
        counts[number - 1] = (counts[number - 1] ?? 0) + 1;
        this.#ids[used++] = number - 1;
      }
      starts[row + 1] = used;
    }
    return { rows, starts, ids: this.#ids.subarray(0, used), counts, same: this.#same, places, hashes };
  }
}
