import type { DocumentEvents } from './shape.ts';

/** Receives the values of a document and the ends of its containers, each with its place. */
export interface PlacedValues {
  /** The place is the keys that lead to the value, joined by dots; `[]` stands for the items of a list. */
  value(place: string, value: string | number | boolean): void;
  ended?(place: string): void;
}

/** Follows the places of a document: `trees[].splits[].border`. */
export class PlaceEvents implements DocumentEvents {
  readonly #told: PlacedValues;
  readonly #around: string[] = [];
  #at: string;

  /** @param root the place of the whole document */
  constructor(told: PlacedValues, root = '') {
    this.#told = told;
    this.#at = root;
  }

  open(kind: 'object' | 'array'): void {
    this.#around.push(this.#at);
    if (kind === 'array') this.#at += '[]';
  }

  close(): void {
    this.#at = this.#around.pop() ?? '';
    this.#told.ended?.(this.#at);
  }

  key(name: string): void {
    const around = this.#around[this.#around.length - 1] ?? '';
    this.#at = around === '' ? name : `${around}.${name}`;
  }

  text(value: string): void {
    this.#told.value(this.#at, value);
  }

  number(value: number): void {
    this.#told.value(this.#at, value);
  }

  literal(value: boolean | null): void {
    if (value !== null) this.#told.value(this.#at, value);
  }
}
