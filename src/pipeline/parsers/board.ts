import type { MemoryPool } from '../../core/index.ts';

const OWNER = 0;
const SLOT_START = 1;
const SLOT_WORDS = 2;
const FREE = 0;
const IDLE = -1;

/**
 * Shared memory of the parsers of one assessment, which their supervisor can always read: the current file of each parser,
 * which of them waits for memory, and which holds more than its share.
 */
export class Board {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
  }

  static of(parsers: number): Board {
    const board = new Board(new SharedArrayBuffer((SLOT_START + parsers * SLOT_WORDS) * Int32Array.BYTES_PER_ELEMENT));
    for (let slot = 0; slot < parsers; slot++) board.at(slot, undefined);
    return board;
  }

  /** Notes the file of its batch that a parser is at. */
  at(slot: number, index: number | undefined): void {
    Atomics.store(this.#words, SLOT_START + slot * SLOT_WORDS, index ?? IDLE);
  }

  current(slot: number): number | undefined {
    const index = Atomics.load(this.#words, SLOT_START + slot * SLOT_WORDS);
    return index === IDLE ? undefined : index;
  }

  /** Whether a parser waits until another gives memory back. */
  waits(slot: number): boolean {
    return Atomics.load(this.#words, SLOT_START + slot * SLOT_WORDS + 1) === 1;
  }

  /** The memory of the parser at `slot`: one parser at a time may hold more than its share, the others wait for it. */
  memory(slot: number, share: number): MemoryPool {
    const words = this.#words;
    const waiting = SLOT_START + slot * SLOT_WORDS + 1;
    return {
      share,
      acquire: () => {
        for (;;) {
          const owner = Atomics.compareExchange(words, OWNER, FREE, slot + 1);
          if (owner === FREE || owner === slot + 1) break;
          Atomics.store(words, waiting, 1);
          Atomics.wait(words, OWNER, owner);
        }
        Atomics.store(words, waiting, 0);
      },
      release: () => this.release(slot),
    };
  }

  /** Gives back what a parser holds, when it ends a file or is ended itself. */
  release(slot: number): void {
    Atomics.store(this.#words, SLOT_START + slot * SLOT_WORDS + 1, 0);
    if (Atomics.compareExchange(this.#words, OWNER, slot + 1, FREE) === slot + 1) Atomics.notify(this.#words, OWNER);
  }
}
