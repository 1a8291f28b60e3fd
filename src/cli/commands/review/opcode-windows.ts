import type { Excerpt } from '../../../report/index.ts';

/** Lines before and after the one that a finding is about. */
const BEFORE = 6;
const AFTER = 5;
/** Characters of one line. */
const MAX_LINE = 200;

interface Line {
  readonly offset: number;
  readonly text: string;
}

/** Of a pickle's listing, which passes by once, the lines around some offsets. */
export class OpcodeWindows {
  readonly #wanted: readonly number[];
  readonly #maxLines: number;
  readonly #onEnough: () => void;
  readonly #windows = new Map<number, Line[]>();
  /** Windows that still take lines, and how many. */
  readonly #open = new Map<Line[], number>();
  readonly #recent: Line[] = [];
  #next = 0;
  #lines = 0;

  /** @param onEnough called once no further line is of interest, or `maxLines` passed */
  constructor(offsets: readonly number[], maxLines: number, onEnough: () => void) {
    this.#wanted = [...new Set(offsets)].sort((a, b) => a - b);
    this.#maxLines = maxLines;
    this.#onEnough = onEnough;
  }

  /** A line as `inspectPickle` writes it: an offset, two spaces, text. */
  readonly line = (written: string): void => {
    const parts = /^ *(\d+) {2}(.*)$/s.exec(written);
    if (parts === null) return;
    const [, offset = '', text = ''] = parts;
    this.#take({
      offset: Number(offset),
      text: text
        .slice(0, MAX_LINE)
        .replace(/ {2,}# /, '  # ')
        .replace(/ {3,}/, ' '),
    });
    if (++this.#lines >= this.#maxLines) this.#onEnough();
    if (this.#next >= this.#wanted.length && this.#open.size === 0) this.#onEnough();
  };

  #take(line: Line): void {
    // The line before this one is the last that starts at or before the offset.
    for (let at = this.#wanted[this.#next]; at !== undefined && at < line.offset; at = this.#wanted[this.#next]) {
      this.#close(at, AFTER);
    }
    for (const [lines, left] of this.#open) {
      lines.push(line);
      if (left === 1) this.#open.delete(lines);
      else this.#open.set(lines, left - 1);
    }
    this.#recent.push(line);
    if (this.#recent.length > BEFORE + 1) this.#recent.shift();
  }

  #close(at: number, after: number): void {
    this.#next++;
    if (this.#recent.length === 0) return;
    const lines = [...this.#recent];
    this.#windows.set(at, lines);
    if (after > 0) this.#open.set(lines, after);
  }

  /** By offset; those that the listing never reached are missing. */
  excerpts(): ReadonlyMap<number, Excerpt> {
    const last = this.#recent.at(-1);
    for (let at = this.#wanted[this.#next]; at !== undefined && last !== undefined; at = this.#wanted[this.#next]) {
      if (at > last.offset) break;
      this.#close(at, 0);
    }
    return new Map([...this.#windows].map(([at, lines]) => [at, { kind: 'opcodes', lines, at }]));
  }
}
