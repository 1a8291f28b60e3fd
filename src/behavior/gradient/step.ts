import type { AssayError } from '../../core/index.ts';
import type { OnnxNode } from '../../formats/onnx/index.ts';
import { attributesOf, type NodeAttributes } from './attributes.ts';
import type { Ops } from './ops.ts';
import { malformedNode, refusedNode } from './refusals.ts';
import { DYNAMIC } from './shapes.ts';
import type { RealType } from './tape.ts';

/** What a step back through one node has at hand. */
export interface BackStepSurroundings {
  readonly ops: Ops;
  /** The type of the first input, which differs from that of the result where numbers are cast. */
  readonly inputType: RealType;
  /** Whether a tensor has a gradient. */
  isActive(name: string): boolean;
  /** The gradient of a tensor, where one has arrived. */
  gradientOf(name: string): string | undefined;
  give(name: string, gradient: string): void;
}

/** One node, whose results have gradients, and whose inputs are given theirs. */
export class BackStep {
  readonly node: OnnxNode;
  readonly attributes: NodeAttributes;
  readonly ops: Ops;
  readonly #around: BackStepSurroundings;

  constructor(node: OnnxNode, around: BackStepSurroundings) {
    this.node = node;
    this.attributes = attributesOf(node);
    this.ops = around.ops;
    this.#around = around;
  }

  get inputType(): RealType {
    return this.#around.inputType;
  }

  get opset(): number {
    return this.ops.tape.opset;
  }

  /** The gradient of the only result that may have one. @throws AssayError `unsupported` where another has one as well */
  gradient(): string {
    for (const [index, output] of this.node.outputs.entries()) {
      if (index > 0 && output !== '' && this.#around.gradientOf(output) !== undefined)
        throw this.refuse(`the loss depends on its result ${index + 1}`);
    }
    const gradient = this.gradientOf(0);
    if (gradient === undefined) throw this.refuse('the loss does not depend on its first result');
    return gradient;
  }

  gradientOf(output: number): string | undefined {
    return this.#around.gradientOf(this.output(output));
  }

  input(index: number): string {
    const name = this.node.inputs[index] ?? '';
    if (name === '') throw malformedNode(this.node, `its input ${index + 1} is missing`);
    return name;
  }

  /** An input that may be left out. */
  optional(index: number): string | undefined {
    const name = this.node.inputs[index] ?? '';
    return name === '' ? undefined : name;
  }

  output(index = 0): string {
    const name = this.node.outputs[index] ?? '';
    if (name === '') throw malformedNode(this.node, `its result ${index + 1} is missing`);
    return name;
  }

  isActive(index: number): boolean {
    const name = this.optional(index);
    return name !== undefined && this.#around.isActive(name);
  }

  /** @throws AssayError `unsupported` where an input other than the named ones has a gradient */
  onlyActive(...indexes: readonly number[]): void {
    for (const [index, name] of this.node.inputs.entries()) {
      if (!indexes.includes(index) && name !== '' && this.#around.isActive(name))
        throw this.refuse(`its input ${index + 1} depends on the tensor, too`);
    }
  }

  shape(name: string): readonly number[] {
    return this.ops.shapes.of(name);
  }

  /** The shape of the first input. */
  get inputShape(): readonly number[] {
    return this.shape(this.input(0));
  }

  /** An axis counted from the first. @throws AssayError `malformed` for one that the shape does not have */
  axis(axis: number, rank: number): number {
    const at = axis < 0 ? axis + rank : axis;
    if (!Number.isInteger(at) || at < 0 || at >= rank)
      throw malformedNode(this.node, `the axis ${axis} does not exist`);
    return at;
  }

  /** A size that does not depend on the number of rows. */
  size(name: string, axis: number): number {
    const size = this.shape(name)[axis];
    if (size === undefined) throw malformedNode(this.node, `the axis ${axis} does not exist`);
    if (size === DYNAMIC) throw this.refuse('it works along the rows of the batch');
    return size;
  }

  /** The numbers of an input that is a constant. */
  numbers(index: number): readonly number[] {
    const values = this.ops.shapes.values(this.input(index));
    if (values === undefined) throw this.refuse(`its input ${index + 1} is known only when the model runs`);
    return values;
  }

  /** The whole numbers of an input that is a constant. */
  ints(index: number): readonly number[] {
    const values = this.numbers(index);
    if (!values.every(Number.isSafeInteger)) throw this.malformed(`its input ${index + 1} does not hold whole numbers`);
    return values;
  }

  give(index: number, gradient: string): void {
    const name = this.optional(index);
    if (name !== undefined) this.#around.give(name, gradient);
  }

  /** The gradient of an input that was broadcast to the result. */
  giveBroadcast(index: number, gradient: string): void {
    if (this.isActive(index)) this.give(index, this.ops.unbroadcast(gradient, this.input(index), this.output()));
  }

  refuse(why: string): AssayError {
    return refusedNode(this.node, why);
  }

  malformed(why: string): AssayError {
    return malformedNode(this.node, why);
  }
}

/** How the gradients of the results of an operator become those of its inputs. */
export interface GradientRule {
  readonly back: (step: BackStep) => void;
  /** Inputs whose numbers the rule asks for. */
  readonly values?: readonly number[];
}
