import { AssayError, quotedName } from '../../core/index.ts';

/** A part of a JSON document, and where it is. */
export class JsonPart {
  readonly value: unknown;
  readonly where: string;
  readonly #subject: string;

  constructor(value: unknown, where: string, subject: string) {
    this.value = value;
    this.where = where;
    this.#subject = subject;
  }

  /** A property; `undefined` where there is none, or it is null. */
  find(name: string): JsonPart | undefined {
    const { value } = this;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw this.broken('is not an object');
    const found = new Map<string, unknown>(Object.entries(value)).get(name) ?? null;
    return found === null ? undefined : this.#part(found, name);
  }

  get(name: string): JsonPart {
    const found = this.find(name);
    if (found === undefined) throw this.broken(`has no ${name}`);
    return found;
  }

  /** The properties of an object. */
  entries(): [name: string, part: JsonPart][] {
    const { value } = this;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw this.broken('is not an object');
    return Object.entries(value).map(([name, one]) => [name, this.#part(one, name)]);
  }

  /** The only property of an object, which says of what kind it is. */
  kind(): readonly [name: string, part: JsonPart] {
    const [first, ...others] = this.entries().filter(([, { value }]) => value !== undefined);
    if (first === undefined || others.length > 0) throw this.broken('is not of one kind');
    return first;
  }

  items(): JsonPart[] {
    const { value } = this;
    if (!Array.isArray(value)) throw this.broken('is not a list');
    return value.map((one: unknown, index) => this.#part(one, String(index)));
  }

  text(): string {
    if (typeof this.value === 'string') return this.value;
    throw this.broken('is not a text');
  }

  flag(): boolean {
    if (typeof this.value === 'boolean') return this.value;
    throw this.broken('is not a Boolean');
  }

  /** A whole number; those beyond 53 bits are not exact. */
  whole(): number {
    if (typeof this.value === 'number' && Number.isInteger(this.value)) return this.value;
    throw this.broken('is not a whole number');
  }

  /** A size or an offset. */
  count(): number {
    const count = this.whole();
    if (Number.isSafeInteger(count) && count >= 0) return count;
    throw this.broken(`is ${count}`);
  }

  /** Numbers that JSON does not have are texts. */
  real(): number {
    const { value } = this;
    if (typeof value === 'number') return value;
    if (value === 'Infinity' || value === '-Infinity' || value === 'NaN') return Number(value);
    throw this.broken('is not a number');
  }

  broken(what: string): AssayError {
    return new AssayError('malformed', `${quotedName(this.where)} ${what}`, { subject: this.#subject });
  }

  #part(value: unknown, name: string): JsonPart {
    return new JsonPart(value, this.where === '' ? name : `${this.where}.${name}`, this.#subject);
  }
}
