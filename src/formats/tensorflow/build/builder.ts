import { AssayError } from '../../../core/index.ts';
import type { TfAttribute, TfGraph, TfNode, TfPort, TfShape, TfTensor } from '../model.ts';
import type { TfType } from '../types.ts';
import { attr } from './attributes.ts';
import { NodeNames } from './node-names.ts';

/** What an operation gives: a type, and what is known of the shape. */
export interface TfResult {
  readonly type: TfType;
  readonly shape: TfShape;
}

/** A value of a graph that is being built. Only the builder makes one. */
export class TfValue implements TfResult {
  readonly node: string;
  readonly index: number;
  readonly type: TfType;
  readonly shape: TfShape;

  constructor(node: string, index: number, { type, shape }: TfResult) {
    this.node = node;
    this.index = index;
    this.type = type;
    this.shape = shape;
  }

  /** What an operation takes it by. */
  get reference(): string {
    return this.index === 0 ? this.node : `${this.node}:${this.index}`;
  }
}

export type TfAttributes = Readonly<Record<string, TfAttribute>>;

/** The version of TensorFlow's graphs that has every operation that is written: that of 2.4. */
const PRODUCER = 561;

/** Builds a GraphDef value by value. What no output needs is left out. Equal calls make an equal graph. */
export class TfGraphBuilder {
  readonly #names = new NodeNames();
  readonly #nodes = new Map<string, TfNode>();
  /** What a constant within a loop runs after, so that it belongs to it. */
  #within: string | undefined;

  op(
    op: string,
    inputs: readonly TfValue[],
    result: TfResult,
    attributes: TfAttributes = {},
    hint: string = op,
  ): TfValue {
    return new TfValue(this.#add(op, inputs, attributes, hint), 0, result);
  }

  /** An operation with several results. */
  ops(op: string, inputs: readonly TfValue[], results: readonly TfResult[], attributes: TfAttributes = {}): TfValue[] {
    const node = this.#add(op, inputs, attributes, op);
    return results.map((result, index) => new TfValue(node, index, result));
  }

  constant(tensor: TfTensor, hint = 'constant'): TfValue {
    const { type, dims } = tensor;
    const attributes = { dtype: attr.type(type), value: { kind: 'tensor', value: tensor } as const };
    return new TfValue(this.#add('Const', [], attributes, hint), 0, { type, shape: dims });
  }

  placeholder(name: string, result: TfResult): TfValue {
    const attributes = { dtype: attr.type(result.type), shape: attr.shape(result.shape) };
    return this.op('Placeholder', [], result, attributes, name);
  }

  /** A name for an operation that is added later. */
  reserve(hint: string): string {
    return this.#names.unique(hint);
  }

  /** An operation that takes what is added later, as loops do. */
  addNamed(
    name: string,
    op: string,
    inputs: readonly string[],
    results: readonly TfResult[],
    attributes: TfAttributes,
  ): TfValue[] {
    if (this.#nodes.has(name)) throw new AssayError('internal', `the graph has two operations ${name}`);
    this.#nodes.set(name, { name, op, inputs, device: '', attributes: new Map(Object.entries(attributes)) });
    return results.map((result, index) => new TfValue(name, index, result));
  }

  /** Adds operations whose constants run after a value: those within a loop. */
  within<T>(pivot: TfValue, body: () => T): T {
    const before = this.#within;
    this.#within = pivot.node;
    try {
      return body();
    } finally {
      this.#within = before;
    }
  }

  /** The operations that some values need. */
  graph(outputs: readonly TfValue[]): TfGraph {
    const needed = new Set<string>();
    const waiting = outputs.map(({ node }) => node);
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      if (needed.has(name)) continue;
      needed.add(name);
      const node = this.#nodes.get(name);
      if (node === undefined) throw new AssayError('internal', `the graph has no operation ${name}`);
      for (const input of node.inputs) waiting.push(input.replace(/^\^|:\d+$/g, ''));
    }
    const nodes = [...this.#nodes.values()].filter(({ name, op }) => needed.has(name) || op === 'Placeholder');
    return { nodes, functions: [], producer: PRODUCER, minConsumer: 0 };
  }

  #add(op: string, inputs: readonly TfValue[], attributes: TfAttributes, hint: string): string {
    const name = this.#names.unique(hint);
    const references = inputs.map(({ reference }) => reference);
    if (inputs.length === 0 && this.#within !== undefined) references.push(`^${this.#within}`);
    this.addNamed(name, op, references, [], attributes);
    return name;
  }
}

/** How a signature names a value. */
export function tfPort(value: TfValue, shape: TfShape = value.shape): TfPort {
  return { tensor: `${value.node}:${value.index}`, type: value.type, shape };
}
