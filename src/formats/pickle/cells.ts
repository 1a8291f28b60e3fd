import type { FileBudget } from '../../core/index.ts';
import { bytesOf, grownBytes, grownRefs, type Refs } from './values.ts';

/**
 * Append-only storage of what tuples and calls hold. A block is a header, then one cell a value. A tuple's header has its
 * length as ref; a call's header has `BUILT` as kind once BUILD ran on it, and the instruction's offset as ref.
 */
export class Cells {
  kinds: Uint8Array;
  refs: Refs;
  /** Block 0 is the empty tuple. */
  length = 1;
  readonly #budget: FileBudget;

  /** The arrays are charged to the budget already. */
  constructor(kinds: Uint8Array, refs: Refs, budget: FileBudget) {
    this.kinds = kinds;
    this.refs = refs;
    this.#budget = budget;
  }

  /** Bytes that are held. */
  get bytes(): number {
    return bytesOf(this.kinds, this.refs);
  }

  /** A copy of the used part, without spare room. */
  copy(): Cells {
    this.#budget.hold(this.length * (1 + this.refs.BYTES_PER_ELEMENT));
    const cells = new Cells(this.kinds.slice(0, this.length), this.refs.slice(0, this.length), this.#budget);
    cells.length = this.length;
    return cells;
  }

  /** Room for a header and `count` values; the header's index. */
  allocate(count: number): number {
    const at = this.length;
    this.length += count + 1;
    if (this.length > this.kinds.length) this.#grow();
    return at;
  }

  set(at: number, kind: number, ref: number): void {
    this.kinds[at] = kind;
    this.refs[at] = ref;
  }

  #grow(): void {
    const size = Math.max(this.kinds.length * 2, this.length);
    const before = this.bytes;
    this.#budget.hold(grownBytes(this.refs, size));
    const kinds = new Uint8Array(size);
    const refs = grownRefs(this.refs, size);
    kinds.set(this.kinds);
    this.kinds = kinds;
    this.refs = refs;
    this.#budget.release(before);
  }
}

export const BUILT = 1;
