import type { HandedArrow, SpelledBytes } from './contracts/index.ts';

/** Byte strings of one pickle that are looked into. */
const MAX_BLOBS = 256;
/** Arrays of Arrow's in one pickle: a table has one for each column. */
const MAX_ARROWS = 65_536;

export interface Blob {
  readonly start: number;
  readonly length: number;
  /** A listed function will load it; otherwise it is only carried. */
  readonly loaded: boolean;
  /** Spelled as text, each character a byte, in UTF-8. */
  readonly text: boolean;
}

/** Byte strings of a stream that are pickles themselves, or are loaded; each once. */
export class Blobs {
  readonly list: Blob[] = [];
  /** The stream has more of them than are scanned. */
  lost = false;
  readonly #known = new Map<number, number>();

  /** Arrow arrays whose buffers are checked after the stream. */
  readonly arrows: HandedArrow[] = [];

  /** Code that numba pickled, which is compared with that of libraries after the stream; by where it starts. */
  readonly codes = new Map<number, SpelledBytes>();

  addCode(code: SpelledBytes): void {
    if (this.codes.size < MAX_BLOBS) this.codes.set(code.start, code);
    else this.lost = true;
  }

  addArrow(array: HandedArrow): void {
    if (this.arrows.length < MAX_ARROWS) this.arrows.push(array);
    else this.lost = true;
  }

  /** @returns whether there is room for this many more entries of another kind */
  hasRoom(count: number): boolean {
    return count <= MAX_BLOBS;
  }

  add(blob: Blob): void {
    const known = this.#known.get(blob.start);
    if (known !== undefined) {
      if (blob.loaded) this.list[known] = blob;
    } else if (this.list.length < MAX_BLOBS) {
      this.#known.set(blob.start, this.list.length);
      this.list.push(blob);
    } else this.lost = true;
  }
}
