import { AssayError, quotedName } from '../../core/index.ts';
import type { OnnxAttribute, OnnxFunction, OnnxGraph, OnnxModel, OnnxNode } from '../../formats/onnx/index.ts';
import { FlatGraph, nodeLabel, type ValueId } from './flat-graph.ts';

/** Nodes of a graph whose functions are opened: each call of a function counts its nodes again. */
const MAX_NODES = 200_000;
/** Calls of functions and subgraphs within each other. */
const MAX_DEPTH = 64;

/**
 * The graph of a model with all functions and subgraphs opened.
 * @throws AssayError `malformed`, `unsupported`, `limit` for a graph that cannot be followed
 */
export function flattened(model: OnnxModel, maxNodes = MAX_NODES): FlatGraph {
  const flat = new FlatGraph(maxNodes);
  const own = model.functions.find(({ domain }) => isStandardSet(domain));
  if (own !== undefined)
    throw new AssayError(
      'unsupported',
      `the model defines the operator ${quotedName(own.name)} of the standard itself`,
    );
  const opener = new Opener(flat, model);
  const { graph } = model;
  const scope = new Scope(undefined);
  const constant = new Set(initializersOf(graph));
  for (const input of graph.inputs) {
    // What has a value of its own need not be given.
    if (constant.has(input.name)) continue;
    const id = flat.value();
    scope.define(input.name, id);
    flat.inputs.set(id, input);
  }
  opener.open(graph, scope, '', 0);
  for (const { name } of graph.outputs) flat.outputs.push(scope.find(name));
  return flat;
}

export function isStandardSet(domain: string): boolean {
  return domain === '' || domain === 'ai.onnx';
}

function initializersOf(graph: OnnxGraph): string[] {
  return [...graph.initializers.map(({ name }) => name), ...graph.sparseInitializers.map(({ values }) => values.name)];
}

/** The names that a graph, or the body of a function, sees. */
class Scope {
  readonly #around: Scope | undefined;
  readonly #ids = new Map<string, ValueId>();

  constructor(around: Scope | undefined) {
    this.#around = around;
  }

  define(name: string, id: ValueId): void {
    if (this.#ids.has(name)) throw new AssayError('malformed', `the value ${quotedName(name)} has two makers`);
    this.#ids.set(name, id);
  }

  /** -1 for an input that is left out. */
  find(name: string): ValueId {
    if (name === '') return -1;
    const own = this.#ids.get(name);
    const outer = this.#around?.has(name);
    // One reader takes the inner value, another the outer one.
    if (own !== undefined && outer === true)
      throw new AssayError('malformed', `the value ${quotedName(name)} of a subgraph has the name of one around it`);
    const found = own ?? this.#around?.find(name);
    if (found === undefined) throw new AssayError('malformed', `nothing gives the value ${quotedName(name)}`);
    return found;
  }

  has(name: string): boolean {
    return this.#ids.has(name) || this.#around?.has(name) === true;
  }
}

class Opener {
  readonly #flat: FlatGraph;
  readonly #functions: ReadonlyMap<string, OnnxFunction>;

  constructor(flat: FlatGraph, { functions }: OnnxModel) {
    this.#flat = flat;
    this.#functions = new Map(functions.map((one) => [functionKey(one.domain, one.name, one.overload), one]));
    if (this.#functions.size !== functions.length)
      throw new AssayError('malformed', 'the model defines a function twice');
  }

  /** Adds the nodes of a graph, whose inputs are known to the scope. */
  open(graph: OnnxGraph, scope: Scope, path: string, depth: number): void {
    const flat = this.#flat;
    for (const tensor of graph.initializers) {
      const id = flat.value();
      scope.define(tensor.name, id);
      flat.constants.set(id, tensor);
    }
    for (const { values } of graph.sparseInitializers) {
      const id = flat.value();
      scope.define(values.name, id);
      flat.constants.set(id, values);
    }
    this.#nodes(graph.nodes, scope, path, depth);
  }

  #nodes(nodes: readonly OnnxNode[], scope: Scope, path: string, depth: number): void {
    if (depth > MAX_DEPTH) throw new AssayError('limit', `its functions and subgraphs are more than ${MAX_DEPTH} deep`);
    for (const { outputs } of nodes)
      for (const name of outputs) if (name !== '') scope.define(name, this.#flat.value());
    for (const node of nodes) this.#node(node, scope, path, depth);
  }

  #node(node: OnnxNode, scope: Scope, path: string, depth: number): void {
    const { op, domain, name, outputs: names, attributes } = node;
    const inputs = node.inputs.map((input) => scope.find(input));
    const outputs = names.map((output) => scope.find(output));
    const label = nodeLabel(path, op, name, names);
    const called = this.#functions.get(functionKey(domain, op, node.overload));
    if (called !== undefined) {
      this.#call(called, node, inputs, outputs, label, depth);
      return;
    }
    const graphs = attributes.flatMap(graphsOf);
    if (graphs.length === 0) {
      this.#flat.add({ op, domain, label, attributes, inputs, outputs, feedback: [] });
      return;
    }
    const bodies = graphs.map(({ attribute, graph }) => ({ attribute, graph, scope: new Scope(scope) }));
    const within = (attribute: string) => `${label} > ${attribute.slice(0, 40)} > `;
    const open = ({ attribute, graph, scope: inner }: (typeof bodies)[number]): ValueId[] => {
      this.open(graph, inner, within(attribute), depth + 1);
      return graph.outputs.map((output) => inner.find(output.name));
    };
    const [first] = bodies;
    if (isStandardSet(domain) && op === 'If' && bodies.length === 2) {
      const branches = bodies.map(open);
      for (const [at, output] of outputs.entries())
        if (output >= 0)
          this.#flat.structureInto(output, 'If', label, [inputs[0] ?? -1, ...branches.map((one) => one[at] ?? -1)]);
      return;
    }
    if (first !== undefined && bodies.length === 1 && isStandardSet(domain)) {
      const scans = op === 'Scan' && inputs.length === first.graph.inputs.length;
      if (op === 'Loop') this.#loop(first, inputs, outputs, label, () => open(first));
      if (scans) this.#scan(first, node, inputs, outputs, label, () => open(first));
      if (op === 'Loop' || scans) return;
    }
    // What its bodies are given is not known: each of their inputs may be made of all that the node takes.
    const ends = bodies.flatMap((body) => {
      for (const input of body.graph.inputs) body.scope.define(input.name, this.#flat.structure('Part', label, inputs));
      return open(body);
    });
    for (const output of outputs)
      if (output >= 0) this.#flat.structureInto(output, 'Bodies', label, [...inputs, ...ends]);
  }

  #call(
    called: OnnxFunction,
    node: OnnxNode,
    inputs: readonly ValueId[],
    outputs: readonly ValueId[],
    label: string,
    depth: number,
  ): void {
    const scope = new Scope(undefined);
    for (const [at, name] of called.inputs.entries()) scope.define(name, inputs[at] ?? -1);
    const given = new Map([...called.defaults, ...node.attributes].map((one) => [one.name, one]));
    const nodes = called.nodes.map((one) => ({
      ...one,
      attributes: one.attributes.flatMap((attribute) => bound(attribute, given)),
    }));
    this.#nodes(nodes, scope, `${label} > `, depth + 1);
    for (const [at, output] of outputs.entries())
      if (output >= 0) this.#flat.structureInto(output, 'Part', label, [scope.find(called.outputs[at] ?? '')]);
  }

  #loop(
    { graph, scope }: Body,
    inputs: readonly ValueId[],
    outputs: readonly ValueId[],
    label: string,
    open: () => ValueId[],
  ): void {
    const flat = this.#flat;
    const [trips = -1, start = -1, ...initial] = inputs;
    const states = graph.inputs.slice(1).map(({ name }, at) => {
      const from = at === 0 ? start : (initial[at - 1] ?? -1);
      const feedback: ValueId[] = [];
      const id = flat.structure('State', label, [from], feedback);
      scope.define(name, id);
      return { feedback, from };
    });
    const [turn] = graph.inputs;
    if (turn !== undefined) scope.define(turn.name, flat.structure('Turn', label, []));
    const [again = -1, ...ends] = open();
    for (const [at, { feedback }] of states.entries()) feedback.push(at === 0 ? again : (ends[at - 1] ?? -1));
    for (const [at, output] of outputs.entries())
      if (output >= 0)
        flat.structureInto(output, 'Loop', label, [trips, start, again, ends[at] ?? -1, states[at + 1]?.from ?? -1]);
  }

  #scan(
    { graph, scope }: Body,
    { attributes }: OnnxNode,
    inputs: readonly ValueId[],
    outputs: readonly ValueId[],
    label: string,
    open: () => ValueId[],
  ): void {
    const flat = this.#flat;
    const count = attributes.find(({ name }) => name === 'num_scan_inputs');
    const scanned = count?.type === 'int' ? Number(count.value) : 0;
    const states = Math.max(0, graph.inputs.length - scanned);
    const feedbacks = graph.inputs.map(({ name }, at) => {
      const feedback: ValueId[] = [];
      scope.define(name, flat.structure(at < states ? 'State' : 'Part', label, [inputs[at] ?? -1], feedback));
      return feedback;
    });
    const ends = open();
    for (const [at, feedback] of feedbacks.entries()) if (at < states) feedback.push(ends[at] ?? -1);
    for (const [at, output] of outputs.entries())
      if (output >= 0)
        flat.structureInto(output, 'Part', label, [ends[at] ?? -1, at < states ? (inputs[at] ?? -1) : -1]);
  }
}

interface Body {
  readonly attribute: string;
  readonly graph: OnnxGraph;
  readonly scope: Scope;
}

function functionKey(domain: string, name: string, overload: string): string {
  return JSON.stringify([domain, name, overload]);
}

/** An attribute of a node of a function, with what the call gives in place of a reference. */
function bound(attribute: OnnxAttribute, given: ReadonlyMap<string, OnnxAttribute>): OnnxAttribute[] {
  if (attribute.type === 'reference') {
    const value = given.get(attribute.to);
    return value === undefined ? [] : [{ ...value, name: attribute.name }];
  }
  if (attribute.type === 'graph') return [{ ...attribute, value: boundGraph(attribute.value, given) }];
  if (attribute.type === 'graphs')
    return [{ ...attribute, value: attribute.value.map((graph) => boundGraph(graph, given)) }];
  return [attribute];
}

function boundGraph(graph: OnnxGraph, given: ReadonlyMap<string, OnnxAttribute>): OnnxGraph {
  return {
    ...graph,
    nodes: graph.nodes.map((node) => ({ ...node, attributes: node.attributes.flatMap((one) => bound(one, given)) })),
  };
}

function graphsOf(attribute: OnnxAttribute): { readonly attribute: string; readonly graph: OnnxGraph }[] {
  if (attribute.type === 'graph') return [{ attribute: attribute.name, graph: attribute.value }];
  return attribute.type === 'graphs' ? attribute.value.map((graph) => ({ attribute: attribute.name, graph })) : [];
}
