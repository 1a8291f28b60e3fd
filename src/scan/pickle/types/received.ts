import {
  DICT,
  FROZENSET,
  type GivenValue,
  GLOBAL,
  type GlobalName,
  LIST,
  type LoaderSet,
  OBJECT,
  type PickleState,
  STR_DUNDER,
  TUPLE,
  type Value,
} from '../../../formats/pickle/index.ts';
import { isOwnMember, type ListedGlobal, mayHold, PLAIN, type Takes, type TakingUse } from '../../lists/index.ts';
import { LOOKS_INTO_DICTS } from '../contracts/libraries/index.ts';

/** A value that a use of a listed name received but must not receive. */
export interface TypeViolation {
  readonly entry: ListedGlobal;
  readonly use: TakingUse;
  readonly offset: number;
  /** The loaders that were alive when it was handed over. */
  readonly loaders: LoaderSet;
  readonly found: /** A callable that the entry does not name. */
    | { readonly kind: 'callable'; readonly name: string }
    /** A method of a class that the list names, which no model of its library is known to keep. */
    | { readonly kind: 'own-member'; readonly name: string }
    /** A key of a state that Python itself looks up, and that the entry does not name. */
    | { readonly kind: 'special-key'; readonly name: string }
    /** A key that is not a literal. */
    | { readonly kind: 'computed-key' }
    | { readonly kind: 'odd-key' };
}

/** The questions that a solver asks about the values of a stream. */
export interface ReceivedContext {
  /** The name of a callable value. `undefined` for constants, and for values that another rule reports. */
  callableName(global: GlobalName): string | undefined;
  /** What the call at an offset returned, when that can be called. */
  callableMadeAt(offset: number): string | undefined;
  /** The text of a key that starts with two underscores, by the offset of its instruction. */
  specialKey(ref: number): string | undefined;
}

interface ListedUse {
  readonly entry: ListedGlobal;
  readonly use: TakingUse;
  readonly takes: Takes;
  /** Keys that name something count in all dicts that it was handed, and not in its state alone. */
  readonly deep: boolean;
  readonly loaders: LoaderSet;
}

/** Classes whose `__setstate__` keeps a dict within its tuple as it is: none of its keys becomes an attribute. */
const KEEPS_DICTS: ReadonlySet<string> = new Set(['uncertainties.core:LinearCombination']);

/** Bytes that a use, and an entry of a set, cost, about. */
const USE_BYTES = 128;
const SET_BYTES = 40;

/**
 * The values that listed names received, kept while a stream runs and checked at its end, because their content changes until
 * then.
 */
export class Received {
  readonly #uses: ListedUse[] = [];
  readonly #ids = new Map<ListedGlobal, Map<string, number>>();

  give(entry: ListedGlobal, use: TakingUse, value: Value, offset: number, machine: PickleState): void {
    if (machine.isNotable(value)) machine.flows.give(this.#idOf(entry, use, machine), value, offset);
  }

  #idOf(entry: ListedGlobal, use: TakingUse, { budget, alive: loaders }: PickleState): number {
    const ids = this.#ids.get(entry) ?? new Map<string, number>();
    const key = `${use} ${loaders}`;
    const known = ids.get(key);
    if (known !== undefined) return known;
    budget.hold(USE_BYTES);
    this.#ids.set(entry, ids);
    const id = this.#uses.length;
    const deep = use === 'build' && LOOKS_INTO_DICTS.has(`${entry.module}:${entry.name}`);
    this.#uses.push({ entry, use, takes: entry.types?.get(use) ?? PLAIN, deep, loaders });
    ids.set(key, id);
    return id;
  }

  /**
   * All values that were passed where they are not allowed, each callable once for all uses that may receive the same values.
   */
  *violations(machine: PickleState, context: ReceivedContext): Generator<TypeViolation> {
    const [byTakes, deep] = [new Map<Takes, number[]>(), new Map<Takes, number[]>()];
    machine.budget.hold(machine.flows.given * SET_BYTES);
    for (let index = 0; index < machine.flows.given; index++) {
      const use = this.#uses[machine.flows.givenAt(index).use];
      const takes = use?.takes ?? PLAIN;
      const groups = use?.deep === true ? deep : byTakes;
      const group = groups.get(takes);
      if (group === undefined) groups.set(takes, [index]);
      else group.push(index);
    }
    const walk = new Walk(machine, context);
    for (const [takes, group] of [...byTakes, ...deep]) {
      walk.start(takes, deep.get(takes) === group);
      for (const index of group) {
        const given = machine.flows.givenAt(index);
        const listed = this.#uses[given.use];
        if (listed === undefined) continue;
        const { module, name } = listed.entry;
        const attributes = listed.use === 'build' && !KEEPS_DICTS.has(`${module}:${name}`);
        for (const found of walk.from(given, attributes)) {
          yield { entry: listed.entry, use: listed.use, offset: given.offset, loaders: listed.loaders, found };
        }
      }
    }
    machine.budget.release(machine.flows.given * SET_BYTES + walk.close());
  }
}

/** Goes through values once for each kind of taker, whatever the number of uses and however deep they are nested. */
class Walk {
  readonly #machine: PickleState;
  readonly #context: ReceivedContext;
  /** Of each tuple's block, and each container's place among all contents: the round that last met it. */
  readonly #tuples: Int32Array;
  readonly #containers: Int32Array;
  #round = 0;
  #takes: Takes = PLAIN;
  #deep = false;
  #states = new Set<number>();

  constructor(machine: PickleState, context: ReceivedContext) {
    this.#machine = machine;
    this.#context = context;
    machine.budget.hold(4 * (machine.cells.length + machine.flows.held));
    this.#tuples = new Int32Array(machine.cells.length);
    this.#containers = new Int32Array(machine.flows.held);
  }

  /** Bytes that are given back. */
  close(): number {
    return this.#tuples.byteLength + this.#containers.byteLength;
  }

  start(takes: Takes, deep: boolean): void {
    this.#round++;
    this.#takes = takes;
    this.#deep = deep;
    this.#states = new Set();
  }

  /** @param attributes whether the keys of a state become attributes */
  *from({ value }: GivenValue, attributes: boolean): Generator<TypeViolation['found']> {
    if (attributes) yield* this.#stateKeys(value);
    const open = [value];
    for (let top = open.pop(); top !== undefined; top = open.pop()) {
      this.#machine.budget.work(1);
      const name = this.#callable(top);
      if (name !== undefined && !mayHold(this.#takes, name))
        yield { kind: isOwnMember(this.#takes, name) ? 'own-member' : 'callable', name };
      const items = this.#open(top);
      if (this.#deep && top.kind === DICT) yield* this.#deepKeys(items);
      for (const item of items) open.push(item);
    }
  }

  #callable(of: Value): string | undefined {
    const { machine, context } = { machine: this.#machine, context: this.#context };
    if (of.kind === GLOBAL) {
      const global = machine.global(of);
      return global === undefined ? undefined : context.callableName(global);
    }
    return of.kind === OBJECT ? context.callableMadeAt(machine.cells.refs[of.ref] ?? -1) : undefined;
  }

  /** The relevant content of a tuple or container, the first time that this round meets it. */
  #open(of: Value): readonly Value[] {
    const { flows } = this.#machine;
    if (of.kind === TUPLE) {
      if (this.#tuples[of.ref] === this.#round) return [];
      this.#tuples[of.ref] = this.#round;
      return (this.#machine.tuple(of) ?? []).filter((item) => this.#machine.isNotable(item));
    }
    if (of.kind < LIST || of.kind > FROZENSET) return [];
    const place = flows.placeOf(of.ref);
    if (place === undefined || this.#containers[place] === this.#round) return [];
    this.#containers[place] = this.#round;
    return flows.contents(of.ref);
  }

  /** Keys of the dict that is a state, or of each dict in a tuple that is one: they become attributes. */
  *#stateKeys(state: Value): Generator<TypeViolation['found']> {
    if (state.kind === TUPLE) {
      if (this.#states.has(-state.ref)) return;
      this.#machine.budget.hold(SET_BYTES);
      this.#states.add(-state.ref);
    }
    const parts = state.kind === TUPLE ? (this.#machine.tuple(state) ?? []) : [state];
    for (const { kind, ref } of parts) {
      if (kind !== DICT || this.#states.has(ref)) continue;
      this.#machine.budget.hold(SET_BYTES);
      this.#states.add(ref);
      yield* this.#keys(this.#machine.flows.contents(ref));
    }
  }

  /** Keys of any dict may be numbers and tuples; what a call returned may be a text as well. */
  *#deepKeys(items: readonly (Value & { readonly isKey?: boolean })[]): Generator<TypeViolation['found']> {
    for (const item of items) {
      if (item.kind === STR_DUNDER) yield* this.#keys([item]);
      else if (item.isKey === true && item.kind >= GLOBAL) yield { kind: 'odd-key' };
    }
  }

  *#keys(items: readonly (Value & { readonly isKey?: boolean })[]): Generator<TypeViolation['found']> {
    for (const item of items) {
      if (item.isKey !== true) continue;
      if (item.kind === STR_DUNDER) {
        const name = this.#context.specialKey(item.ref) ?? '?';
        if (!this.#takes.keys.has(name)) yield { kind: 'special-key', name };
      } else yield { kind: item.kind >= GLOBAL ? 'computed-key' : 'odd-key' };
    }
  }
}
