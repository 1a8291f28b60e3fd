import { AssayError } from '../../../core/index.ts';

/**
 * What a pickle holds, as plain values: nothing of it was called, imported or made. A class is a name, and what a call would
 * return is the call itself.
 */
export type Inert =
  | null
  | boolean
  | number
  | bigint
  | string
  | InertBytes
  | InertList
  | InertTuple
  | InertDict
  | InertSet
  | InertGlobal
  | InertObject
  | InertPersistent
  | InertArray;

/** Bytes of the stream, which stay where they are: `start` and `length` are of its source. */
export interface InertBytes {
  readonly kind: 'bytes';
  readonly start: number;
  readonly length: number;
  /**
   * `raw` is the bytes themselves. The others are texts too long to hold, which some calls turn into bytes: `utf8` is
   * UTF-8, `line` a line with the escapes of protocol 0.
   */
  readonly spelling: 'raw' | 'utf8' | 'line';
}

export interface InertList {
  readonly kind: 'list';
  readonly items: Inert[];
}

export interface InertTuple {
  readonly kind: 'tuple';
  readonly items: readonly Inert[];
}

/** `frozen` for a frozenset. Items may occur twice: equality is the program's affair. */
export interface InertSet {
  readonly kind: 'set';
  readonly frozen: boolean;
  readonly items: Inert[];
}

/** A class or function, by the name that Python 3 gives it. */
export interface InertGlobal {
  readonly kind: 'global';
  readonly module: string;
  readonly name: string;
}

/** What a call would return, with everything that the stream puts into it later. */
export interface InertObject {
  readonly kind: 'object';
  readonly opcode: 'REDUCE' | 'NEWOBJ' | 'NEWOBJ_EX' | 'INST' | 'OBJ';
  readonly callee: Inert;
  readonly args: Inert;
  readonly kwargs: Inert | undefined;
  /** What BUILD gave it, each time. */
  readonly states: Inert[];
  /** What APPEND, APPENDS and ADDITEMS gave it. */
  readonly items: Inert[];
  /** What SETITEM and SETITEMS gave it. */
  readonly entries: InertEntry[];
  /** Offset of the instruction. */
  readonly offset: number;
}

/** What a persistent id stands for: the program that loads the file supplies it. */
export interface InertPersistent {
  readonly kind: 'persistent';
  readonly id: Inert;
}

/** An array of joblib, whose elements stand in the stream. */
export interface InertArray {
  readonly kind: 'array';
  /** The `NumpyArrayWrapper` that describes it. */
  readonly wrapper: InertObject;
  /** Its raw elements, or the pickle of its objects. */
  readonly content: InertBytes | { readonly kind: 'pickle'; readonly value: Inert };
}

export type InertEntry = readonly [key: Inert, value: Inert];

/** A dict in the order of its keys. A key that occurs again replaces the value, as in Python. */
export class InertDict {
  readonly kind = 'dict';
  readonly #entries = new Map<unknown, InertEntry>();

  get size(): number {
    return this.#entries.size;
  }

  set(key: Inert, value: Inert): void {
    const id = keyOf(key);
    const known = this.#entries.get(id);
    this.#entries.set(id, [known === undefined ? key : known[0], value]);
  }

  /** The value of a key that is text; `undefined` when there is none. */
  get(name: string): Inert | undefined {
    return this.#entries.get(`s${name}`)?.[1];
  }

  has(name: string): boolean {
    return this.#entries.has(`s${name}`);
  }

  entries(): IterableIterator<InertEntry> {
    return this.#entries.values();
  }
}

/** Parts of a key that are compared. */
const MAX_KEY_PARTS = 64;

/** Equal for keys that Python holds equal: `1`, `1.0` and `True` are one key, and tuples are compared by what they hold. */
function keyOf(key: Inert): unknown {
  const left = { parts: MAX_KEY_PARTS };
  return plainKey(key, left) ?? key;
}

function plainKey(key: Inert, left: { parts: number }): string | undefined {
  if (left.parts-- <= 0) throw new AssayError('unsupported', 'a key of a dict has too many parts');
  if (key === null) return 'n';
  if (typeof key === 'string') return `s${key}`;
  if (typeof key === 'boolean') return `i${Number(key)}`;
  if (typeof key === 'number') return Object.is(key, -0) ? 'i0' : `i${key}`;
  if (typeof key === 'bigint') return `i${key}`;
  if (key.kind === 'global') return `g${JSON.stringify([key.module, key.name])}`;
  if (key.kind === 'bytes') return `b${key.start},${key.length}`;
  if (key.kind !== 'tuple') return undefined;
  const parts = key.items.map((item) => plainKey(item, left));
  return parts.every((part) => part !== undefined) ? `t${JSON.stringify(parts)}` : undefined;
}

/** `module.name` of a class or function; `undefined` for any other value. */
export function globalName(value: Inert | undefined): string | undefined {
  return isKind(value, 'global') ? `${value.module}.${value.name}` : undefined;
}

/** The name of what made an object. */
export function calleeName(value: Inert | undefined): string | undefined {
  return isKind(value, 'object') ? globalName(value.callee) : undefined;
}

export function isKind<K extends (Inert & object)['kind']>(
  value: Inert | undefined,
  kind: K,
): value is Extract<Inert, { readonly kind: K }> {
  return typeof value === 'object' && value !== null && value.kind === kind;
}

/** The items of a list or tuple; `undefined` for any other value. */
export function sequenceOf(value: Inert | undefined): readonly Inert[] | undefined {
  return isKind(value, 'tuple') || isKind(value, 'list') ? value.items : undefined;
}

/** The arguments of an object's call; `undefined` where they are not a tuple. */
export function argsOf(value: InertObject): readonly Inert[] | undefined {
  return isKind(value.args, 'tuple') ? value.args.items : undefined;
}

/** A whole number that is not negative; `undefined` for any other value, and for one that is not exact. */
export function wholeCount(value: Inert | undefined): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** What a value is, for a message: `dict`, `os.system`, `a call of builtins.eval`. */
export function inertTitle(value: Inert): string {
  if (value === null) return 'None';
  if (typeof value === 'string') return 'text';
  if (typeof value === 'boolean') return 'a Boolean';
  if (typeof value !== 'object') return 'a number';
  if (value.kind === 'global') return `${value.module}.${value.name}`;
  if (value.kind === 'object') return `a call of ${globalName(value.callee) ?? 'a computed function'}`;
  if (value.kind === 'persistent') return 'a persistent id';
  return value.kind;
}
