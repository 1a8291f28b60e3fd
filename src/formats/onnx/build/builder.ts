import { AssayError } from '../../../core/index.ts';
import type { DataType } from '../data-type.ts';
import type { OnnxAttribute, OnnxGraph, OnnxModel, OnnxNode, OnnxTensor, OnnxType, OnnxValue } from '../model.ts';
import { attribute, type PlainAttribute } from './attributes.ts';
import { constantKey } from './constants.ts';
import { type ModelInfo, modelOf, type OperatorSets, operatorSets } from './model-info.ts';
import { NameTable } from './names.ts';

/** Sizes, names of sizes that are known when the model runs (`'batch'`), or undefined for an unknown one. */
export type OnnxShape = readonly (number | string | undefined)[];

/** A value of a graph that is being built. Only the builder makes one, so that each has a maker. */
export class GraphValue {
  readonly builder: GraphBuilder;
  /** What its name is made from. */
  readonly hint: string;
  /** A name that is asked for: an input or an output of the model. */
  fixed: string | undefined;
  readonly made: 'input' | 'constant' | 'node';

  constructor(builder: GraphBuilder, hint: string, made: 'input' | 'constant' | 'node') {
    this.builder = builder;
    this.hint = hint;
    this.made = made;
  }
}

/** The attributes of an operator; a builder that `subgraph` made is a graph. Those that are undefined are left out. */
export type Attributes = Readonly<Record<string, PlainAttribute | GraphBuilder | undefined>>;

export interface OperatorOptions {
  /** The operator set, which is the standard one when absent. */
  readonly domain?: string;
  /** What the names of the results are made from; the operator's own name when absent. */
  readonly hint?: string;
}

interface PlannedNode {
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly (GraphValue | undefined)[];
  readonly outputs: readonly GraphValue[];
  readonly attributes: readonly (OnnxAttribute | { readonly name: string; readonly graph: GraphBuilder })[];
}

interface Port {
  readonly value: GraphValue;
  readonly type: OnnxType;
}

/**
 * Builds a graph value by value. What an operator takes has to be made before, here or in a graph around this one; so nothing
 * dangles, and nothing is circular. Names are given when the model is made: those of inputs and outputs as asked for, the
 * others unique. Equal calls make an equal model.
 */
export class GraphBuilder {
  readonly name: string;
  readonly sets: OperatorSets;
  readonly #around: GraphBuilder | undefined;
  readonly #inputs: Port[] = [];
  readonly #outputs: Port[] = [];
  readonly #constants: { readonly value: GraphValue; readonly tensor: OnnxTensor }[] = [];
  readonly #known = new Map<string, GraphValue>();
  readonly #nodes: PlannedNode[] = [];
  #finished = false;

  constructor(name = 'model', sets: Readonly<Record<string, number>> = {}, around?: GraphBuilder) {
    this.name = name;
    this.#around = around;
    this.sets = around?.sets ?? operatorSets(sets);
  }

  /** A graph for an attribute, as of `If` and `Loop`, which sees the values of this one. Use it in one attribute. */
  subgraph(name: string): GraphBuilder {
    return new GraphBuilder(name, {}, this);
  }

  /** An input of the graph, by its name. */
  input(name: string, type: DataType, shape?: OnnxShape): GraphValue {
    return this.inputOf(name, tensorType(type, shape));
  }

  /** An input that need not be a tensor. */
  inputOf(name: string, type: OnnxType): GraphValue {
    const value = this.#value(name, 'input');
    value.fixed = name;
    this.#inputs.push({ value, type });
    return value;
  }

  /** A tensor of the model. Small ones that are equal are one value. */
  constant(tensor: OnnxTensor, hint = 'constant'): GraphValue {
    this.#open();
    if (tensor.data.kind === 'external') throw this.#wrong(`the constant ${hint} is not at hand`);
    const key = constantKey(tensor);
    const known = key === undefined ? undefined : this.#known.get(key);
    if (known !== undefined) return known;
    const value = this.#value(hint, 'constant');
    if (key !== undefined) this.#known.set(key, value);
    this.#constants.push({ value, tensor });
    return value;
  }

  /** Applies an operator that has one result. An input that is undefined is left out. */
  op(
    op: string,
    inputs: readonly (GraphValue | undefined)[],
    attributes: Attributes = {},
    options: OperatorOptions = {},
  ): GraphValue {
    const [value] = this.ops(op, inputs, 1, attributes, options);
    if (value === undefined) throw this.#wrong(`${op} has no result`);
    return value;
  }

  /** Applies an operator that has `count` results. */
  ops(
    op: string,
    inputs: readonly (GraphValue | undefined)[],
    count: number,
    attributes: Attributes = {},
    options: OperatorOptions = {},
  ): readonly GraphValue[] {
    this.#open();
    const domain = options.domain ?? '';
    if (!this.sets.has(domain)) throw this.#wrong(`${op} is of the operator set "${domain}", which has no version`);
    if (op === '') throw this.#wrong('an operator has no name');
    for (const input of inputs) if (input !== undefined) this.#check(input, op);
    const planned = Object.entries(attributes).flatMap(([name, value]) =>
      value === undefined ? [] : [this.#attribute(op, name, value)],
    );
    const outputs = Array.from({ length: count }, () => this.#value(options.hint ?? op.toLowerCase(), 'node'));
    this.#nodes.push({ op, domain, inputs: withoutTail(inputs), outputs, attributes: planned });
    this.sets.use(domain);
    return outputs;
  }

  /** Makes a value an output of the graph, by its name. */
  output(name: string, value: GraphValue, type: DataType, shape?: OnnxShape): void {
    this.outputOf(name, value, tensorType(type, shape));
  }

  outputOf(name: string, value: GraphValue, type: OnnxType): void {
    this.#open();
    this.#check(value, `the output ${name}`);
    // Inputs, constants, values of a graph around, and outputs have another name already.
    const free = value.made === 'node' && value.builder === this && value.fixed === undefined;
    const result = free ? value : this.op('Identity', [value]);
    result.fixed = name;
    this.#outputs.push({ value: result, type });
  }

  /** The whole model, once. @throws AssayError `internal` without outputs, or where two inputs or outputs share a name */
  model(info: ModelInfo = {}): OnnxModel {
    if (this.#around !== undefined) throw this.#wrong('is a part of another graph, not a model');
    this.#open();
    this.#finished = true;
    return modelOf(this.#resolve(new NameTable(), new Map()), this.sets, info);
  }

  /** Gives all values their names. */
  #resolve(table: NameTable, names: Map<GraphValue, string>): OnnxGraph {
    if (this.#outputs.length === 0) throw this.#wrong('has no output');
    for (const { value } of [...this.#inputs, ...this.#outputs]) this.#nameport(value, table, names);
    const nameOf = (value: GraphValue, hint = value.hint): string => {
      let name = names.get(value);
      if (name === undefined) {
        name = table.unique(hint);
        names.set(value, name);
      }
      return name;
    };
    const initializers = this.#constants.map(({ value, tensor }) => ({ ...tensor, name: nameOf(value) }));
    const port = ({ value, type }: Port): OnnxValue => ({ name: nameOf(value), type, docString: '', metadata: [] });
    const nodes = this.#nodes.map((node, index): OnnxNode => {
      const inputs = node.inputs.map((input) => (input === undefined ? '' : nameOf(input)));
      const attributes = node.attributes.map((one): OnnxAttribute => {
        if (!('graph' in one)) return one;
        return { name: one.name, docString: '', type: 'graph', value: one.graph.#resolve(table, names) };
      });
      const outputs = node.outputs.map((output) => nameOf(output));
      const { op, domain } = node;
      const name = `${this.name}/${op}_${index}`;
      return { name, op, domain, overload: '', inputs, outputs, attributes, docString: '', metadata: [] };
    });
    return {
      name: this.name,
      docString: '',
      nodes,
      initializers,
      sparseInitializers: [],
      inputs: this.#inputs.map(port),
      outputs: this.#outputs.map(port),
      values: [],
      quantization: [],
      metadata: [],
    };
  }

  /** The inputs and outputs of the model are named as asked for; those of a graph within, alike where that is free. */
  #nameport(value: GraphValue, table: NameTable, names: Map<GraphValue, string>): void {
    const name = value.fixed ?? value.hint;
    if (this.#around !== undefined) names.set(value, table.unique(name));
    else if (table.reserve(name)) names.set(value, name);
    else throw this.#wrong(name === '' ? 'has an input or output without a name' : `has two values "${name}"`);
  }

  #attribute(op: string, name: string, value: PlainAttribute | GraphBuilder): PlannedNode['attributes'][number] {
    if (!(value instanceof GraphBuilder)) return attribute(name, value);
    if (value.#around !== this) throw this.#wrong(`${op} has a graph that is not one of its own`);
    value.#open();
    value.#finished = true;
    return { name, graph: value };
  }

  #value(hint: string, made: GraphValue['made']): GraphValue {
    this.#open();
    return new GraphValue(this, hint, made);
  }

  #check(value: GraphValue, user: string): void {
    for (let at: GraphBuilder | undefined = this; at !== undefined; at = at.#around) if (value.builder === at) return;
    throw this.#wrong(`${user} takes the value ${value.hint} of another graph`);
  }

  #open(): void {
    if (this.#finished) throw this.#wrong('is finished');
  }

  #wrong(what: string): AssayError {
    return new AssayError('internal', `the graph ${this.name} cannot be built: ${what}`);
  }
}

/** Inputs at the end that are left out need not be written. */
function withoutTail(inputs: readonly (GraphValue | undefined)[]): readonly (GraphValue | undefined)[] {
  return inputs.slice(0, inputs.findLastIndex((input) => input !== undefined) + 1);
}

export function tensorType(element: DataType, shape?: OnnxShape): OnnxType {
  const sizes = shape?.map((size) => ({ size, denotation: '' }));
  return { kind: 'tensor', denotation: '', element, shape: sizes };
}
