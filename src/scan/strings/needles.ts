/** A fixed text that stands in every match of a detector. */
export interface Needle {
  /** ASCII, at least 3 characters. */
  readonly text: string;
  /** Whether upper and lower case are the same. */
  readonly folds?: boolean;
}

interface Placed<T extends Needle> {
  readonly needle: T;
  readonly codes: Uint8Array;
  /** Where its window begins within it. */
  readonly at: number;
}

const WINDOW = 3;
const NONE: readonly Placed<never>[] = [];

/**
 * Finds every occurrence of many needles in one pass, and looks at about one byte in two (Wu and Manber, "A fast algorithm for
 * multi-pattern searching", 1994, with blocks of two bytes).
 */
export class Needles<T extends Needle> {
  /** By block of two bytes: how far the next window with it at its end can be; 0 where a window may end. */
  readonly #shifts = new Uint8Array(65_536).fill(WINDOW - 1);
  /** Blocks that begin a window: most that end one do not follow such a block. */
  readonly #heads = new Uint8Array(65_536);
  readonly #windows = new Map<number, Placed<T>[]>();

  constructor(needles: readonly T[]) {
    for (const needle of needles) this.#add(needle);
  }

  /** Calls `onHit` with the start of each occurrence in `[from, to)`; an occurrence may end after `to`. */
  search(bytes: Uint8Array, from: number, to: number, onHit: (needle: T, at: number) => void): void {
    const [shifts, heads] = [this.#shifts, this.#heads];
    const last = Math.min(bytes.length, to + MAX_NEEDLE) - 1;
    let end = from + WINDOW - 1;
    while (end <= last) {
      const block = ((bytes[end - 1] ?? 0) << 8) | (bytes[end] ?? 0);
      const shift = shifts[block] ?? 0;
      if (shift > 0) {
        end += shift;
        continue;
      }
      const first = bytes[end - 2] ?? 0;
      if (heads[(first << 8) | (block >> 8)] === 1) {
        for (const placed of this.#windows.get((first << 16) | block) ?? NONE) {
          const at = end - WINDOW + 1 - placed.at;
          if (at >= from && at < to && occursAt(bytes, at, placed)) onHit(placed.needle, at);
        }
      }
      end++;
    }
  }

  #add(needle: T): void {
    const { text, folds = false } = needle;
    if (text.length < WINDOW || text.length > MAX_NEEDLE) throw new Error(`a needle has 3 to ${MAX_NEEDLE} characters`);
    const placed = { needle, codes: Buffer.from(text, 'latin1'), at: rarest(text) };
    const window = text.slice(placed.at, placed.at + WINDOW);
    for (const form of folds ? casesOf(window) : [window]) {
      const [a, b, c] = [form.charCodeAt(0), form.charCodeAt(1), form.charCodeAt(2)];
      this.#shifts[(b << 8) | c] = 0;
      const first = (a << 8) | b;
      this.#shifts[first] = Math.min(this.#shifts[first] ?? 0, 1);
      this.#heads[first] = 1;
      const key = (a << 16) | (b << 8) | c;
      this.#windows.set(key, [...(this.#windows.get(key) ?? []), placed]);
    }
  }
}

/** Characters of the longest needle. */
const MAX_NEEDLE = 32;

/** The part of a needle that is least like words: candidates cost more than bytes that are passed over. */
function rarest(text: string): number {
  let best = 0;
  let most = -1;
  for (let at = 0; at + WINDOW <= text.length; at++) {
    // The block at the end of the window decides whether it is looked at.
    const strange = [...text.slice(at + 1, at + WINDOW)].filter((one) => !/[a-z ]/.test(one)).length;
    const all = 2 * strange + (/[a-z ]/.test(text[at] ?? '') ? 0 : 1);
    if (all > most) [best, most] = [at, all];
  }
  return best;
}

function casesOf(text: string): string[] {
  let forms = [''];
  for (const one of text)
    forms = forms.flatMap((form) => [...new Set([one.toLowerCase(), one.toUpperCase()])].map((c) => form + c));
  return forms;
}

function occursAt(bytes: Uint8Array, at: number, { codes, needle }: Placed<Needle>): boolean {
  if (at + codes.length > bytes.length) return false;
  for (let i = 0; i < codes.length; i++) {
    const [have = 0, want = 0] = [bytes[at + i], codes[i]];
    if (have !== want && (needle.folds !== true || lower(have) !== lower(want))) return false;
  }
  return true;
}

function lower(code: number): number {
  return code >= 0x41 && code <= 0x5a ? code | 0x20 : code;
}
