/** Instructions that put items into one container whose items are kept. */
const MAX_KEPT = 256;

/** Items of a stream's dicts and lists, and how many items lists have, by the offset of the instruction that made them. */
export class KeptItems {
  /** Blocks of items; `undefined` for a container with more than are kept. */
  readonly #blocks: Map<number, readonly number[] | undefined>;
  readonly #lengths: Map<number, number>;

  constructor(from?: KeptItems) {
    this.#blocks = new Map(from === undefined ? [] : from.#blocks);
    this.#lengths = new Map(from === undefined ? [] : from.#lengths);
  }

  /** Entries of its tables. */
  get entries(): number {
    return this.#blocks.size + this.#lengths.size;
  }

  /** The blocks of a container that was made while items were kept; `undefined` where they are not known. */
  blocksOf(ref: number, isKept: boolean): readonly number[] | undefined {
    return isKept && !this.#blocks.has(ref) ? [] : this.#blocks.get(ref);
  }

  /** Keeps a block of items; `undefined` for too many, which discards all, because the rest would be incomplete. */
  keep(ref: number, block: number | undefined): void {
    const known = this.#blocks.has(ref) ? this.#blocks.get(ref) : [];
    const whole = block !== undefined && known !== undefined && known.length < MAX_KEPT;
    this.#blocks.set(ref, whole ? [...known, block] : undefined);
  }

  /** Counts the items of a list. @returns whether it is the first time */
  lengthen(list: number, count: number): boolean {
    const known = this.#lengths.get(list);
    this.#lengths.set(list, (known ?? 0) + count);
    return known === undefined;
  }

  lengthOf(list: number): number {
    return this.#lengths.get(list) ?? 0;
  }
}
