import { AssayError } from '../../core/index.ts';
import {
  attribute,
  constantKey,
  NameTable,
  type OnnxAttribute,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type PlainAttribute,
  tensorOf,
} from '../../formats/onnx/index.ts';

/** The types of numbers that gradients are of. */
export type RealType = 'float32' | 'float64';

/** Attributes of an operator, or those that another node has. Those that are undefined are left out. */
export type TapeAttributes = Readonly<Record<string, PlainAttribute | undefined>> | readonly OnnxAttribute[];

/** Collects nodes and constants that are added to a model, under names that it does not use. */
export class Tape {
  readonly nodes: OnnxNode[] = [];
  readonly constants: OnnxTensor[] = [];
  /** The version of the standard operator set of the model. */
  readonly opset: number;
  readonly #names = new NameTable();
  readonly #known = new Map<string, string>();
  readonly #maxNodes: number;
  readonly #what: string;

  /** @param what is made of the nodes: their names start with it */
  constructor(model: OnnxModel, opset: number, maxNodes: number, what = 'gradient') {
    this.opset = opset;
    this.#maxNodes = maxNodes;
    this.#what = what;
    for (const name of namesOf(model)) this.#names.reserve(name);
  }

  /** A name that the model does not use. */
  name(hint: string): string {
    return this.#names.unique(hint);
  }

  /** Adds a node of the standard operator set. An input that is undefined is left out. @returns its results */
  ops(
    op: string,
    inputs: readonly (string | undefined)[],
    count: number,
    attributes: TapeAttributes = {},
  ): readonly string[] {
    if (this.nodes.length >= this.#maxNodes)
      throw new AssayError('limit', `the ${this.#what} needs more than ${this.#maxNodes} nodes`, {
        hint: 'use attacks that need no gradient',
      });
    const outputs = Array.from({ length: count }, () => this.name(`${this.#what}/${op.toLowerCase()}`));
    this.nodes.push({
      name: this.name(`${this.#what}/${op}`),
      op,
      domain: '',
      overload: '',
      inputs: inputs.map((input) => input ?? ''),
      outputs,
      attributes: isList(attributes) ? attributes : listOf(attributes),
      docString: '',
      metadata: [],
    });
    return outputs;
  }

  /** Adds a node whose result has a name of its own. */
  named(op: string, inputs: readonly string[], output: string, attributes: TapeAttributes = {}): void {
    const made = this.op(op, inputs, attributes);
    const node = this.nodes.pop();
    if (node === undefined) throw new AssayError('internal', `the node that gives ${made} was not added`);
    this.nodes.push({ ...node, outputs: [output] });
  }

  op(op: string, inputs: readonly (string | undefined)[], attributes: TapeAttributes = {}): string {
    const [output = ''] = this.ops(op, inputs, 1, attributes);
    return output;
  }

  /** A constant; small ones that are equal are one. */
  constant(tensor: OnnxTensor): string {
    const key = constantKey(tensor);
    const known = key === undefined ? undefined : this.#known.get(key);
    if (known !== undefined) return known;
    const name = this.name(`${this.#what}/constant`);
    if (key !== undefined) this.#known.set(key, name);
    this.constants.push({ ...tensor, name });
    return name;
  }

  ints(values: readonly number[], dims: readonly number[] = [values.length]): string {
    return this.constant(tensorOf(BigInt64Array.from(values, BigInt), dims));
  }

  reals(values: readonly number[] | Float64Array, dims: readonly number[], type: RealType): string {
    const array = type === 'float32' ? Float32Array.from(values) : Float64Array.from(values);
    return this.constant(tensorOf(array, dims));
  }
}

function isList(attributes: TapeAttributes): attributes is readonly OnnxAttribute[] {
  return Array.isArray(attributes);
}

function listOf(attributes: Readonly<Record<string, PlainAttribute | undefined>>): readonly OnnxAttribute[] {
  return Object.entries(attributes).flatMap(([name, value]) => (value === undefined ? [] : [attribute(name, value)]));
}

/** All names of a model, subgraphs included. */
function* namesOf({ graph }: OnnxModel): Generator<string> {
  const graphs = [graph];
  for (let at = graphs.pop(); at !== undefined; at = graphs.pop()) {
    for (const { name } of [...at.inputs, ...at.outputs, ...at.initializers, ...at.values]) yield name;
    for (const { values } of at.sparseInitializers) yield values.name;
    for (const node of at.nodes) {
      yield node.name;
      yield* node.inputs;
      yield* node.outputs;
      for (const one of node.attributes) {
        if (one.type === 'graph') graphs.push(one.value);
        else if (one.type === 'graphs') graphs.push(...one.value);
      }
    }
  }
}
