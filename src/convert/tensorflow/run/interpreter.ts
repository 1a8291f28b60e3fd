import { AssayError } from '../../../core/index.ts';
import type { TfFunction, TfNode, TfTensor } from '../../../formats/tensorflow/index.ts';
import type { Network } from '../../network/index.ts';
import type { TensorReadOptions } from '../../tensors/index.ts';
import {
  constantDatum,
  type Datum,
  dataInputs,
  functionsByName,
  isLookedAt,
  nodeOrder,
  nodeQuoted,
  nodesByName,
  OperationCall,
  referenceOf,
  resultIndex,
  type TfOperand,
} from '../graph/index.ts';
import type { OpenedModel } from '../model/index.ts';
import { LOWERINGS } from '../operators/index.ts';
import { variableKeys } from './objects.ts';
import { assigns, calledFunction, variableName } from './variables.ts';

const MAX_DEPTH = 64;
const MAX_OPERATIONS = 1_000_000;
const NODE_WORK = 500;

/** Small integers of constants, which are read before. */
type ConstantBytes = ReadonlyMap<TfTensor, Uint8Array>;

/** What is read of a model before its operations are converted. */
export interface ModelValues {
  readonly constants: ConstantBytes;
  /** The keys of saved values, by the names of variables. */
  readonly keys: ReadonlyMap<string, string>;
}

export async function readValues(model: OpenedModel, options: TensorReadOptions): Promise<ModelValues> {
  return { constants: await readConstants(model, options), keys: await variableKeys(model, options) };
}

async function readConstants({ graph }: OpenedModel, { budget }: TensorReadOptions): Promise<ConstantBytes> {
  const known = new Map<TfTensor, Uint8Array>();
  for (const nodes of [graph.nodes, ...graph.functions.map((one) => one.nodes)])
    for (const { op, attributes } of nodes) {
      const value = op === 'Const' ? attributes.get('value') : undefined;
      if (value?.kind !== 'tensor' || value.value.data.kind !== 'raw' || !isLookedAt(value.value)) continue;
      const { range } = value.value.data;
      budget.hold(range.length);
      known.set(value.value, await range.source.read(range.offset, range.length));
    }
  return known;
}

/** Converts the operations of a model, from what is given to what is asked for. Functions are converted where they are called. */
export class Interpreter {
  readonly #net: Network;
  readonly #options: TensorReadOptions;
  readonly #model: OpenedModel;
  readonly #constants: ConstantBytes;
  readonly #functions: ReadonlyMap<string, TfFunction>;
  readonly #keys: ReadonlyMap<string, string>;
  readonly #variables = new Map<string, Datum>();
  #operations = 0;
  #depth = 0;

  constructor(net: Network, model: OpenedModel, { constants, keys }: ModelValues, options: TensorReadOptions) {
    this.#net = net;
    this.#model = model;
    this.#constants = constants;
    this.#options = options;
    this.#functions = functionsByName(model.graph.functions);
    this.#keys = keys;
  }

  /** @param given values of placeholders, and of other tensors that a signature feeds, by their references */
  results(wanted: readonly string[], given: ReadonlyMap<string, Datum>): TfOperand[] {
    const nodes = nodesByName(this.#model.graph.nodes);
    const values = new Map<string, readonly TfOperand[]>();
    for (const [reference, datum] of given) {
      const { node, index } = referenceOf(reference);
      if (index !== 0)
        throw new AssayError('unsupported', `${nodeQuoted(reference)} is fed, which is not a first result`);
      values.set(node, [datum]);
    }
    return this.#run(nodes, wanted, values);
  }

  #run(
    nodes: ReadonlyMap<string, TfNode>,
    wanted: readonly string[],
    values: Map<string, readonly TfOperand[]>,
  ): TfOperand[] {
    const references = wanted.map(referenceOf);
    const order = nodeOrder(
      nodes,
      references.map(({ node }) => node),
      (name) => values.has(name),
    );
    this.#refuseChanges(nodes, order, values);
    const operand = (input: string): TfOperand => {
      const reference = referenceOf(input);
      const node = nodes.get(reference.node);
      const index = node === undefined ? reference.index : resultIndex(node, reference);
      const value = values.get(reference.node)?.[index];
      if (value === undefined)
        throw new AssayError('malformed', `${nodeQuoted(input)} is not a result of ${node?.op ?? 'anything'}`);
      return value;
    };
    for (const node of order) values.set(node.name, this.#node(node, dataInputs(node).map(operand)));
    return wanted.map(operand);
  }

  /** @throws AssayError `unsupported` for a model that gives a variable another value while it runs */
  #refuseChanges(
    nodes: ReadonlyMap<string, TfNode>,
    order: readonly TfNode[],
    values: ReadonlyMap<string, readonly TfOperand[]>,
  ): void {
    const known = new Set<string>();
    const waiting = order.flatMap(({ inputs }) => inputs);
    for (let input = waiting.pop(); input !== undefined; input = waiting.pop()) {
      const { node: name } = referenceOf(input.replace(/^\^/, ''));
      const node = nodes.get(name);
      if (node === undefined || known.has(name) || values.has(name)) continue;
      known.add(name);
      waiting.push(...node.inputs);
      if (assigns(node.op))
        throw this.#net.refuse(
          `the operation ${node.op.slice(0, 80)} (${nodeQuoted(name)}) changes a variable while the model runs`,
        );
    }
  }

  #node(node: TfNode, operands: readonly TfOperand[]): readonly TfOperand[] {
    if (++this.#operations > MAX_OPERATIONS)
      throw new AssayError('limit', `the model has more than ${MAX_OPERATIONS} operations`);
    this.#options.budget.work(NODE_WORK);
    const variable = variableName(node);
    if (variable !== undefined) return [{ variable }];
    if (node.op === 'Const') return [this.#constant(node)];
    const called = calledFunction(node, this.#functions);
    if (called !== undefined) return this.#call(node, called, operands);
    const call = new OperationCall(node, this.#net, operands, (name) => this.#variable(name));
    const lowering = LOWERINGS.get(node.op);
    if (lowering === undefined) throw call.refuse('it has no counterpart');
    const result = lowering(call);
    return isList(result) ? result : [result];
  }

  #constant({ name, attributes }: TfNode): Datum {
    const value = attributes.get('value');
    if (value?.kind !== 'tensor') throw this.#net.broken(`the constant ${nodeQuoted(name)} has no value`);
    return constantDatum(this.#net, value.value, this.#constants.get(value.value), name, this.#options);
  }

  #variable(name: string): Datum {
    const known = this.#variables.get(name);
    if (known !== undefined) return known;
    const key = this.#keys.get(name);
    if (key === undefined)
      throw this.#net.refuse(`the variable ${nodeQuoted(name)} is not among those that are restored`);
    const { type, dims, range } = this.#model.variable(key);
    if (type === 'string') throw this.#net.refuse(`the variable ${nodeQuoted(name)} is text`);
    const tensor: TfTensor = { type, dims, data: { kind: 'raw', range } };
    const datum = constantDatum(
      this.#net,
      tensor,
      range.source.readNow(range.offset, range.length),
      key,
      this.#options,
    );
    this.#variables.set(name, datum);
    return datum;
  }

  #call(node: TfNode, called: TfFunction, operands: readonly TfOperand[]): readonly TfOperand[] {
    if (this.#depth >= MAX_DEPTH) throw new AssayError('limit', `functions are nested deeper than ${MAX_DEPTH}`);
    if (operands.length !== called.inputs.length)
      throw this.#net.broken(
        `${nodeQuoted(node.name)} calls a function with ${operands.length} of ${called.inputs.length} values`,
      );
    const nodes = nodesByName(called.nodes);
    // Operations of a function that change something run, whether their results are used or not.
    for (const { op, name } of called.nodes)
      if (assigns(op))
        throw this.#net.refuse(
          `the operation ${op.slice(0, 80)} (${nodeQuoted(name)}) changes a variable while the model runs`,
        );
    const values = new Map<string, readonly TfOperand[]>();
    for (const [index, name] of called.inputs.entries()) {
      const operand = operands[index];
      if (operand !== undefined) values.set(name, [operand]);
    }
    const wanted = called.outputs.map((output) => {
      const reference = called.returns.get(output);
      if (reference === undefined)
        throw this.#net.broken(`the function ${nodeQuoted(called.name)} does not return ${nodeQuoted(output)}`);
      return reference;
    });
    this.#depth++;
    const results = this.#run(nodes, wanted, values);
    this.#depth--;
    return results;
  }
}

function isList(result: TfOperand | readonly TfOperand[]): result is readonly TfOperand[] {
  return Array.isArray(result);
}
