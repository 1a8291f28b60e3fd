import type { DataType, OnnxAttribute, OnnxNode, OnnxTensor } from '../../../formats/onnx/index.ts';
import type { SymbolicShape, SymbolicSize, Term, TermTable } from '../terms/index.ts';
import type { LoweredValue } from './value.ts';

/** Thrown by a rule that does not know this form of an operator. */
export class UnknownForm extends Error {
  override readonly name = 'UnknownForm';
}

export function unknownForm(why: string): UnknownForm {
  return new UnknownForm(why);
}

/** An operator that is brought to its canonical form: its operands, and its attributes, each of which has to be read. */
export class RuleCall {
  readonly terms: TermTable;
  readonly node: OnnxNode;
  /** The version of its operator set. */
  readonly version: number;
  readonly inputs: readonly (LoweredValue | undefined)[];
  readonly #attributes: ReadonlyMap<string, OnnxAttribute>;
  readonly #constant: (tensor: OnnxTensor) => LoweredValue;
  readonly #read = new Set<string>();

  constructor(
    terms: TermTable,
    node: OnnxNode,
    version: number,
    inputs: readonly (LoweredValue | undefined)[],
    constant: (tensor: OnnxTensor) => LoweredValue,
  ) {
    this.terms = terms;
    this.node = node;
    this.version = version;
    this.inputs = inputs;
    this.#constant = constant;
    this.#attributes = new Map(node.attributes.map((attribute) => [attribute.name, attribute]));
    if (this.#attributes.size < node.attributes.length) throw unknownForm('an attribute comes twice');
  }

  has(index: number): boolean {
    return this.inputs[index] !== undefined;
  }

  /** An operand whose shape is known. */
  input(index: number): LoweredValue & { readonly shape: SymbolicShape } {
    const value = this.inputs[index];
    if (value === undefined) throw unknownForm(`its input ${index} is absent`);
    const { shape } = value;
    if (shape === undefined) throw unknownForm(`the shape of its input ${index} is not known`);
    return { ...value, shape };
  }

  optional(index: number): (LoweredValue & { readonly shape: SymbolicShape }) | undefined {
    return this.has(index) ? this.input(index) : undefined;
  }

  term(index: number): Term {
    return this.input(index).term;
  }

  /** The elements of an operand of few whole numbers. */
  items(index: number): readonly SymbolicSize[] {
    const { items } = this.input(index);
    if (items === undefined) throw unknownForm(`its input ${index} is not known before the model runs`);
    return items;
  }

  numbers(index: number): number[] {
    return this.items(index).map((item) => {
      if (item.number === undefined) throw unknownForm(`its input ${index} depends on the sizes of the inputs`);
      return item.number;
    });
  }

  #attribute(name: string): OnnxAttribute | undefined {
    this.#read.add(name);
    return this.#attributes.get(name);
  }

  int(name: string, fallback?: number): number {
    const found = this.#attribute(name);
    if (found === undefined && fallback !== undefined) return fallback;
    if (found?.type !== 'int') throw unknownForm(`its ${name} is not a whole number`);
    return Number(found.value);
  }

  float(name: string, fallback: number): number {
    const found = this.#attribute(name);
    if (found === undefined) return fallback;
    if (found.type !== 'float') throw unknownForm(`its ${name} is not a number`);
    return found.value;
  }

  ints(name: string): number[] | undefined {
    const found = this.#attribute(name);
    if (found === undefined) return undefined;
    if (found.type !== 'ints') throw unknownForm(`its ${name} is not a list of whole numbers`);
    return Array.from(found.value, Number);
  }

  text(name: string, fallback: string): string {
    const found = this.#attribute(name);
    if (found === undefined) return fallback;
    if (found.type !== 'string') throw unknownForm(`its ${name} is not a text`);
    return Buffer.from(found.value).toString('utf8');
  }

  tensor(name: string): LoweredValue | undefined {
    const found = this.#attribute(name);
    if (found === undefined) return undefined;
    if (found.type !== 'tensor') throw unknownForm(`its ${name} is not a tensor`);
    return this.#constant(found.value);
  }

  /** Axes, which newer versions take as an operand. */
  axes(index: number, since: number): number[] | undefined {
    if (this.version < since) return this.ints('axes');
    return this.has(index) ? this.numbers(index) : undefined;
  }

  ignore(...names: readonly string[]): void {
    for (const name of names) this.#read.add(name);
  }

  /** @throws UnknownForm for an attribute that nothing has read: it could change what is computed */
  finish(): void {
    for (const name of this.#attributes.keys())
      if (!this.#read.has(name)) throw unknownForm(`its attribute ${JSON.stringify(name.slice(0, 40))} is not known`);
  }
}

/** What an operator gives. @throws UnknownForm */
export type OperatorRule = (call: RuleCall) => readonly LoweredValue[];

export function axisIn(axis: number, rank: number): number {
  const at = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(at) || at < 0 || at >= rank) throw unknownForm(`it has no dimension ${axis}`);
  return at;
}

/** The type of a result that is combined of several operands. */
export function resultType(values: readonly LoweredValue[]): DataType {
  return values[0]?.type ?? 'float32';
}
