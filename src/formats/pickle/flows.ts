import type { FileBudget } from '../../core/index.ts';
import { bytesOf, type Refs, STR_DUNDER, TUPLE, type Value } from './values.ts';

/** Marks the kind of a value that is a key of its dict. */
const KEY = 0x80;
/** In the header of a tuple's block: the tuple holds something other than constants and tuples of constants. */
export const HOLDS = 2;
const MIN_ROOM = 64;
/** Values of one digit of an offset, as they are sorted. */
const DIGITS = 4096;

/** One value that a container of the stream holds. */
export interface Held extends Value {
  readonly isKey: boolean;
}

/** A value that a use received: `use` is the handler's number for the use. */
export interface GivenValue {
  readonly use: number;
  readonly value: Value;
  readonly offset: number;
}

/**
 * What flows where in a stream: for each list, dict and set, by the offset of the instruction that made it, what it holds besides
 * constants; and which value each use received. Contents only grow, so one check at the end covers every moment.
 */
export class Flows {
  #owners: Refs;
  #kinds: Uint8Array;
  #refs: Refs;
  #length = 0;
  #uses = new Int32Array(0);
  #givenKinds = new Uint8Array(0);
  #givenRefs: Refs;
  #offsets: Refs;
  #given = 0;
  readonly #budget: FileBudget;
  /** Room for contents, allocated on first use. */
  readonly #firstRoom: number;
  #order: Uint32Array | undefined;

  /**
   * @param like refs of the stream's machine, for their width
   * @param guess of how many things containers will hold
   */
  constructor(like: Refs, budget: FileBudget, guess = 0) {
    this.#firstRoom = Math.max(MIN_ROOM, guess);
    const make = () => (like instanceof Uint32Array ? new Uint32Array(0) : new Float64Array(0));
    this.#owners = make();
    this.#refs = make();
    this.#givenRefs = make();
    this.#offsets = make();
    this.#kinds = new Uint8Array(0);
    this.#budget = budget;
  }

  /** Bytes that are held. */
  get bytes(): number {
    const contents = bytesOf(this.#kinds, this.#refs) + this.#owners.byteLength;
    const given = bytesOf(this.#givenKinds, this.#givenRefs) + this.#offsets.byteLength + this.#uses.byteLength;
    return contents + given + (this.#order?.byteLength ?? 0);
  }

  /** How many things all containers hold, and how many were given to a use. */
  get held(): number {
    return this.#length;
  }

  get given(): number {
    return this.#given;
  }

  copy(): Flows {
    const copy = new Flows(this.#refs, this.#budget);
    this.#budget.work(this.#length + this.#given);
    this.#budget.hold(this.bytes);
    copy.#owners = this.#owners.slice(0);
    copy.#kinds = this.#kinds.slice(0);
    copy.#refs = this.#refs.slice(0);
    copy.#length = this.#length;
    copy.#uses = this.#uses.slice(0);
    copy.#givenKinds = this.#givenKinds.slice(0);
    copy.#givenRefs = this.#givenRefs.slice(0);
    copy.#offsets = this.#offsets.slice(0);
    copy.#given = this.#given;
    this.#budget.release(this.#order?.byteLength ?? 0);
    return copy;
  }

  /** The container made at `owner` takes stack values: every one, or keys and values in turn. Constants are not kept. */
  holdAll(owner: number, { kinds, refs, cells }: Stacked, from: number, count: number, pairs: boolean): void {
    for (let i = 0; i < count; i++) {
      const kind = kinds[from + i] as number;
      if (kind < TUPLE && kind !== STR_DUNDER) continue;
      const ref = refs[from + i] as number;
      const isKey = pairs && (i & 1) === 0;
      // A key that is a tuple of constants is still not a name.
      if (isNotable(kind, ref, cells.kinds) || (isKey && (kind === STR_DUNDER || kind === TUPLE)))
        this.hold(owner, kind, ref, isKey);
    }
  }

  /** The container made at `owner` holds the value. */
  hold(owner: number, kind: number, ref: number, isKey = false): void {
    if (this.#length >= this.#kinds.length) this.#growContents();
    this.#owners[this.#length] = owner;
    this.#kinds[this.#length] = isKey ? kind | KEY : kind;
    this.#refs[this.#length++] = ref;
  }

  /** The value was given to a use. */
  give(use: number, value: Value, offset: number): void {
    if (this.#given >= this.#uses.length) this.#growGiven();
    this.#uses[this.#given] = use;
    this.#givenKinds[this.#given] = value.kind;
    this.#givenRefs[this.#given] = value.ref;
    this.#offsets[this.#given++] = offset;
  }

  givenAt(index: number): GivenValue {
    return {
      use: this.#uses[index] ?? 0,
      value: { kind: this.#givenKinds[index] ?? 0, ref: this.#givenRefs[index] ?? 0 },
      offset: this.#offsets[index] ?? 0,
    };
  }

  /** What the container made at `owner` holds besides constants. */
  contents(owner: number): Held[] {
    const order = this.#sorted();
    const held: Held[] = [];
    for (let i = this.#first(order, owner); i < order.length; i++) {
      const at = order[i] ?? 0;
      if (this.#owners[at] !== owner) break;
      this.#budget.work(1);
      const kind = this.#kinds[at] ?? 0;
      held.push({ kind: kind & ~KEY, ref: this.#refs[at] ?? 0, isKey: (kind & KEY) !== 0 });
    }
    return held;
  }

  /** A number for a container that holds something, below `held`; `undefined` for all others. */
  placeOf(owner: number): number | undefined {
    const order = this.#sorted();
    const place = this.#first(order, owner);
    return this.#owners[order[place] ?? -1] === owner ? place : undefined;
  }

  /** Where in the order the contents of a container start. */
  #first(order: Uint32Array, owner: number): number {
    let [low, high] = [0, order.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#owners[order[middle] ?? 0] ?? 0) < owner) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** What is held in the order of its containers, by a radix sort: no choice of offsets makes it slow. Made when first asked. */
  #sorted(): Uint32Array {
    if (this.#order?.length === this.#length) return this.#order;
    if (this.#order !== undefined) this.#budget.release(this.#order.byteLength);
    const bytes = 4 * this.#length;
    this.#budget.hold(2 * bytes + 4 * DIGITS);
    let order = new Uint32Array(this.#length).map((_, at) => at);
    let sorted = new Uint32Array(this.#length);
    let largest = 0;
    for (const owner of this.#owners.subarray(0, this.#length)) largest = Math.max(largest, owner);
    for (let unit = 1; unit <= largest; unit *= DIGITS) {
      this.#budget.work(this.#length);
      this.#sortDigit(unit, order, sorted);
      [order, sorted] = [sorted, order];
    }
    this.#budget.release(bytes + 4 * DIGITS);
    this.#order = order;
    return order;
  }

  #sortDigit(unit: number, order: Uint32Array, sorted: Uint32Array): void {
    const starts = new Uint32Array(DIGITS + 1);
    const digit = (at: number) => Math.floor((this.#owners[at] ?? 0) / unit) % DIGITS;
    for (const at of order) starts[digit(at) + 1] = (starts[digit(at) + 1] ?? 0) + 1;
    for (let i = 1; i <= DIGITS; i++) starts[i] = (starts[i] ?? 0) + (starts[i - 1] ?? 0);
    for (const at of order) {
      const place = starts[digit(at)] ?? 0;
      starts[digit(at)] = place + 1;
      sorted[place] = at;
    }
  }

  #growContents(): void {
    const room = Math.max(this.#firstRoom, this.#kinds.length * 2);
    const width = 1 + 2 * this.#refs.BYTES_PER_ELEMENT;
    const before = this.#kinds.length * width;
    this.#budget.hold(room * width);
    this.#owners = larger(this.#owners, room);
    this.#refs = larger(this.#refs, room);
    const kinds = new Uint8Array(room);
    kinds.set(this.#kinds);
    this.#kinds = kinds;
    this.#budget.release(before);
  }

  #growGiven(): void {
    const room = Math.max(MIN_ROOM, this.#uses.length * 2);
    const width = 5 + 2 * this.#givenRefs.BYTES_PER_ELEMENT;
    const before = this.#uses.length * width;
    this.#budget.hold(room * width);
    this.#givenRefs = larger(this.#givenRefs, room);
    this.#offsets = larger(this.#offsets, room);
    const kinds = new Uint8Array(room);
    kinds.set(this.#givenKinds);
    this.#givenKinds = kinds;
    const uses = new Int32Array(room);
    uses.set(this.#uses);
    this.#uses = uses;
    this.#budget.release(before);
  }
}

/** The stack, and what tuples hold. */
export interface Stacked {
  readonly kinds: Uint8Array;
  readonly refs: Refs;
  readonly cells: { readonly kinds: Uint8Array };
}

/** Whether some of these stack values are more than constants. */
export function anyNotable({ kinds, refs, cells }: Stacked, from: number, count: number): boolean {
  for (let i = from; i < from + count; i++) if (isNotable(kinds[i] ?? 0, refs[i] ?? 0, cells.kinds)) return true;
  return false;
}

/** Whether a value can hold or be more than a constant. The empty tuple, and tuples of constants, cannot. */
export function isNotable(kind: number, ref: number, cellKinds: Uint8Array): boolean {
  return kind >= TUPLE && (kind !== TUPLE || cellKinds[ref] === HOLDS);
}

function larger(refs: Refs, room: number): Refs {
  const grown = refs instanceof Uint32Array ? new Uint32Array(room) : new Float64Array(room);
  grown.set(refs);
  return grown;
}
