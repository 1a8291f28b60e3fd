import type { FileBudget } from '../../core/index.ts';
import { bytesOf, grownBytes, grownRefs, type Refs } from './values.ts';

/** Slots beyond the entries that are still kept in the arrays; higher ones go to a map, so that an index costs nothing. */
const DENSE_SLACK = 65_536;
/** Bytes that an entry of the map costs, about. */
const SPARSE_BYTES = 128;

/** A pickle's memo: index to value. Dense arrays, with a map for indexes no pickler would write. */
export class Memo {
  kinds: Uint8Array;
  refs: Refs;
  /** Entries set; MEMOIZE writes at this index, as CPython does. */
  count = 0;
  readonly sparse = new Map<number | bigint, { kind: number; ref: number }>();

  readonly #budget: FileBudget;

  /** The arrays are charged to the budget already. */
  constructor(kinds: Uint8Array, refs: Refs, budget: FileBudget) {
    this.kinds = kinds;
    this.refs = refs;
    this.#budget = budget;
  }

  /** Bytes that are held. */
  get bytes(): number {
    return bytesOf(this.kinds, this.refs) + this.sparse.size * SPARSE_BYTES;
  }

  /** A copy of the used part, without spare room. */
  copy(): Memo {
    let used = this.kinds.length;
    while (used > 0 && this.kinds[used - 1] === 0) used--;
    this.#budget.work(this.kinds.length - used + this.sparse.size);
    this.#budget.hold(grownBytes(this.refs, used) + this.sparse.size * SPARSE_BYTES);
    const memo = new Memo(this.kinds.slice(0, used), this.refs.slice(0, used), this.#budget);
    memo.count = this.count;
    for (const [index, value] of this.sparse) memo.sparse.set(index, value);
    return memo;
  }

  /** @returns whether the index was far beyond the entries */
  set(index: number | bigint, kind: number, ref: number): boolean {
    if (index >= this.kinds.length && index < this.count * 2 + DENSE_SLACK) this.#grow(Number(index));
    if (typeof index === 'bigint' || index >= this.kinds.length) {
      if (!this.sparse.has(index)) {
        this.#budget.hold(SPARSE_BYTES);
        this.count++;
      }
      this.sparse.set(index, { kind, ref });
      return true;
    }
    if (this.kinds[index] === 0) this.count++;
    this.kinds[index] = kind;
    this.refs[index] = ref;
    return false;
  }

  /** 0 when there is none; the ref is then in `refs` or `sparse`. */
  kind(index: number | bigint): number {
    return (typeof index === 'number' ? this.kinds[index] : undefined) ?? this.sparse.get(index)?.kind ?? 0;
  }

  ref(index: number | bigint): number {
    return (typeof index === 'number' ? this.refs[index] : undefined) ?? this.sparse.get(index)?.ref ?? 0;
  }

  #grow(index: number): void {
    const size = Math.max(this.kinds.length * 2, index + 1);
    const before = this.bytes;
    this.#budget.work(this.sparse.size);
    this.#budget.hold(grownBytes(this.refs, size));
    const kinds = new Uint8Array(size);
    const refs = grownRefs(this.refs, size);
    kinds.set(this.kinds);
    for (const [at, value] of this.sparse) {
      if (typeof at === 'bigint' || at >= size) continue;
      kinds[at] = value.kind;
      refs[at] = value.ref;
      this.sparse.delete(at);
    }
    this.kinds = kinds;
    this.refs = refs;
    this.#budget.release(before - this.sparse.size * SPARSE_BYTES);
  }
}
