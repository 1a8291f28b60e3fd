import { AssayError, type FileBudget } from '../../../core/index.ts';
import type { OnnxAttributeType, OnnxAttributeValue, OnnxNode } from '../../../formats/onnx/index.ts';
import type { TfType, TfValue } from '../../../formats/tensorflow/index.ts';
import type { TfOps } from '../ops/index.ts';
import type { Constants } from './constants.ts';

/** A graph that an operator holds, as the body of a loop. */
export interface InnerGraph {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Values of the graph around that it takes. */
  readonly around: readonly TfValue[];
  /** Translates it. @param around what stands for each value of the graph around */
  translate(inputs: readonly TfValue[], around: ReadonlyMap<TfValue, TfValue>): readonly TfValue[];
}

/** One operator of an ONNX graph, that is translated. */
export class OperatorCall {
  readonly node: OnnxNode;
  readonly constants: Constants;
  readonly budget: FileBudget;
  readonly #inputs: readonly (TfValue | undefined)[];
  readonly #inner: (name: string) => InnerGraph;

  constructor(
    node: OnnxNode,
    inputs: readonly (TfValue | undefined)[],
    constants: Constants,
    budget: FileBudget,
    inner: (name: string) => InnerGraph,
  ) {
    this.node = node;
    this.constants = constants;
    this.budget = budget;
    this.#inputs = inputs;
    this.#inner = inner;
  }

  get count(): number {
    return this.#inputs.length;
  }

  /** All inputs. @throws AssayError when one of them is left out */
  all(): TfValue[] {
    return this.#inputs.map((_, index) => this.input(index));
  }

  input(index: number): TfValue {
    const value = this.#inputs[index];
    if (value === undefined) throw this.broken(`has no input ${index}`);
    return value;
  }

  optional(index: number): TfValue | undefined {
    return this.#inputs[index];
  }

  /** Whether a result has a name, so that something can take it. */
  gives(index: number): boolean {
    return (this.node.outputs[index] ?? '') !== '';
  }

  /** The elements of an input, which have to be known before the model runs. */
  known(index: number, tf: TfOps): readonly number[] {
    const known = this.knownIfGiven(index, tf);
    if (known === undefined) throw this.broken(`has no input ${index}`);
    return known;
  }

  knownIfGiven(index: number, tf: TfOps): readonly number[] | undefined {
    const value = this.optional(index);
    if (value === undefined) return undefined;
    const known = tf.knownIntegers(value);
    if (known === undefined) throw this.refuse(`its input ${index} is known only when the model runs`);
    return known;
  }

  /** How many dimensions a value has. */
  rankOf(value: TfValue): number {
    if (value.shape === undefined) throw this.refuse('the number of dimensions of its input is not known');
    return value.shape.length;
  }

  /** An axis counted from the first one, where the number of dimensions is known. */
  axis(value: TfValue, axis: number): number {
    if (value.shape === undefined) return axis;
    const rank = value.shape.length;
    if (!Number.isSafeInteger(axis) || axis < -rank || axis >= Math.max(1, rank))
      throw this.broken(`has the axis ${axis}, of ${rank}`);
    return axis < 0 ? axis + rank : axis;
  }

  integer(name: string, fallback: number): number {
    const value = this.attribute(name, 'int');
    return value === undefined ? fallback : this.#safe(name, value);
  }

  integers(name: string): readonly number[] | undefined {
    const value = this.attribute(name, 'ints');
    return value === undefined ? undefined : Array.from(value, (one) => this.#safe(name, one));
  }

  number(name: string, fallback: number): number {
    return this.attribute(name, 'float') ?? fallback;
  }

  text(name: string, fallback: string): string {
    const value = this.attribute(name, 'string');
    return value === undefined ? fallback : Buffer.from(value).toString('latin1');
  }

  inner(name: string): InnerGraph {
    return this.#inner(name);
  }

  /** @throws AssayError `malformed` when the attribute is of another type */
  attribute<T extends OnnxAttributeType>(name: string, type: T): AttributeValues[T] | undefined {
    const found = this.node.attributes.find((one) => one.name === name);
    if (found === undefined) return undefined;
    if (!isOfType(found, type)) throw this.broken(`has an attribute ${name} of another type`);
    return found.value;
  }

  /** @throws AssayError when an attribute is not one of these, which would be passed over */
  only(...names: readonly string[]): void {
    const other = this.node.attributes.find(({ name }) => !names.includes(name));
    if (other !== undefined) throw this.refuse(`its attribute ${other.name} is not translated`);
  }

  /** @throws AssayError when a value is of another type */
  expect(value: TfValue, ...types: readonly TfType[]): void {
    if (!types.includes(value.type)) throw this.refuse(`it is given ${value.type}`);
  }

  /** The error for what this operator does and TensorFlow, or this translation, does not. */
  refuse(why: string): AssayError {
    return new AssayError('unsupported', `the operator ${this.#name} is not translated: ${why}`, {
      hint: 'use --to onnx',
    });
  }

  broken(what: string): AssayError {
    return new AssayError('malformed', `the operator ${this.#name} ${what}`);
  }

  get #name(): string {
    const { op, domain, name } = this.node;
    const full = domain === '' ? op : `${domain}.${op}`;
    return `${full.slice(0, 80)} (${JSON.stringify(name.slice(0, 80))})`;
  }

  #safe(name: string, value: bigint): number {
    const number = Number(value);
    if (!Number.isSafeInteger(number)) throw this.broken(`has ${value} as its ${name}`);
    return number;
  }
}

type AttributeValues = { readonly [Value in OnnxAttributeValue as Value['type']]: Value['value'] };

function isOfType<T extends OnnxAttributeType>(
  attribute: { readonly type: string },
  type: T,
): attribute is { readonly type: T; readonly value: AttributeValues[T] } {
  return attribute.type === type;
}

/** How an operator becomes operations of TensorFlow. @returns a value for each result of the operator */
export type Translation = (call: OperatorCall, tf: TfOps) => TfValue | readonly TfValue[];

/** Translations by the names of operators; those of other sets than the standard one have its name first: `ai.onnx.ml.Scaler`. */
export type OperatorFamily = Readonly<Record<string, Translation>>;
