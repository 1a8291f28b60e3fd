import { AssayError } from '../../../core/index.ts';
import type { TfAttribute, TfNode, TfType } from '../../../formats/tensorflow/index.ts';
import type { GraphTensor, Network } from '../../network/index.ts';
import { Datum, type DatumType, datumType } from './datum.ts';

/** A variable, which operations read. */
export interface VariableReference {
  readonly variable: string;
}

export type TfOperand = Datum | VariableReference;

/** One operation that is converted. */
export class OperationCall {
  readonly node: TfNode;
  readonly net: Network;
  readonly operands: readonly TfOperand[];
  readonly #read: (variable: string) => Datum;

  constructor(node: TfNode, net: Network, operands: readonly TfOperand[], read: (variable: string) => Datum) {
    this.node = node;
    this.net = net;
    this.operands = operands;
    this.#read = read;
  }

  input(index: number): Datum {
    const operand = this.operands.at(index);
    if (operand === undefined) throw this.broken(`has no input ${index}`);
    return 'variable' in operand ? this.#read(operand.variable) : operand;
  }

  /** All inputs from the first one to another, which is not included. */
  inputs(from: number, to: number = this.operands.length): Datum[] {
    return this.operands
      .slice(from, to < 0 ? this.operands.length + to : to)
      .map((_, index) => this.input(from + index));
  }

  tensor(index: number): GraphTensor {
    return this.input(index).tensor;
  }

  /** The integers of an input. @throws AssayError `unsupported` unless all of them are known before the model runs */
  integers(index: number): readonly number[] {
    const { known } = this.input(index);
    const numbers = known?.filter((one) => typeof one === 'number');
    if (numbers === undefined || numbers.length !== known?.length)
      throw this.refuse(`its input ${index} is known only when the model runs`);
    return numbers;
  }

  integer(index: number): number {
    const [only, ...others] = this.integers(index);
    if (only === undefined || others.length > 0) throw this.broken(`takes one number as its input ${index}`);
    return only;
  }

  /** An axis of a value, counted from the first. */
  axis(x: { readonly shape: readonly unknown[] }, axis: number): number {
    const rank = x.shape.length;
    const from = axis < 0 ? axis + rank : axis;
    if (!Number.isSafeInteger(from) || from < 0 || from >= Math.max(1, rank))
      throw this.broken(`has the axis ${axis}, of ${rank}`);
    return from;
  }

  attribute<K extends TfAttribute['kind']>(
    name: string,
    kind: K,
  ): Extract<TfAttribute, { readonly kind: K }> | undefined {
    const found = this.node.attributes.get(name);
    if (found === undefined) return undefined;
    if (!isOfKind(found, kind)) throw this.broken(`has an attribute ${name} of another type`);
    return found;
  }

  flag(name: string): boolean {
    return this.attribute(name, 'bool')?.value ?? false;
  }

  count(name: string, fallback: number): number {
    const value = this.attribute(name, 'int')?.value;
    return value === undefined ? fallback : this.#safe(value, name);
  }

  counts(name: string): readonly number[] {
    return (this.attribute(name, 'ints')?.value ?? []).map((value) => this.#safe(value, name));
  }

  number(name: string, fallback: number): number {
    return this.attribute(name, 'float')?.value ?? fallback;
  }

  text(name: string, fallback: string): string {
    const value = this.attribute(name, 'string')?.value;
    return value === undefined ? fallback : Buffer.from(value).toString('latin1');
  }

  typeOf(name: string, fallback: TfType): DatumType {
    const type = this.attribute(name, 'type')?.value ?? fallback;
    const found = datumType(type);
    if (found === undefined) throw this.refuse(`it makes ${type}`);
    return found;
  }

  refuse(why: string): AssayError {
    return this.net.refuse(`the operation ${this.#name} is not converted: ${why}`);
  }

  broken(what: string): AssayError {
    return this.net.broken(`the operation ${this.#name} ${what}`);
  }

  get #name(): string {
    return `${this.node.op.slice(0, 80)} (${JSON.stringify(this.node.name.slice(0, 80))})`;
  }

  #safe(value: bigint, name: string): number {
    const number = Number(value);
    if (!Number.isSafeInteger(number)) throw this.broken(`has ${value} as its ${name}`);
    return number;
  }
}

function isOfKind<K extends TfAttribute['kind']>(
  attribute: TfAttribute,
  kind: K,
): attribute is Extract<TfAttribute, { readonly kind: K }> {
  return attribute.kind === kind;
}

/** How an operation becomes operators of ONNX. @returns a value for each result */
export type Lowering = (call: OperationCall) => TfOperand | readonly TfOperand[];

/** Lowerings by the names of operations. */
export type OperationFamily = Readonly<Record<string, Lowering>>;

/** A result of an operator, as a value of the graph. */
export function made(tensor: GraphTensor): Datum {
  const type = tensor.type === 'int64' || tensor.type === 'bool' ? tensor.type : 'float32';
  if (type !== tensor.type) throw new AssayError('internal', `a value of the type ${tensor.type}`);
  return Datum.of(tensor, type);
}
