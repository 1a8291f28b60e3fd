import { AssayError } from '../../core/index.ts';
import { type Inert, type InertObject, inertTitle, isDictCall } from '../../formats/pickle/inert/index.ts';

/** What is known of the calls and the memory of a file. */
export interface CallReader {
  /** Whether a call only makes a value, and changes no other. */
  isHarmless(call: InertObject): boolean;
  /** The name of the memory that a value stands for, which several tensors may have; `undefined` for every other value. */
  memoryOf?(value: Inert): string | undefined;
}

/** The values on which a result rests. */
export class KeptValues {
  readonly #reader: CallReader;
  readonly #values = new Set<Inert>();
  /** Memory of tensors, by its name. */
  readonly #memory = new Set<string>();

  constructor(reader: CallReader) {
    this.#reader = reader;
  }

  /** A container, or another value that is read. */
  add(value: Inert): void {
    this.#values.add(value);
  }

  /** A tensor, with the memory that it may share with others. */
  addTensor(value: Inert): void {
    this.#values.add(value);
    for (const part of allWithin([value], new Set())) {
      const memory = this.#reader.memoryOf?.(part);
      if (memory !== undefined) this.#memory.add(memory);
      else if (part.kind === 'bytes') this.#values.add(part);
    }
  }

  /**
   * Refuses values that a call of the file may have changed: what it would do is not known, because nothing runs.
   * @throws AssayError `unsupported` naming the call
   */
  refuseChanged(calls: readonly InertObject[], subject: string): void {
    const seen = new Set<Inert>();
    for (const call of calls) {
      if (this.#values.has(call) || isDictCall(call) || this.#reader.isHarmless(call)) continue;
      for (const part of allWithin([call], seen)) {
        if (!this.#isKept(part)) continue;
        const what = `${inertTitle(call)} receives a tensor, or what holds one, and could have changed it`;
        throw new AssayError('unsupported', what, { subject });
      }
    }
  }

  #isKept(value: Inert): boolean {
    const memory = this.#reader.memoryOf?.(value);
    return this.#values.has(value) || (memory !== undefined && this.#memory.has(memory));
  }
}

/** Values and all that they hold, each once; not those that were seen before. */
export function* allWithin(values: Inert[], seen: Set<Inert>): Generator<Inert & object> {
  for (let value = values.pop(); value !== undefined; value = values.pop()) {
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    yield value;
    for (const part of valuesWithin(value)) values.push(part);
  }
}

/** The values within a value. */
export function valuesWithin(value: Inert): Inert[] {
  if (typeof value !== 'object' || value === null) return [];
  switch (value.kind) {
    case 'list':
    case 'tuple':
    case 'set':
      return [...value.items];
    case 'dict':
      return [...value.entries()].flat();
    case 'object':
      return [value.callee, value.args, value.kwargs ?? null, ...value.states, ...value.items, ...value.entries.flat()];
    case 'persistent':
      return [value.id];
    case 'array':
      return [value.wrapper, ...(value.content.kind === 'pickle' ? [value.content.value] : [])];
    default:
      return [];
  }
}
