import { AssayError, type FileBudget } from '../../../core/index.ts';
import type { OnnxGraph, OnnxNode } from '../../../formats/onnx/index.ts';
import type { TfValue } from '../../../formats/tensorflow/index.ts';
import { type Constants, graphsOf, type InnerGraph, OperatorCall } from '../call/index.ts';
import { TRANSLATIONS } from '../operators/index.ts';
import type { TfOps } from '../ops/index.ts';

/** Units of work, and bytes, of an operator with the operations that it becomes. */
const NODE_WORK = 1_000;
const NODE_BYTES = 4_000;
const MAX_DEPTH = 8;

/** Translates the operators of a graph, in their order. */
export class Translator {
  readonly #tf: TfOps;
  readonly #constants: Constants;
  readonly #budget: FileBudget;
  #depth = 0;

  constructor(tf: TfOps, constants: Constants, budget: FileBudget) {
    this.#tf = tf;
    this.#constants = constants;
    this.#budget = budget;
  }

  /** Adds what the nodes of a graph make to the values that it can name. */
  translate(graph: OnnxGraph, values: Map<string, TfValue>): void {
    const [sparse] = graph.sparseInitializers;
    if (sparse !== undefined)
      throw new AssayError('unsupported', `the sparse tensor ${sparse.values.name} is not translated`);
    for (const tensor of graph.initializers) {
      this.#charge();
      values.set(tensor.name, this.#constants.value(tensor, this.#tf));
    }
    for (const node of graph.nodes) this.#node(node, values);
  }

  #node(node: OnnxNode, values: Map<string, TfValue>): void {
    this.#charge();
    const inputs = node.inputs.map((name) => (name === '' ? undefined : found(values, name, node)));
    const call: OperatorCall = new OperatorCall(node, inputs, this.#constants, this.#budget, (name) =>
      this.#inner(call, name, values),
    );
    const key = node.domain === '' || node.domain === 'ai.onnx' ? node.op : `${node.domain}.${node.op}`;
    const translation = TRANSLATIONS.get(key);
    if (translation === undefined) throw call.refuse('it has no translation');
    const result = translation(call, this.#tf);
    const results = Array.isArray(result) ? result : [result];
    for (const [index, name] of node.outputs.entries()) {
      if (name === '') continue;
      const value: TfValue | undefined = results[index];
      if (value === undefined) throw call.refuse(`its result ${index} is not made`);
      if (values.has(name)) throw call.broken(`makes ${JSON.stringify(name.slice(0, 80))}, which exists already`);
      values.set(name, value);
    }
  }

  #inner(call: OperatorCall, name: string, outside: ReadonlyMap<string, TfValue>): InnerGraph {
    const graph = call.attribute(name, 'graph');
    if (graph === undefined) throw call.broken(`has no graph ${name}`);
    const around = new Set<TfValue>();
    for (const { nodes, outputs } of graphsOf(graph)) {
      for (const input of [...nodes.flatMap((node) => node.inputs), ...outputs.map((output) => output.name)]) {
        const value = outside.get(input);
        if (value !== undefined) around.add(value);
      }
    }
    return {
      inputs: graph.inputs.map((input) => input.name),
      outputs: graph.outputs.map((output) => output.name),
      around: [...around],
      translate: (inputs, inside) => this.#translateInner(call, graph, outside, inputs, inside),
    };
  }

  #translateInner(
    call: OperatorCall,
    graph: OnnxGraph,
    outside: ReadonlyMap<string, TfValue>,
    inputs: readonly TfValue[],
    inside: ReadonlyMap<TfValue, TfValue>,
  ): TfValue[] {
    if (this.#depth >= MAX_DEPTH) throw call.refuse(`graphs are nested deeper than ${MAX_DEPTH}`);
    const values = new Map<string, TfValue>();
    for (const [name, value] of outside) {
      const stands = inside.get(value);
      if (stands === undefined) continue;
      values.set(name, stands);
      this.#tf.learnSame(stands, value);
    }
    for (const [index, { name }] of graph.inputs.entries()) {
      const value = inputs[index];
      if (value === undefined || values.has(name)) throw call.broken(`gives its graph no input ${name}, or one twice`);
      values.set(name, value);
    }
    this.#depth++;
    this.translate(graph, values);
    this.#depth--;
    return graph.outputs.map(({ name }) => found(values, name, call.node));
  }

  #charge(): void {
    this.#budget.work(NODE_WORK);
    this.#budget.hold(NODE_BYTES);
  }
}

function found(values: ReadonlyMap<string, TfValue>, name: string, { op }: OnnxNode): TfValue {
  const value = values.get(name);
  if (value !== undefined) return value;
  throw new AssayError(
    'malformed',
    `the operator ${op.slice(0, 80)} takes ${JSON.stringify(name.slice(0, 80))}, which is not made before it`,
  );
}
