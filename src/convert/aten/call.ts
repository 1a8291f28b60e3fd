import { AssayError } from '../../core/index.ts';
import type { GraphTensor, Network } from '../network/index.ts';
import { type AtenDatum, type AtenType, numberDatum } from './datum.ts';
import { AtenTensor, type AtenValue, isOfKind, valueTitle } from './values.ts';

/** A size that is given: a number, or one that is known when the model runs. */
export type AtenExtent = number | AtenDatum;

/** What a tensor holds. @throws AssayError `unsupported` for a view of memory that was changed through another tensor */
export function heldBy(cell: AtenTensor, net: Network): AtenDatum {
  const { datum } = cell;
  if (datum !== undefined) return datum;
  throw net.refuse('a tensor is used whose memory was changed in place through another one');
}

/** What is known of the element types of a program. */
export interface ElementTypes {
  /** Whether all numbers are of 32 bits, and all integers of 64, in PyTorch as well. */
  uniform: boolean;
}

/** One operator that is converted, with its arguments by their names. */
export class AtenCall {
  /** `aten::add.Tensor` */
  readonly title: string;
  readonly net: Network;
  readonly types: ElementTypes;
  readonly #args: ReadonlyMap<string, AtenValue>;

  constructor(title: string, net: Network, types: ElementTypes, args: ReadonlyMap<string, AtenValue>) {
    this.title = title;
    this.net = net;
    this.types = types;
    this.#args = args;
  }

  /** The same call with more arguments. */
  with(more: Readonly<Record<string, AtenValue>>): AtenCall {
    return new AtenCall(this.title, this.net, this.types, new Map([...this.#args, ...Object.entries(more)]));
  }

  value(name: string): AtenValue {
    const value = this.#args.get(name);
    if (value === undefined) throw new AssayError('internal', `${this.title} has no argument ${name}`);
    return value;
  }

  isNone(name: string): boolean {
    return this.value(name) === null;
  }

  cell(name: string): AtenTensor {
    const value = this.value(name);
    if (value instanceof AtenTensor) return value;
    throw this.#other(name, value);
  }

  datum(name: string): AtenDatum {
    return heldBy(this.cell(name), this.net);
  }

  optional(name: string): AtenDatum | undefined {
    return this.isNone(name) ? undefined : this.datum(name);
  }

  /** A tensor of floating-point numbers. */
  real(name: string): GraphTensor {
    return this.net.cast(this.datum(name).tensor, 'float32');
  }

  optionalReal(name: string): GraphTensor | undefined {
    return this.isNone(name) ? undefined : this.real(name);
  }

  /** A tensor, or a number as one. */
  operand(name: string): AtenDatum {
    const value = this.value(name);
    return value instanceof AtenTensor ? heldBy(value, this.net) : this.numeric(value, name);
  }

  /** A number as a tensor without dimensions. */
  numeric(value: AtenValue, name: string): AtenDatum {
    if (value instanceof AtenTensor && heldBy(value, this.net).rank === 0) return heldBy(value, this.net);
    if (typeof value === 'boolean') return numberDatum(this.net, value, 'bool');
    if (isOfKind(value, 'symbol')) return value.datum;
    if (isOfKind(value, 'int')) return numberDatum(this.net, this.#safe(value.value, name), 'int64');
    if (isOfKind(value, 'float')) return numberDatum(this.net, value.value, 'float32');
    throw this.#other(name, value);
  }

  items(name: string): readonly AtenValue[] {
    const value = this.value(name);
    if (isOfKind(value, 'list') || isOfKind(value, 'tuple')) return value.items;
    return [value];
  }

  datums(name: string): AtenDatum[] {
    return this.items(name).map((item) => {
      if (item instanceof AtenTensor) return heldBy(item, this.net);
      throw this.#other(name, item);
    });
  }

  /** The tensor at a place of a list. */
  within(name: string, index: number): AtenDatum {
    const item = this.items(name)[index];
    if (item instanceof AtenTensor) return heldBy(item, this.net);
    throw this.broken(`has no tensor at ${index} of its ${name}`);
  }

  /** @throws AssayError `unsupported` for a number that is known only when the model runs */
  int(name: string): number {
    return this.#int(this.value(name), name);
  }

  optionalInt(name: string): number | undefined {
    return this.isNone(name) ? undefined : this.int(name);
  }

  /** Whole numbers; one for all is repeated. */
  ints(name: string, count?: number): number[] {
    const items = this.items(name).map((item) => this.#int(item, name));
    const [only] = items;
    if (count === undefined || items.length === count || only === undefined) return items;
    if (items.length === 1) return Array<number>(count).fill(only);
    throw this.broken(`has ${items.length} numbers as its ${name} instead of ${count}`);
  }

  extents(name: string): AtenExtent[] {
    return this.items(name).map((item) => this.#extent(item, name));
  }

  extent(name: string): AtenExtent {
    return this.#extent(this.value(name), name);
  }

  number(name: string): number {
    const value = this.value(name);
    if (typeof value === 'boolean') return Number(value);
    if (isOfKind(value, 'int') || isOfKind(value, 'float')) return value.value;
    throw this.#other(name, value);
  }

  optionalNumber(name: string): number | undefined {
    return this.isNone(name) ? undefined : this.number(name);
  }

  flag(name: string): boolean {
    const value = this.value(name);
    if (typeof value === 'boolean') return value;
    throw this.#other(name, value);
  }

  text(name: string): string {
    const value = this.value(name);
    if (typeof value === 'string') return value;
    throw this.#other(name, value);
  }

  /** An axis of a tensor, counted from the first. */
  axis(x: { readonly shape: readonly unknown[] }, axis: number): number {
    const rank = Math.max(1, x.shape.length);
    const from = axis < 0 ? axis + rank : axis;
    if (!Number.isSafeInteger(from) || from < 0 || from >= rank)
      throw this.broken(`has the dimension ${axis} of a tensor of ${x.shape.length}`);
    return from;
  }

  /** The axis of a parameter. */
  axisAt(x: { readonly shape: readonly unknown[] }, name = 'dim'): number {
    return this.axis(x, this.int(name));
  }

  /** Axes of a parameter, each once; all of them when there are none. */
  axes(x: { readonly shape: readonly unknown[] }, name = 'dim'): number[] {
    const given = this.isNone(name) ? [] : this.ints(name);
    if (given.length === 0) return x.shape.map((_, axis) => axis);
    return [...new Set(given.map((axis) => this.axis(x, axis)))].sort((a, b) => a - b);
  }

  /** The type of a parameter `dtype`. @returns `undefined` when it is None */
  dtype(name = 'dtype'): AtenType | undefined {
    const code = this.optionalInt(name);
    return code === undefined ? undefined : typeOfCode(this, code);
  }

  refuse(why: string, hint?: string): AssayError {
    return this.net.refuse(`${this.title} is not converted: ${why}`, hint);
  }

  broken(what: string): AssayError {
    return this.net.broken(`${this.title} ${what}`);
  }

  #int(value: AtenValue, name: string): number {
    if (isOfKind(value, 'int')) return this.#safe(value.value, name);
    if (isOfKind(value, 'symbol'))
      throw this.refuse(
        `its ${name} is known only when the model runs`,
        'give the shape of the input without the batch: --input-shape 3,224,224',
      );
    throw this.#other(name, value);
  }

  #extent(value: AtenValue, name: string): AtenExtent {
    return isOfKind(value, 'symbol') ? value.datum : this.#int(value, name);
  }

  #safe(value: number, name: string): number {
    if (Number.isSafeInteger(value)) return value;
    throw this.refuse(`its ${name} is ${value}`);
  }

  #other(name: string, value: AtenValue): AssayError {
    return this.broken(`has ${valueTitle(value)} as its ${name}`);
  }
}

/** Element types by their numbers in TorchScript (c10/core/ScalarType.h); integers of 8 and 16 bits wrap around. */
function typeOfCode(call: AtenCall, code: number): AtenType {
  if (code !== 6 && code !== 4 && code !== 11) call.types.uniform = false;
  if ([5, 6, 7, 15].includes(code)) return 'float32';
  if (code === 3 || code === 4) return 'int64';
  if (code === 11) return 'bool';
  throw call.refuse(`it makes the element type ${code}`);
}

/** What an operator gives: tensors, a list of them, or another value. */
export type AtenResult = AtenDatum | readonly AtenDatum[] | AtenValue;

/** How an operator becomes operators of ONNX. */
export type AtenLowering = (call: AtenCall) => AtenResult;

/** Lowerings by the schemas of operators; of several of one name, the first one that fits. */
export type AtenFamily = Readonly<Record<string, AtenLowering>>;
