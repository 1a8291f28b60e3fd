import { AssayError, type FileBudget } from '../../core/index.ts';
import { NumberList } from './number-list.ts';

/** Events of a walk over a document of maps, lists, texts and numbers, in order, for any encoding. */
export interface DocumentEvents {
  open(kind: 'object' | 'array', at: number): void;
  close(): void;
  key(name: string, at: number): void;
  text(value: string, at: number): void;
  number(value: number, at: number): void;
  literal(value: boolean | null, at: number): void;
}

/** The allowed kinds of value at a place of a document. A value with a name is kept under that name. */
export type Shape =
  | { readonly kind: 'object'; readonly fields: Readonly<Record<string, Shape>>; readonly name?: string }
  | { readonly kind: 'list'; readonly item: Shape }
  | { readonly kind: 'numbers'; readonly name: string }
  | { readonly kind: 'text'; readonly name: string }
  /**
   * Texts, numbers and literals at any depth, from which no index is read. With a name, those that do not stand in a list are kept
   * under it and the keys that lead to them, joined by dots.
   */
  | { readonly kind: 'plain'; readonly name?: string };

export const PLAIN_VALUE: Shape = { kind: 'plain' };

const MAX_KEPT_TEXT = 1_024;
const MAX_PLAIN_TEXT = 1024 * 1024;
/** Bytes that a key of an open object costs, about. */
const KEY_BYTES = 96;

/** The kept values of a document so far. */
export class Kept {
  readonly #budget: FileBudget;
  readonly #numbers = new Map<string, NumberList>();
  readonly #texts = new Map<string, string>();
  readonly #plain = new Map<string, string>();
  #plainBytes = 0;
  readonly #present = new Set<string>();

  constructor(budget: FileBudget) {
    this.#budget = budget;
  }

  /** Empty when it did not stand in the document. */
  numbers(name: string): NumberList {
    const known = this.#numbers.get(name) ?? new NumberList(this.#budget);
    this.#numbers.set(name, known);
    return known;
  }

  text(name: string): string | undefined {
    return this.#texts.get(name);
  }

  has(name: string): boolean {
    return this.#present.has(name);
  }

  startNumbers(name: string): NumberList {
    this.#present.add(name);
    const list = this.numbers(name);
    list.clear();
    return list;
  }

  keepText(name: string, value: string): void {
    this.#present.add(name);
    this.#texts.set(name, value);
  }

  /** A value of a plain shape with a name; `undefined` for one that is absent or long. */
  plain(name: string): string | undefined {
    return this.#plain.get(name);
  }

  /** The values of plain shapes whose names start with this, without it. */
  *plainOf(prefix: string): Generator<readonly [name: string, value: string]> {
    for (const [name, value] of this.#plain) if (name.startsWith(prefix)) yield [name.slice(prefix.length), value];
  }

  keepPlain(name: string, value: string): void {
    if (value.length > MAX_PLAIN_TEXT) return;
    const bytes = KEY_BYTES + 2 * (name.length + value.length);
    this.#budget.hold(bytes);
    this.#plainBytes += bytes;
    this.#plain.set(name, value);
  }

  /** Removes the values kept under names with this prefix: those of one item of a list, before the next item. */
  forget(prefix: string): void {
    for (const name of [...this.#present].filter((known) => known.startsWith(prefix))) {
      this.#present.delete(name);
      this.#texts.delete(name);
      this.#numbers.get(name)?.clear();
    }
  }

  close(): void {
    for (const list of this.#numbers.values()) list.close();
    this.#budget.release(this.#plainBytes);
    this.#plainBytes = 0;
    this.#plain.clear();
  }
}

interface Level {
  readonly shape: Shape;
  readonly keys: Set<string>;
  next: Shape | undefined;
}

const MAX_DEPTH = 64;

/** Holds a document to a shape while it is walked, and keeps what the shape names. */
export class ShapeReader implements DocumentEvents {
  readonly kept: Kept;
  readonly #root: Shape;
  readonly #budget: FileBudget;
  readonly #ended: (name: string, kept: Kept) => void;
  readonly #levels: Level[] = [];
  #list: NumberList | undefined;

  /** @param ended called when an object with a name ends */
  constructor(root: Shape, budget: FileBudget, ended: (name: string, kept: Kept) => void) {
    this.#root = root;
    this.#budget = budget;
    this.#ended = ended;
    this.kept = new Kept(budget);
  }

  /** Releases the memory of kept values and of open containers. */
  dispose(): void {
    for (const { keys } of this.#levels) this.#budget.release(keys.size * KEY_BYTES);
    this.#levels.length = 0;
    this.kept.close();
  }

  open(kind: 'object' | 'array', at: number): void {
    if (this.#levels.length >= MAX_DEPTH)
      throw new AssayError('limit', `the document is nested deeper than ${MAX_DEPTH}`, { offset: at });
    const shape = this.#next();
    const wanted = kind === 'object' ? shape.kind === 'object' : shape.kind === 'list' || shape.kind === 'numbers';
    if (!wanted && shape.kind !== 'plain') throw mismatch(shape, kind, at);
    if (shape.kind === 'numbers') this.#list = this.kept.startNumbers(shape.name);
    const next = shape.kind === 'list' ? shape.item : shape.kind === 'plain' ? PLAIN_VALUE : undefined;
    this.#levels.push({ shape, keys: new Set(), next });
  }

  close(): void {
    const level = this.#levels.pop();
    if (level === undefined) throw new AssayError('internal', 'the end of a container that was not opened');
    this.#budget.release(level.keys.size * KEY_BYTES);
    this.#list = undefined;
    if (level.shape.kind === 'object' && level.shape.name !== undefined) this.#ended(level.shape.name, this.kept);
  }

  key(name: string, at: number): void {
    const level = this.#levels[this.#levels.length - 1];
    if (level === undefined) throw new AssayError('internal', 'a key outside of an object');
    if (level.keys.has(name))
      throw new AssayError('malformed', `an object has the key ${shown(name)} twice`, { offset: at });
    this.#budget.hold(KEY_BYTES);
    level.keys.add(name);
    if (level.shape.kind === 'plain' && level.shape.name !== undefined)
      level.next = { kind: 'plain', name: `${level.shape.name}.${name}` };
    if (level.shape.kind !== 'object') return;
    level.next = Object.hasOwn(level.shape.fields, name) ? level.shape.fields[name] : undefined;
    if (level.next === undefined)
      throw new AssayError('unsupported', `an unknown member ${shown(name)}`, { offset: at });
  }

  text(value: string, at: number): void {
    const shape = this.#next();
    if (shape.kind === 'plain') {
      this.#keepPlain(shape, value);
      return;
    }
    if (shape.kind !== 'text') throw mismatch(shape, 'a text', at);
    if (value.length > MAX_KEPT_TEXT)
      throw new AssayError('malformed', `${shape.name} of ${value.length} characters`, { offset: at });
    this.kept.keepText(shape.name, value);
  }

  number(value: number, at: number): void {
    if (this.#list !== undefined) this.#list.push(value);
    else {
      const shape = this.#next();
      if (shape.kind !== 'plain') throw mismatch(shape, 'a number', at);
      this.#keepPlain(shape, value);
    }
  }

  literal(value: boolean | null, at: number): void {
    if (this.#list !== undefined && value !== null) this.#list.push(Number(value));
    else {
      const shape = this.#next();
      if (shape.kind !== 'plain') throw mismatch(shape, String(value), at);
      this.#keepPlain(shape, value);
    }
  }

  #keepPlain({ name }: Extract<Shape, { kind: 'plain' }>, value: string | number | boolean | null): void {
    if (name !== undefined) this.kept.keepPlain(name, String(value));
  }

  /** The shape of the value at hand. */
  #next(): Shape {
    const level = this.#levels[this.#levels.length - 1];
    this.#budget.work(1);
    return level === undefined ? this.#root : (level.next ?? PLAIN_IN_NUMBERS);
  }
}

/** A list of numbers holds only numbers. */
const PLAIN_IN_NUMBERS: Shape = { kind: 'text', name: 'a number of a list' };

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 80));
}

function mismatch(shape: Shape, found: string, at: number): AssayError {
  const wanted = {
    object: 'an object',
    list: 'a list',
    numbers: 'a list of numbers',
    text: 'a text',
    plain: 'a value',
  };
  return new AssayError('malformed', `${found} instead of ${wanted[shape.kind]}`, { offset: at });
}
