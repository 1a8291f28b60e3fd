import { AssayError } from '../../core/index.ts';
import { isList, isRecord, type KerasJson, type KerasRecord, kerasKey } from './json.ts';

/** No size of a layer is larger. */
const MAX_SIZE = 2 ** 31 - 1;

/**
 * What the class of an object is given. Each value is of the type that was asked for, and errors name the object, the key and the
 * cause. Keys that were never asked for are known in the end: they may change what is computed.
 */
export class KerasConfig {
  /** For messages: `Dense "classifier"`. */
  readonly title: string;
  readonly #values: KerasRecord;
  readonly #subject: string;
  readonly #asked = new Set<string>();

  constructor(values: KerasRecord, title: string, subject: string) {
    this.#values = values;
    this.title = title;
    this.#subject = subject;
  }

  /** A value; `undefined` for null, and for a key that is not there. */
  value(key: string): KerasJson | undefined {
    this.#asked.add(key);
    return kerasKey(this.#values, key) ?? undefined;
  }

  /** Marks keys as ones that change nothing of what is computed. */
  ignore(...keys: readonly string[]): void {
    for (const key of keys) this.#asked.add(key);
  }

  keys(): readonly string[] {
    return Object.keys(this.#values);
  }

  /** @throws AssayError `unsupported` naming a key that was never asked for */
  finish(): void {
    const unknown = Object.keys(this.#values).find((key) => !this.#asked.has(key) && this.#values[key] !== null);
    if (unknown !== undefined)
      throw this.refuse(
        `has the setting ${JSON.stringify(unknown.slice(0, 80))}, which is not known to leave its result as it is`,
      );
  }

  text(key: string, fallback?: string): string {
    const value = this.value(key) ?? fallback;
    if (typeof value !== 'string') throw this.#wrong(key, value, 'a text');
    return value;
  }

  /** A text of a list. @throws AssayError `unsupported` for another one */
  oneOf<T extends string>(key: string, known: readonly T[], fallback?: T): T {
    const text = this.text(key, fallback);
    const found = known.find((one) => one === text);
    if (found === undefined) throw this.refuse(`has the ${key} ${JSON.stringify(text.slice(0, 80))}`);
    return found;
  }

  flag(key: string, fallback?: boolean): boolean {
    const value = this.value(key) ?? fallback;
    if (typeof value !== 'boolean') throw this.#wrong(key, value, 'true or false');
    return value;
  }

  real(key: string, fallback?: number): number {
    const value = this.value(key) ?? fallback;
    if (typeof value !== 'number' || !Number.isFinite(value)) throw this.#wrong(key, value, 'a number');
    return value;
  }

  whole(key: string, fallback?: number): number {
    return this.#whole(key, this.value(key) ?? fallback, -MAX_SIZE);
  }

  /** A whole number above 0. */
  size(key: string, fallback?: number): number {
    return this.#whole(key, this.value(key) ?? fallback, 1);
  }

  /** Whole numbers above 0, one for each dimension; one number stands for all of them. */
  sizes(key: string, count: number, fallback?: readonly number[]): readonly number[] {
    return this.wholes(key, count, 1, fallback);
  }

  /** Whole numbers, `count` of them; one number stands for all of them. */
  wholes(key: string, count: number, least: number, fallback?: readonly number[]): readonly number[] {
    const value = this.value(key) ?? fallback;
    if (typeof value === 'number') return Array.from({ length: count }, () => this.#whole(key, value, least));
    if (!isList(value) || value.length !== count) throw this.#wrong(key, value, `${count} whole numbers`);
    return value.map((one) => this.#whole(key, one, least));
  }

  /** Whole numbers, as many as there are; one number is a list of it. */
  wholeList(key: string, least = -MAX_SIZE): readonly number[] {
    const value = this.value(key);
    if (typeof value === 'number') return [this.#whole(key, value, least)];
    if (!isList(value)) throw this.#wrong(key, value, 'a list of whole numbers');
    return value.map((one) => this.#whole(key, one, least));
  }

  /** Numbers, of any nesting, in order; one number is a list of it. */
  reals(key: string): readonly number[] {
    const value = this.value(key);
    const found: number[] = [];
    const open: KerasJson[] = value === undefined ? [] : [value];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (isList(next)) for (const item of next.toReversed()) open.push(item);
      else if (typeof next === 'number' && Number.isFinite(next)) found.push(next);
      else throw this.#wrong(key, next, 'a number');
    }
    if (found.length === 0) throw this.#wrong(key, value, 'numbers');
    return found;
  }

  list(key: string): readonly KerasJson[] {
    const value = this.value(key);
    if (!isList(value)) throw this.#wrong(key, value, 'a list');
    return value;
  }

  record(key: string): KerasRecord {
    const value = this.value(key);
    if (!isRecord(value)) throw this.#wrong(key, value, 'an object');
    return value;
  }

  refuse(why: string, hint?: string): AssayError {
    const options = { subject: this.#subject, ...(hint === undefined ? {} : { hint }) };
    return new AssayError('unsupported', `${this.title} ${why}`, options);
  }

  broken(what: string): AssayError {
    return new AssayError('malformed', `${this.title} ${what}`, { subject: this.#subject });
  }

  #whole(key: string, value: KerasJson | undefined, least: number): number {
    if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw this.#wrong(key, value, 'a whole number');
    if (value < least || value > MAX_SIZE) throw this.broken(`has the ${key} ${value}`);
    return value;
  }

  #wrong(key: string, value: KerasJson | undefined, wanted: string): AssayError {
    if (value === undefined) return this.broken(`has no ${key}`);
    return this.broken(`has a ${key} that is not ${wanted}: ${(JSON.stringify(value) ?? '').slice(0, 80)}`);
  }
}
