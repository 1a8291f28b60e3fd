import { FileBudget, type Limits } from '../../core/index.ts';
import { BUILT, Cells } from './cells.ts';
import { integerOf } from './constants.ts';
import { anyNotable, Flows, HOLDS, isNotable } from './flows.ts';
import { GlobalTable } from './global-table.ts';
import { ENTRY_BYTES, KeptItems, type ListNumbers } from './kept-items.ts';
import { ANY_LOADER, type LoaderSet, NOBODY } from './loaders.ts';
import { Memo } from './memo.ts';
import { layoutAt } from './opcodes.ts';
import { type Extent, extentAt, latin1, spelledText } from './text.ts';
import type { Call, GlobalName, Oddity, Refs, Value } from './values.ts';
import * as value from './values.ts';

/** Receives the events of a stream as they happen. Offsets are those of instructions. */
export interface PickleHandler {
  /**
   * The first time a stream names a global.
   * @returns the loaders whose reading ends here, since they resolve no such name
   */
  onImport(global: GlobalName, machine: PickleState): LoaderSet;
  onCall(call: Call, machine: PickleState): void;
  /** @returns `array` when raw bytes follow that are not the stream's (joblib) */
  onBuild(target: Value, state: Value, again: boolean, offset: number, machine: PickleState): 'array' | undefined;
  /**
   * Items are put into something that the stream did not make as a plain list, dict or set. `items` is a tuple of them, when they
   * are more than constants, or are read.
   */
  onMutate(
    receiver: Value,
    opcode: string,
    built: boolean,
    offset: number,
    machine: PickleState,
    items: Value | undefined,
  ): void;
  /** Whether the items of such a thing are looked at, constants as well. */
  readsItems?(receiver: Value, machine: PickleState): boolean;
  /** A dict gets a key that starts with two underscores. */
  onDunderKey(key: Value, item: Value, offset: number, machine: PickleState): void;
  onPersistentId(id: Value, offset: number, machine: PickleState): void;
  onExtension(code: number, offset: number, machine: PickleState): void;
  /** A byte or text string that starts as a pickle of protocol 2 or later does: `offset` is of its content. */
  onBlob(offset: number, length: number): void;
  /** Whether an imported value or the result of a call may be a plain string; true when it is unknown. */
  mayBeText?(of: Value, machine: PickleState): boolean;
  onOddity(oddity: Oddity, offset: number, machine: PickleState): void;
  /** The stream ended, or a reading of it did, however that was. */
  onEnd?(machine: PickleState): void;
  /** Before each instruction, when the handler defines it. */
  readonly onStep?: ((offset: number, code: number, machine: PickleState) => void) | undefined;
}

const MAX_TEXTS = 16_384;
/** The number of bytes kept of an instruction and the bytes after it. */
const HEAD_BYTES = 16;
/** Units of work of making one value for a handler. */
const VALUE_WORK = 4;
/** Bytes of such a value, about. */
const VALUE_BYTES = 40;
const MIN_ROOM = 64;
const MAX_ROOM = 8_388_608;
const MIN_MARKS = 16;
/**
 * Where CPython's unpickler stands (Lib/pickle.py, Modules/_pickle.c): stack, marks, memo, on symbolic values. It holds no
 * bytes of the stream: strings stay offsets, read again when their text matters.
 */
export class PickleState {
  /** Absolute offset of the next instruction. */
  position: number;
  protocol = 0;
  /** The loaders that have raised no error so far: events concern them. */
  alive: LoaderSet = ANY_LOADER;
  /** Other readings, which start where this machine stood: bytes `from` to `to` are left out. */
  readonly cuts: { readonly machine: PickleState; readonly from: number; readonly to: number }[] = [];
  cells: Cells;
  memo: Memo;
  flows: Flows;
  kinds = new Uint8Array(512);
  refs: Refs;
  /** Values on the stack. */
  sp = 0;
  marks = new Int32Array(MIN_MARKS);
  markCount = 0;
  /** Where the frame ends that C loaders have buffered; Infinity outside of one. */
  frameEnd = Number.POSITIVE_INFINITY;
  /** Dicts and lists made from this offset on keep their items, and results of calls their state, in `builtStates`. */
  keepFrom = Number.POSITIVE_INFINITY;
  listsFrom = Number.POSITIVE_INFINITY;
  /** What is known of the numbers of lists made from this offset on is kept. */
  numbersFrom = Number.POSITIVE_INFINITY;
  /** A string whose bytes a handler needs and that is not at hand. */
  wanted = -1;
  window: Uint8Array = new Uint8Array(0);
  base = 0;
  /** Another reading of the bytes than the plain one: offsets from `cutFrom` on lie `cutLength` further in the file. */
  alternative = false;
  cutFrom = Number.POSITIVE_INFINITY;
  cutLength = 0;
  readonly start: number;
  readonly size: number;
  readonly handler: PickleHandler;
  readonly limits: Limits;
  /** What all readings of the file share. */
  readonly budget: FileBudget;
  /** Readings of the stream that may still be followed: its machine and all copies of it share them. */
  #readings: { left: number };
  /** Readings that were found but are not followed. */
  lostCuts = 0;
  /** Bytes charged besides those of the arrays: tables, texts. */
  #tables = 0;
  #textBytes = 0;
  #names: GlobalTable;
  #texts = new Map<number, string>();
  kept: KeptItems;
  /** `undefined` for a line whose end is too far off. */
  #extents = new Map<number, Extent | undefined>();
  /** The first bytes of instructions that were fetched. */
  readonly #heads = new Map<number, Uint8Array>();
  /** Numbers that were fetched; NaN for what is not one that is safe. */
  readonly #integers = new Map<number, number>();
  /** What the last BUILD was given. */
  builtFrom: Value = { kind: value.NONE, ref: 0 };
  /** After `startKeeping`, what each call's result was given by BUILD. */
  readonly builtStates = new Map<number, Value>();

  /** @param size absolute offset of the end of all bytes */
  constructor(
    start: number,
    size: number,
    handler: PickleHandler,
    limits: Limits,
    budget = new FileBudget(limits, size),
    fork = false,
  ) {
    this.start = start;
    this.position = start;
    this.size = size;
    this.handler = handler;
    this.limits = limits;
    this.budget = budget;
    this.#readings = { left: limits.maxReadings };
    this.#names = new GlobalTable(budget);
    this.kept = new KeptItems(budget);
    budget.hold(value.newBytes(this.kinds.length, size));
    this.refs = value.newRefs(this.kinds.length, size);
    // Zero pages cost nothing until they are touched, and growing copies the arrays, so room is estimated from the remaining
    // bytes, but not again for each of many small pickles in a row.
    const room = start > 0 || fork ? MIN_ROOM : Math.min(MAX_ROOM, Math.max(MIN_ROOM, Math.floor(size / 12)));
    budget.hold(2 * value.newBytes(room, size));
    this.cells = new Cells(new Uint8Array(room), value.newRefs(room, size), budget);
    this.memo = new Memo(new Uint8Array(room), value.newRefs(room, size), budget);
    this.flows = new Flows(this.refs, budget, room >> 1);
  }

  /**
   * Notes another reading of the bytes, by some of the loaders: from here on, with bytes `from` to `to` left out. More than are
   * followed are counted and cost nothing.
   */
  cut(from: number, to: number, loaders: LoaderSet, handler: PickleHandler = this.handler): void {
    if ((this.alive & loaders) === 0) return;
    if (this.#readings.left === 0 || !this.budget.fork()) {
      this.lostCuts++;
      return;
    }
    this.#readings.left--;
    const machine = this.#fork(this.size - (to - from), handler);
    machine.alive = this.alive & loaders;
    if (to > from) {
      machine.cutFrom = from;
      machine.cutLength = this.cutLength + to - from;
    }
    this.cuts.push({ machine, from, to });
  }

  /** Ends the reading of some loaders. @returns whether no loader reads on */
  drop(loaders: LoaderSet): boolean {
    this.alive &= ~loaders;
    return this.alive === NOBODY;
  }

  /** The globals that the stream names, each once. */
  get globals(): readonly GlobalName[] {
    return this.#names.list;
  }

  /** How often each of them was put on the stack. */
  get pushes(): ReadonlyMap<number, number> {
    return this.#names.pushes;
  }

  /** Gives back the memory of a machine that is done. */
  close(): void {
    this.budget.release(this.#bytes());
    this.#tables = 0;
    this.#textBytes = 0;
    this.kinds = new Uint8Array(0);
    this.refs = value.newRefs(0, 0);
    this.marks = new Int32Array(0);
    this.cells = new Cells(new Uint8Array(0), value.newRefs(0, 0), this.budget);
    this.memo = new Memo(new Uint8Array(0), value.newRefs(0, 0), this.budget);
    this.flows = new Flows(this.refs, this.budget);
    this.#names.bytes = 0;
    this.kept.bytes = 0;
  }

  #bytes(): number {
    const { kinds, refs, marks, cells, memo, flows, kept } = this;
    const own = value.bytesOf(kinds, refs) + (marks.length > MIN_MARKS ? marks.byteLength : 0);
    const tables = this.#names.bytes + this.#tables + this.#textBytes;
    return own + cells.bytes + memo.bytes + flows.bytes + kept.bytes + tables;
  }

  #charge(entries: number): void {
    this.budget.hold(entries * ENTRY_BYTES);
    this.#tables += entries * ENTRY_BYTES;
  }

  /** The same state, to follow another reading of the bytes from here. */
  #fork(size: number, handler: PickleHandler): PickleState {
    const entries = this.#names.entries + this.#texts.size + this.builtStates.size;
    this.budget.work(entries + this.kept.bytes / ENTRY_BYTES + this.sp + this.markCount + this.cells.length);
    const copy = new PickleState(this.start, size, handler, this.limits, this.budget, true);
    copy.close();
    copy.#charge(entries);
    copy.alternative = true;
    copy.#readings = this.#readings;
    copy.cutFrom = this.cutFrom;
    copy.cutLength = this.cutLength;
    copy.position = this.position;
    copy.protocol = this.protocol;
    copy.#names = this.#names.copy();
    copy.cells = this.cells.copy();
    copy.memo = this.memo.copy();
    copy.flows = this.flows.copy();
    copy.keepFrom = this.keepFrom;
    copy.listsFrom = this.listsFrom;
    copy.numbersFrom = this.numbersFrom;
    const room = Math.max(MIN_ROOM, this.sp);
    const marks = new Int32Array(Math.max(MIN_MARKS, this.markCount));
    this.budget.hold(value.grownBytes(this.refs, room) + (marks.length > MIN_MARKS ? marks.byteLength : 0));
    copy.kinds = value.grownKinds(this.kinds, this.sp, room);
    copy.refs = value.grownRefs(this.refs.subarray(0, this.sp), room);
    copy.sp = this.sp;
    copy.marks = marks;
    copy.marks.set(this.marks.subarray(0, this.markCount));
    copy.markCount = this.markCount;
    copy.#texts = new Map(this.#texts);
    copy.kept = new KeptItems(this.budget, this.kept);
    for (const [ref, given] of this.builtStates) copy.builtStates.set(ref, given);
    return copy;
  }

  /** The text of a string value; `undefined` for any other, and when its bytes must be fetched first (see `waits`). */
  text(of: Value): string | undefined {
    if (of.kind !== value.STR && of.kind !== value.STR_DUNDER) return undefined;
    const known = this.#texts.get(of.ref);
    if (known !== undefined) return known;
    const at = of.ref - this.base;
    const text = at >= 0 && at < this.window.length ? spelledText(this.window.subarray(at)) : undefined;
    if (text !== undefined) return this.#remember(of.ref, text);
    this.wanted = of.ref;
    return undefined;
  }

  /** The number of an integer or a Boolean; `undefined` for anything else, and when its bytes must be fetched first. */
  integer(of: Value): number | undefined {
    if (of.kind !== value.INT && of.kind !== value.BOOL) return undefined;
    this.budget.work(VALUE_WORK);
    const at = of.ref - this.base;
    if (at >= 0 && at < this.window.length) {
      const bytes = this.window.subarray(at);
      if (layoutAt(bytes, 0).kind === 'whole') return integerOf(bytes);
    }
    const known = this.#integers.get(of.ref);
    if (known === undefined) this.wanted = of.ref;
    return known === undefined || Number.isNaN(known) ? undefined : known;
  }

  /** The bytes from the instruction on that made a container of the stream's own; `undefined` when they must be fetched first. */
  headOf(container: Value): Uint8Array | undefined {
    this.budget.work(VALUE_WORK);
    const at = container.ref - this.base;
    if (at >= 0 && at + HEAD_BYTES <= this.window.length) return this.window.subarray(at, at + HEAD_BYTES);
    const known = this.#heads.get(container.ref);
    if (known === undefined) this.wanted = container.ref;
    return known;
  }

  /** The same when it is available, for display: requests nothing. */
  peekText(of: Value): string | undefined {
    const wanted = this.wanted;
    const text = this.text(of);
    this.wanted = wanted;
    return text;
  }

  /** A handler asked for a text that is not available yet: it must conclude nothing, and the instruction runs again. */
  get waits(): boolean {
    return this.wanted >= 0;
  }

  /** Where the content of a byte or text string lies; `undefined` when its instruction must be fetched first, or is a long line. */
  extent(of: Value): Extent | undefined {
    if (of.kind !== value.BYTES && of.kind !== value.STR && of.kind !== value.STR_DUNDER) return undefined;
    const at = of.ref - this.base;
    const known =
      this.#extents.get(of.ref) ??
      (at >= 0 && at < this.window.length ? extentAt(this.window.subarray(at), of.ref) : undefined);
    if (known === undefined && !this.#extents.has(of.ref)) this.wanted = of.ref;
    return known;
  }

  /** Takes the text that was waited for. `bytes` start at `ref`; a string too long to be a name is cut. */
  learn(ref: number, bytes: Uint8Array): void {
    const extent = extentAt(bytes, ref);
    if (!this.#extents.has(ref)) {
      this.#charge(1);
      this.#extents.set(ref, extent);
    }
    if (!this.#integers.has(ref)) this.#charge(2);
    this.#heads.set(ref, bytes.slice(0, HEAD_BYTES));
    this.#integers.set(ref, integerOf(bytes) ?? Number.NaN);
    this.#remember(ref, spelledText(bytes) ?? `${latin1(bytes.subarray(0, 64))}...`);
    this.wanted = -1;
  }

  #remember(ref: number, text: string): string {
    this.budget.work(text.length);
    if (this.#texts.size >= MAX_TEXTS) {
      this.#texts.clear();
      this.budget.release(this.#textBytes);
      this.#textBytes = 0;
    }
    const bytes = text.length + ENTRY_BYTES;
    this.budget.hold(bytes);
    this.#textBytes += bytes;
    this.#texts.set(ref, text);
    return text;
  }

  /** The values of a tuple; `undefined` for anything else. */
  tuple(of: Value): Value[] | undefined {
    return of.kind === value.TUPLE ? this.#block(of.ref, this.cells.refs[of.ref] ?? 0) : undefined;
  }

  /** What a call's result came from. */
  callOf(of: Value): { callee: Value; args: Value; built: boolean } | undefined {
    if (of.kind !== value.OBJECT) return undefined;
    const [callee, args] = this.#block(of.ref, 2);
    if (callee === undefined || args === undefined) return undefined;
    return { callee, args, built: this.cells.kinds[of.ref] === BUILT };
  }

  persistentId(of: Value): Value | undefined {
    return of.kind === value.PERSID ? this.#block(of.ref, 1)[0] : undefined;
  }

  /** Keys and values put into a dict, alternating; `undefined` where they are not known: too many, or before `startKeeping`. */
  itemsOf(of: Value): Value[] | undefined {
    return of.kind === value.DICT ? this.#kept(of.ref, this.keepFrom) : undefined;
  }

  /** The elements of a short list, likewise. */
  elementsOf(of: Value): Value[] | undefined {
    return of.kind === value.LIST ? this.#kept(of.ref, this.listsFrom) : undefined;
  }

  #kept(ref: number, from: number): Value[] | undefined {
    const blocks = this.kept.blocksOf(ref, ref >= from);
    return blocks?.flatMap((block) => this.#block(block, this.cells.refs[block] ?? 0));
  }

  /** How many items a list of the stream's own has; `undefined` for one that was made before `startKeeping`. */
  lengthOf(of: Value): number | undefined {
    return of.kind === value.LIST && of.ref >= this.keepFrom ? this.kept.lengthOf(of.ref) : undefined;
  }

  /** What is known of the numbers of a list; `undefined` for one that was made before they were kept. */
  numbersIn(of: Value): ListNumbers | undefined {
    return of.kind === value.LIST && of.ref >= this.numbersFrom ? this.kept.numbersOf(of.ref) : undefined;
  }

  /** Keeps items and states from here on. The earlier content of a dict is unknown, so it is treated as unknown as a whole. */
  startKeeping(lists = false, numbers = false): void {
    if (numbers) this.numbersFrom = Math.min(this.numbersFrom, this.position);
    if (lists) this.listsFrom = Math.min(this.listsFrom, this.position);
    this.keepFrom = Math.min(this.keepFrom, this.position);
  }

  global(of: Value): GlobalName | undefined {
    return of.kind === value.GLOBAL ? this.globals[of.ref] : undefined;
  }

  /** The index of a global, new to the stream or not. `undefined` names are computed ones. */
  globalId(module: string | undefined, name: string | undefined, offset: number): { id: number; isNew: boolean } {
    return this.#names.idOf(module, name, this.protocol < 3, offset);
  }

  /** Where an offset of this reading lies in the file. */
  fileOffset(offset: number): number {
    return offset >= this.cutFrom ? offset + this.cutLength : offset;
  }

  countPush(id: number): void {
    this.#names.countPush(id);
  }

  valueAt(index: number): Value {
    return { kind: this.kinds[index] ?? 0, ref: this.refs[index] ?? 0 };
  }

  fence(): number {
    return this.markCount === 0 ? 0 : (this.marks[this.markCount - 1] ?? 0);
  }

  popMark(): number {
    this.markCount--;
    return this.fence();
  }

  pushMark(sp: number): void {
    if (this.markCount >= this.marks.length) {
      const before = this.marks.length > MIN_MARKS ? this.marks.byteLength : 0;
      this.budget.hold(this.marks.byteLength * 2);
      const marks = new Int32Array(this.marks.length * 2);
      marks.set(this.marks);
      this.marks = marks;
      this.budget.release(before);
    }
    this.marks[this.markCount++] = sp;
  }

  /** What BUILD gave to a call's result, where that is kept. */
  noteState(target: number, given: Value): void {
    if (!this.builtStates.has(target)) this.#charge(1);
    this.builtStates.set(target, given);
  }

  push(kind: number, ref: number): void {
    this.kinds[this.sp] = kind;
    this.refs[this.sp++] = ref;
  }

  growStack(): void {
    const before = value.bytesOf(this.kinds, this.refs);
    const room = Math.max(MIN_ROOM, this.kinds.length * 2);
    this.budget.hold(value.grownBytes(this.refs, room));
    this.kinds = value.grownKinds(this.kinds, this.kinds.length, room);
    this.refs = value.grownRefs(this.refs, room);
    this.budget.release(before);
  }

  /** Copies `count` stack values from index `from` into a tuple's block. */
  store(from: number, count: number): number {
    if (count === 0) return 0;
    const { cells } = this;
    const at = cells.allocate(count);
    let holds = 0;
    for (let i = 0; i < count; i++) {
      const kind = this.kinds[from + i] ?? 0;
      const ref = this.refs[from + i] ?? 0;
      cells.set(at + 1 + i, kind, ref);
      if (isNotable(kind, ref, cells.kinds)) holds = HOLDS;
    }
    cells.set(at, holds, count);
    return at;
  }

  /** Stack values of which some are more than constants, or all, as a tuple; `undefined` when all are constants. */
  notable(from: number, count: number, all = false): Value | undefined {
    return all || anyNotable(this, from, count) ? { kind: value.TUPLE, ref: this.store(from, count) } : undefined;
  }

  /** Whether a value is more than a constant, or a tuple of constants. */
  isNotable(of: Value): boolean {
    return isNotable(of.kind, of.ref, this.cells.kinds);
  }

  /** The container made at `owner` takes stack values: every one, or keys and values in turn. Constants are not kept. */
  holdAll(owner: number, from: number, count: number, pairs: boolean): void {
    this.flows.holdAll(owner, this, from, count, pairs);
  }

  #block(at: number, count: number): Value[] {
    this.budget.work(count * VALUE_WORK);
    // They are released soon: only the room for them is checked.
    this.budget.hold(count * VALUE_BYTES);
    this.budget.release(count * VALUE_BYTES);
    const values: Value[] = [];
    for (let i = at + 1; i <= at + count; i++)
      values.push({ kind: this.cells.kinds[i] ?? 0, ref: this.cells.refs[i] ?? 0 });
    return values;
  }
}
