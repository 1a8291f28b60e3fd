import { callableSet } from './callable-sets.ts';

/** Uses of a listed name that receive values. */
export const TAKING_USES = ['call', 'new', 'build', 'items'] as const;
export type TakingUse = (typeof TAKING_USES)[number];

/** Kinds of values that may be a state instead of a dict or tuple. */
export const STATE_KINDS = ['bytes', 'text', 'number', 'list', 'instance'] as const;
export type StateKind = (typeof STATE_KINDS)[number];

/** The values that a use may receive besides plain data and instances of listed data classes. */
export interface Takes {
  /** Callables, by "module:name": functions, classes as values, members, classes whose instances can be called. */
  readonly callables: ReadonlySet<string>;
  /** All names of the lists of the entry itself. */
  readonly own: readonly ReadonlySet<string>[];
  /** Keys of a state that start with two underscores. */
  readonly keys: ReadonlySet<string>;
  readonly states: ReadonlySet<StateKind>;
}

/** What a listed name may be handed. A use that is not there takes plain data and instances of listed data classes. */
export type EntryTypes = ReadonlyMap<TakingUse, Takes>;

/**
 * The same as a list has it: words, separated by spaces. `@numbers` is a named set, `@own` the names of the list itself, `numpy:add` one callable, `key:__doc__` a
 * key of the state, `state:bytes` a kind of state.
 */
export interface TypesText {
  readonly call?: string;
  readonly new?: string;
  readonly build?: string;
  readonly items?: string;
}

/** Plain data and instances of listed data classes. */
export const PLAIN: Takes = { callables: new Set(), own: [], keys: new Set(), states: new Set() };

export function mayHold({ callables, own }: Takes, name: string): boolean {
  return callables.has(name) || own.some((names) => names.has(name));
}

/** Whether a callable is a member of a class that the lists of the entry name. */
export function isOwnMember({ own }: Takes, name: string): boolean {
  const dot = name.lastIndexOf('.');
  return dot > name.indexOf(':') && own.some((names) => names.has(name.slice(0, dot)));
}

const OWN = '@own';
const NAME = /^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*$/;
const KEY = /^key:(__\w+)$/;
const STATE = /^state:(\w+)$/;

/** @returns what is wrong with a word of a type; `undefined` for a good one */
export function wrongWord(word: string): string | undefined {
  if (word === OWN) return undefined;
  if (word.startsWith('@'))
    return callableSet(word.slice(1)) === undefined ? `does not name a set of callables` : undefined;
  if (KEY.test(word) || NAME.test(word)) return undefined;
  const state = STATE.exec(word)?.[1];
  return state !== undefined && isStateKind(state) ? undefined : 'is not @set, module:name, key:__name or state:kind';
}

/** One object for each text, so that values that many entries may receive are checked once. */
const known = new Map<string, Takes>();
const MAX_KNOWN = 10_000;

/** @param own the names of the list that says it */
export function parseTypes(text: TypesText, own?: ReadonlySet<string>): EntryTypes {
  const takes = new Map<TakingUse, Takes>();
  for (const use of TAKING_USES) {
    const words = text[use];
    if (words !== undefined) takes.set(use, parsed(words, own));
  }
  return takes;
}

function parsed(words: string, own: ReadonlySet<string> | undefined): Takes {
  const found = known.get(words);
  if (found !== undefined) return found;
  const split = words.split(' ');
  const takes = parseTakes(split, own);
  if (known.size < MAX_KNOWN && !split.includes(OWN)) known.set(words, takes);
  return takes;
}

export function parseTakes(words: readonly string[], own?: ReadonlySet<string>): Takes {
  const callables = new Set<string>();
  const keys = new Set<string>();
  const states = new Set<StateKind>();
  for (const word of words) {
    const [key, state] = [KEY.exec(word)?.[1], STATE.exec(word)?.[1]];
    if (word === OWN) continue;
    if (word.startsWith('@')) for (const name of callableSet(word.slice(1)) ?? []) callables.add(name);
    else if (key !== undefined) keys.add(key);
    else if (state !== undefined && isStateKind(state)) states.add(state);
    else callables.add(word);
  }
  return { callables, own: own !== undefined && words.includes(OWN) ? [own] : [], keys, states };
}

/** What either of two lists allows a name. */
export function mergeTypes(one: EntryTypes | undefined, other: EntryTypes | undefined): EntryTypes | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return mergedTypes(one, other, () => {
    const takes = new Map(one);
    for (const [use, more] of other) takes.set(use, mergeTakes(takes.get(use) ?? PLAIN, more));
    return takes;
  });
}

function mergeTakes(one: Takes, other: Takes): Takes {
  if (one === other) return one;
  return mergedTakes(one, other, () => ({
    callables: new Set([...one.callables, ...other.callables]),
    own: [...new Set([...one.own, ...other.own])],
    keys: new Set([...one.keys, ...other.keys]),
    states: new Set([...one.states, ...other.states]),
  }));
}

/** One object for each pair, for the same reason as above. */
const mergedTypes = byPair<EntryTypes>();
const mergedTakes = byPair<Takes>();

function byPair<T extends object>() {
  const known = new WeakMap<T, WeakMap<T, T>>();
  return (one: T, other: T, make: () => T): T => {
    const others = known.get(one) ?? new WeakMap<T, T>();
    known.set(one, others);
    const both = others.get(other) ?? make();
    others.set(other, both);
    return both;
  };
}

/** Sets that hold names of other lists, too: classes whose instances can be called, and values that cannot be called. */
const CALLABLE_INSTANCES = ['modules', 'callable-instances', 'torch-callables'];

interface ListedName {
  readonly module: string;
  readonly name: string;
  readonly traits?: { readonly callable: boolean };
}

/** Whether the class of a listed name defines `__call__`. */
export function makesCallable(name: ListedName): boolean {
  return (
    name.traits?.callable === true ||
    CALLABLE_INSTANCES.some((set) => callableSet(set)?.has(`${name.module}:${name.name}`) === true)
  );
}

/** Whether a listed name is a constant, such as a dtype of PyTorch, and not something that can be called. */
export function isConstant(name: { readonly module: string; readonly name: string }): boolean {
  return callableSet('constants')?.has(`${name.module}:${name.name}`) === true;
}

function isStateKind(text: string): text is StateKind {
  return STATE_KINDS.some((kind) => kind === text);
}
