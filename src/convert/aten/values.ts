import type { AtenDatum } from './datum.ts';

/** A value of a program of PyTorch, while it is converted. */
export type AtenValue =
  | null
  | boolean
  | string
  | AtenInt
  | AtenFloat
  | AtenSymbol
  | AtenTensor
  | AtenList
  | AtenTuple
  | AtenDict
  | AtenDevice
  | AtenMessage
  | AtenUnset;

export interface AtenInt {
  readonly kind: 'int';
  readonly value: number;
}

export interface AtenFloat {
  readonly kind: 'float';
  readonly value: number;
}

/** A whole number that is known when the model runs, such as the size of its batch. */
export interface AtenSymbol {
  readonly kind: 'symbol';
  /** A tensor without dimensions. */
  readonly datum: AtenDatum;
}

export interface AtenList {
  readonly kind: 'list';
  readonly items: AtenValue[];
  /** Of what belongs to the model, and may not be changed: what it is. */
  readonly owner?: string;
}

export interface AtenTuple {
  readonly kind: 'tuple';
  readonly items: readonly AtenValue[];
  /** Of a named one. */
  readonly names?: readonly string[];
}

export interface AtenDict {
  readonly kind: 'dict';
  /** By what tells keys apart. */
  readonly entries: Map<string | number, { readonly key: AtenValue; value: AtenValue }>;
  /** As of a list. */
  readonly owner?: string;
}

export interface AtenDevice {
  readonly kind: 'device';
}

/** A text that is made of values, which only errors show. */
export interface AtenMessage {
  readonly kind: 'message';
}

/** A variable that a branch that is not taken would have set. */
export interface AtenUnset {
  readonly kind: 'unset';
}

/** The memory that tensors are views of. */
export interface Memory {
  /** How often it was changed. */
  changes: number;
  /** Of what belongs to the model, and may not be changed: what it is. */
  readonly owner: string | undefined;
}

/** A tensor: what it holds changes when an operator works in place. */
export class AtenTensor {
  readonly kind = 'tensor';
  readonly memory: Memory;
  #datum: AtenDatum;
  #seen: number;

  constructor(datum: AtenDatum, memory: Memory = { changes: 0, owner: undefined }) {
    this.#datum = datum;
    this.memory = memory;
    this.#seen = memory.changes;
  }

  /** What it holds; `undefined` for a view of memory that was changed through another tensor. */
  get datum(): AtenDatum | undefined {
    return this.#seen === this.memory.changes ? this.#datum : undefined;
  }

  /** Another tensor that may have the same memory. */
  view(datum: AtenDatum): AtenTensor {
    return new AtenTensor(datum, this.memory);
  }

  /** Other views of the memory no longer say what it holds. */
  change(datum: AtenDatum): void {
    this.#datum = datum;
    this.#seen = ++this.memory.changes;
  }
}

export const UNSET: AtenUnset = { kind: 'unset' };

export function int(value: number): AtenInt {
  return { kind: 'int', value };
}

export function real(value: number): AtenFloat {
  return { kind: 'float', value };
}

export function atenList(items: readonly AtenValue[]): AtenList {
  return { kind: 'list', items: [...items] };
}

export function isOfKind<K extends (AtenValue & object)['kind']>(
  value: AtenValue | undefined,
  kind: K,
): value is Extract<AtenValue, { readonly kind: K }> {
  return typeof value === 'object' && value !== null && value.kind === kind;
}

/** What a value is, for messages. */
export function valueTitle(value: AtenValue): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return 'a Boolean';
  if (typeof value === 'string') return 'a text';
  switch (value.kind) {
    case 'int':
      return 'an integer';
    case 'float':
      return 'a number';
    case 'symbol':
      return 'an integer that is known when the model runs';
    case 'unset':
      return 'a variable without a value';
    default:
      return `a ${value.kind}`;
  }
}

/** What tells a text from other keys of a dict. */
export function textKey(text: string): string {
  return `s${text}`;
}
