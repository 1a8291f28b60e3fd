import type { FileBudget } from '../../core/index.ts';

/** Bytes that an entry of a table costs, about. */
export const ENTRY_BYTES = 64;
/** Instructions that put items into one container whose items are kept. */
const MAX_KEPT = 256;

/** What is known of the numbers of a list, which may be too many to keep. */
export interface ListNumbers {
  readonly length: number;
  /** How many of its elements are numbers written as constants. */
  readonly constants: number;
  /** The first and the last of integers that each are more than the one before; `undefined` for all other lists, and for none. */
  readonly ascending: { readonly first: number; readonly last: number } | undefined;
}

export const NO_NUMBERS: ListNumbers = { length: 0, constants: 0, ascending: undefined };

/** Items of a stream's dicts and lists, and how many items lists have, by the offset of the instruction that made them. */
export class KeptItems {
  /** Blocks of items; `undefined` for a container with more than are kept. */
  readonly #blocks: Map<number, readonly number[] | undefined>;
  readonly #lengths: Map<number, number>;
  readonly #numbers: Map<number, ListNumbers>;

  readonly #budget: FileBudget;
  /** Bytes that are held. */
  bytes = 0;

  constructor(budget: FileBudget, from?: KeptItems) {
    this.#budget = budget;
    this.hold(from === undefined ? 0 : from.bytes);
    this.#blocks = new Map(from === undefined ? [] : from.#blocks);
    this.#lengths = new Map(from === undefined ? [] : from.#lengths);
    this.#numbers = new Map(from === undefined ? [] : from.#numbers);
  }

  /** Charges what is kept, here or by a handler, until the stream's machine is closed. */
  hold(bytes: number): void {
    this.#budget.hold(bytes);
    this.bytes += bytes;
  }

  /** The blocks of a container that was made while items were kept; `undefined` where they are not known. */
  blocksOf(ref: number, isKept: boolean): readonly number[] | undefined {
    return isKept && !this.#blocks.has(ref) ? [] : this.#blocks.get(ref);
  }

  /** Keeps a block of items; `undefined` for too many, which discards all, because the rest would be incomplete. */
  keep(ref: number, block: number | undefined): void {
    this.hold(ENTRY_BYTES);
    const known = this.#blocks.has(ref) ? this.#blocks.get(ref) : [];
    const whole = block !== undefined && known !== undefined && known.length < MAX_KEPT;
    this.#blocks.set(ref, whole ? [...known, block] : undefined);
  }

  /** Counts items that a list got. */
  lengthen(list: number, count: number): void {
    const known = this.#lengths.get(list);
    if (known === undefined) this.hold(ENTRY_BYTES);
    this.#lengths.set(list, (known ?? 0) + count);
  }

  lengthOf(list: number): number {
    return this.#lengths.get(list) ?? 0;
  }

  numbersOf(list: number): ListNumbers {
    return this.#numbers.get(list) ?? NO_NUMBERS;
  }

  noteNumbers(list: number, numbers: ListNumbers): void {
    if (!this.#numbers.has(list)) this.hold(2 * ENTRY_BYTES);
    this.#numbers.set(list, numbers);
  }
}
