import { AssayError } from '../../core/index.ts';
import type { OnnxNode } from '../../formats/onnx/index.ts';
import { attributesOf, DYNAMIC, malformedNode, type NodeAttributes, type Ops, shownNode } from '../gradient/index.ts';
import { LARGEST, MAX_TERMS, magnitudeOf, roundingOf, type TensorBounds, TINY } from './interval.ts';

/** What a rule has at hand. */
export interface BoundSurroundings {
  readonly ops: Ops;
  /** The interval of a tensor that depends on the input; undefined for others. */
  intervalOf(name: string): TensorBounds | undefined;
  give(name: string, interval: TensorBounds): void;
  /** Adds a condition (bool, of any shape) without which no bound of the model holds. */
  demand(condition: string): void;
}

/** One node, whose inputs have intervals, and whose results are given theirs. */
export class BoundStep {
  readonly node: OnnxNode;
  readonly attributes: NodeAttributes;
  readonly ops: Ops;
  readonly #around: BoundSurroundings;

  constructor(node: OnnxNode, around: BoundSurroundings) {
    this.node = node;
    this.attributes = attributesOf(node);
    this.ops = around.ops;
    this.#around = around;
  }

  input(index: number): string {
    const name = this.node.inputs[index] ?? '';
    if (name === '') throw malformedNode(this.node, `its input ${index + 1} is missing`);
    return name;
  }

  optional(index: number): string | undefined {
    const name = this.node.inputs[index] ?? '';
    return name === '' ? undefined : name;
  }

  isActive(index: number): boolean {
    const name = this.optional(index);
    return name !== undefined && this.#around.intervalOf(name) !== undefined;
  }

  /** The interval of an input; one that does not depend on the input of the model is its own bounds. */
  interval(index: number): TensorBounds {
    const name = this.input(index);
    return this.#around.intervalOf(name) ?? this.#constant(name);
  }

  /** @throws AssayError `unsupported` where an input other than the named ones depends on the input of the model */
  onlyActive(...indexes: readonly number[]): void {
    for (const [index, name] of this.node.inputs.entries())
      if (!indexes.includes(index) && this.isActive(index))
        throw this.refuse(
          `its input ${index + 1} (${JSON.stringify(name.slice(0, 80))}) depends on the input of the model`,
        );
  }

  /** Sizes, of which DYNAMIC ones depend on the number of rows. */
  shape(name: string): readonly number[] {
    return this.ops.shapes.of(name);
  }

  /** Elements of an input that one element of the result is made of. */
  shareOfResult(): number {
    const [from, to] = [this.shape(this.input(0)), this.shape(this.node.outputs[0] ?? '')];
    const open = (shape: readonly number[]) => shape.filter((size) => size === DYNAMIC).length;
    if (open(from) !== open(to)) throw this.refuse('it works along the rows of the batch');
    const known = (shape: readonly number[]) => shape.reduce((all, size) => (size === DYNAMIC ? all : all * size), 1);
    return Math.max(1, Math.ceil(known(from) / Math.max(1, known(to))));
  }

  /** The node again, with other inputs in place of some of its own. */
  again(replaced: ReadonlyMap<number, string>, attributes = this.attributes.all): readonly string[] {
    const { op, inputs, outputs } = this.node;
    const given = inputs.map((name, index) => replaced.get(index) ?? name);
    return this.ops.tape.ops(
      op,
      given.map((name) => (name === '' ? undefined : name)),
      outputs.length,
      attributes,
    );
  }

  /** Bounds that no rounding has touched: operators that choose or move numbers. */
  exactly(lower: string, upper: string, terms: number, output = 0): void {
    const name = this.node.outputs[output] ?? '';
    if (name !== '') this.#around.give(name, { lower, upper, terms });
  }

  /**
   * Bounds that are moved outwards by what the numbers that they are made of may lose.
   * @param magnitude of what was added, where it is more than that of the bounds
   */
  outwards(
    lower: string,
    upper: string,
    { terms = 1, share = roundingOf(terms), least = TINY, magnitude = magnitudeOf(this.ops, { lower, upper }) } = {},
  ): void {
    const { ops } = this;
    const slack = ops.add(ops.scale(magnitude, share), ops.real(least));
    const [low, high] = [ops.sub(lower, slack), ops.add(upper, slack)];
    this.finite(low);
    this.finite(high);
    this.exactly(low, high, terms);
  }

  demand(condition: string): void {
    this.#around.demand(condition);
  }

  /** Numbers below zero leave no bound. */
  demandFromZero(name: string): void {
    const zero = this.ops.real(0);
    this.demand(this.ops.op('Or', [this.ops.op('Greater', [name, zero]), this.ops.op('Equal', [name, zero])]));
  }

  /** Numbers that are too large, or not numbers, leave no bound. */
  finite(name: string): void {
    this.demand(this.ops.op('Less', [this.ops.op('Abs', [name]), this.ops.real(LARGEST)]));
  }

  /** @throws AssayError `unsupported` for a sum whose rounding is not small */
  checkTerms(terms: number): number {
    if (terms <= MAX_TERMS) return terms;
    throw this.refuse(`it adds ${terms} numbers, more than ${MAX_TERMS}`);
  }

  refuse(why: string): AssayError {
    return refusedBound(this.node, why);
  }

  #constant(name: string): TensorBounds {
    this.finite(name);
    return { lower: name, upper: name, terms: 1 };
  }
}

/** How the intervals of the inputs of an operator become that of its result. */
export type BoundRule = (step: BoundStep) => void;

export function refusedBound(node: OnnxNode, why: string): AssayError {
  return new AssayError('unsupported', `${shownNode(node)} has no interval bounds: ${why}`, {
    hint: 'use kind: smoothing, which certifies any model of real numbers, or kind: adversarial',
  });
}
