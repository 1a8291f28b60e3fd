import { AssayError } from '../../../core/index.ts';
import type {
  OnnxAttribute,
  OnnxFunction,
  OnnxGraph,
  OnnxModel,
  OnnxNode,
  OnnxOpset,
  OnnxTensor,
} from '../../../formats/onnx/index.ts';
import type { TensorContent } from '../constants/index.ts';
import type { Term, TermTable } from '../terms/index.ts';
import { constantValue } from './constant.ts';
import { ELEMENTWISE_FORMS } from './elementwise.ts';
import { FUSED_OPERATORS } from './fused.ts';
import { LAYOUT_FORMS } from './layout.ts';
import { MATRIX_FORMS } from './matrix.ts';
import { type OperatorRule, RuleCall, UnknownForm, unknownForm } from './node.ts';
import type { LoweredValue } from './value.ts';

/** An operator that has no canonical form, and why. */
export interface Unclear {
  readonly node: string;
  readonly op: string;
  readonly why: string;
  /** Runs one of several graphs, or one several times: what the input is decides which. */
  readonly isChoice: boolean;
}

/** What a graph computes, in the canonical form. */
export interface Lowered {
  readonly outputs: ReadonlyMap<string, LoweredValue>;
  readonly unclear: readonly Unclear[];
  /** The node that a term was first made for. */
  readonly madeBy: ReadonlyMap<Term, OnnxNode>;
}

export interface LowerOptions {
  readonly terms: TermTable;
  /** What each input is, by its name. */
  readonly inputs: ReadonlyMap<string, LoweredValue>;
  /** What each tensor holds that a live operator takes. */
  readonly constants: ReadonlyMap<OnnxTensor, TensorContent>;
}

const RULES: ReadonlyMap<string, OperatorRule> = new Map(
  Object.entries({ ...ELEMENTWISE_FORMS, ...LAYOUT_FORMS, ...MATRIX_FORMS }),
);
const FUSED_RULES: ReadonlyMap<string, OperatorRule> = new Map(Object.entries(FUSED_OPERATORS));
/** Sets of which programs disagree whether a function of a model comes before an operator. */
const STANDARD: ReadonlySet<string> = new Set(['', 'ai.onnx', 'ai.onnx.ml', 'com.microsoft']);
const CHOICES: ReadonlySet<string> = new Set(['If', 'Loop', 'Scan']);
/** The versions of the standard operators whose rules are those of this program. */
const OLDEST = 9;
const NEWEST = 24;
const MAX_DEPTH = 16;
/** Operators, with those of functions and branches as often as they are called. */
const MAX_NODES = 500_000;

/** @throws AssayError `malformed` for a graph that contradicts itself, `limit` */
export function lower(model: OnnxModel, live: ReadonlySet<OnnxNode>, options: LowerOptions): Lowered {
  return new Lowering(model, live, options).run();
}

/** Values by their names: those of a graph, and of the graphs around it. */
class Scope {
  readonly #values = new Map<string, LoweredValue>();
  readonly #around: Scope | undefined;

  constructor(around?: Scope) {
    this.#around = around;
  }

  get(name: string): LoweredValue | undefined {
    return this.#values.get(name) ?? this.#around?.get(name);
  }

  set(name: string, value: LoweredValue): void {
    if (this.#values.has(name))
      throw new AssayError('malformed', `${JSON.stringify(name.slice(0, 80))} is defined twice`);
    this.#values.set(name, value);
  }
}

class Lowering {
  readonly #model: OnnxModel;
  readonly #live: ReadonlySet<OnnxNode>;
  readonly #terms: TermTable;
  readonly #inputs: ReadonlyMap<string, LoweredValue>;
  readonly #constants: ReadonlyMap<OnnxTensor, TensorContent>;
  readonly #functions: ReadonlyMap<string, OnnxFunction>;
  readonly #unclear: Unclear[] = [];
  readonly #madeBy = new Map<Term, OnnxNode>();
  #depth = 0;
  #nodes = 0;

  constructor(model: OnnxModel, live: ReadonlySet<OnnxNode>, { terms, inputs, constants }: LowerOptions) {
    this.#model = model;
    this.#live = live;
    this.#terms = terms;
    this.#inputs = inputs;
    this.#constants = constants;
    this.#functions = new Map(model.functions.map((one) => [functionKey(one.domain, one.name, one.overload), one]));
  }

  run(): Lowered {
    const { graph, opsets } = this.#model;
    const scope = new Scope();
    for (const tensor of graph.initializers) this.#initializer(scope, tensor);
    for (const [name, value] of this.#inputs) if (scope.get(name) === undefined) scope.set(name, value);
    for (const node of graph.nodes) if (this.#live.has(node)) this.#node(node, scope, opsets);
    const outputs = new Map<string, LoweredValue>();
    for (const { name } of graph.outputs) {
      const value = scope.get(name);
      if (value === undefined)
        throw new AssayError('malformed', `nothing makes the output ${JSON.stringify(name.slice(0, 80))}`);
      outputs.set(name, value);
    }
    return { outputs, unclear: this.#unclear, madeBy: this.#madeBy };
  }

  #initializer(scope: Scope, tensor: OnnxTensor): void {
    if (this.#constants.has(tensor)) scope.set(tensor.name, this.#constant(tensor));
  }

  #constant(tensor: OnnxTensor): LoweredValue {
    const constant = this.#constants.get(tensor);
    if (constant === undefined) throw unknownForm('a tensor was not read');
    if (constant.kind !== 'unread') return constantValue(this.#terms, tensor, constant);
    this.#note({ node: tensor.name, op: 'tensor', why: constant.why, isChoice: false });
    return this.#opaque(tensor.name, []);
  }

  #node(node: OnnxNode, scope: Scope, opsets: readonly OnnxOpset[]): void {
    if (++this.#nodes > MAX_NODES) throw new AssayError('limit', `the graph has more than ${MAX_NODES} operators`);
    this.#terms.onNew = (term) => {
      if (!this.#madeBy.has(term)) this.#madeBy.set(term, node);
    };
    this.#terms.onMoved = (term, from) => {
      const before = this.#madeBy.get(from);
      if (before !== undefined && this.#madeBy.get(term) === node) this.#madeBy.set(term, before);
    };
    const inputs = node.inputs.map((name) => {
      if (name === '') return undefined;
      const value = scope.get(name);
      if (value === undefined)
        throw new AssayError('malformed', `nothing makes ${JSON.stringify(name.slice(0, 80))} before it is used`);
      return value;
    });
    let made: readonly LoweredValue[] = [];
    try {
      made = this.#apply(node, inputs, scope, opsets);
    } catch (error) {
      if (!(error instanceof UnknownForm)) throw error;
      // What follows from an unknown operator is not said again.
      if (inputs.every((value) => value === undefined || value.shape !== undefined))
        this.#note({ node: node.name, op: shownOp(node), why: error.message, isChoice: CHOICES.has(node.op) });
    }
    for (const [i, name] of node.outputs.entries())
      if (name !== '') scope.set(name, made[i] ?? this.#opaque(`${node.op} ${name}`, inputs));
  }

  #opaque(name: string, inputs: readonly (LoweredValue | undefined)[]): LoweredValue {
    const args = inputs.flatMap((value) => value?.term ?? []);
    const term = this.#terms.make({ op: 'opaque', attribute: name, args, shape: [] });
    return { type: 'float32', shape: undefined, term, items: undefined };
  }

  #note(unclear: Unclear): void {
    this.#unclear.push(unclear);
  }

  #apply(
    node: OnnxNode,
    inputs: readonly (LoweredValue | undefined)[],
    scope: Scope,
    opsets: readonly OnnxOpset[],
  ): readonly LoweredValue[] {
    const called = this.#functions.get(functionKey(node.domain, node.op, node.overload));
    if (called !== undefined && STANDARD.has(node.domain))
      throw unknownForm('a function has the domain of an operator set');
    if (called !== undefined) return this.#function(called, node, inputs);
    const domain = node.domain === 'ai.onnx' ? '' : node.domain;
    const [set, ...others] = opsets.filter((one) => (one.domain === 'ai.onnx' ? '' : one.domain) === domain);
    if (others.length > 0) throw unknownForm('its operator set has several versions');
    const version = set?.version;
    if (version === undefined)
      throw unknownForm(`its operator set ${JSON.stringify(domain.slice(0, 40))} has no version`);
    if (domain === '' && (version < OLDEST || version > NEWEST))
      throw unknownForm(`version ${version} of its operator set is not known`);
    const call = new RuleCall(this.#terms, node, domain === '' ? version : NEWEST, inputs, (tensor) =>
      this.#constant(tensor),
    );
    if (domain === '' && node.op === 'Constant') return [constantOf(call)];
    if (domain === '' && node.op === 'If') return this.#branch(node, inputs, scope, opsets);
    const rule = domain === '' ? RULES.get(node.op) : domain === 'com.microsoft' ? FUSED_RULES.get(node.op) : undefined;
    if (rule === undefined) throw unknownForm('the operator is not known');
    const made = rule(call);
    call.finish();
    return made;
  }

  /** The branch that is always taken. */
  #branch(
    node: OnnxNode,
    [condition]: readonly (LoweredValue | undefined)[],
    scope: Scope,
    opsets: readonly OnnxOpset[],
  ): readonly LoweredValue[] {
    const chosen = condition?.items?.[0]?.sign;
    if (chosen === undefined) throw unknownForm('what the input is decides which of its graphs runs');
    const taken = node.attributes.find(({ name }) => name === (chosen === 0 ? 'else_branch' : 'then_branch'));
    if (taken?.type !== 'graph') throw unknownForm('it has no graph');
    return this.#within(() => this.#subgraph(taken.value, scope, opsets));
  }

  #subgraph(graph: OnnxGraph, around: Scope, opsets: readonly OnnxOpset[]): readonly LoweredValue[] {
    const scope = new Scope(around);
    for (const tensor of graph.initializers) this.#initializer(scope, tensor);
    for (const node of graph.nodes) this.#node(node, scope, opsets);
    return graph.outputs.map(({ name }) => found(scope, name));
  }

  #function(
    called: OnnxFunction,
    node: OnnxNode,
    inputs: readonly (LoweredValue | undefined)[],
  ): readonly LoweredValue[] {
    return this.#within(() => {
      const scope = new Scope();
      for (const [i, name] of called.inputs.entries()) {
        const value = inputs[i];
        if (value !== undefined) scope.set(name, value);
      }
      const given = new Map([...called.defaults, ...node.attributes].map((attribute) => [attribute.name, attribute]));
      for (const inner of called.nodes) this.#node({ ...inner, attributes: bound(inner, given) }, scope, called.opsets);
      return called.outputs.map((name) => found(scope, name));
    });
  }

  #within<T>(build: () => T): T {
    if (this.#depth >= MAX_DEPTH) throw unknownForm('graphs lie too deep within each other');
    this.#depth++;
    try {
      return build();
    } finally {
      this.#depth--;
    }
  }
}

function found(scope: Scope, name: string): LoweredValue {
  const value = scope.get(name);
  if (value === undefined) throw unknownForm(`nothing makes its output ${JSON.stringify(name.slice(0, 80))}`);
  return value;
}

/** The attributes of a node within a function, with those that the call gives. */
function bound(node: OnnxNode, given: ReadonlyMap<string, OnnxAttribute>): OnnxAttribute[] {
  return node.attributes.flatMap((attribute) => {
    if (attribute.type !== 'reference') return [attribute];
    const value = given.get(attribute.to);
    return value === undefined ? [] : [{ ...value, name: attribute.name }];
  });
}

function functionKey(domain: string, name: string, overload: string): string {
  return JSON.stringify([domain === 'ai.onnx' ? '' : domain, name, overload]);
}

function shownOp({ domain, op }: OnnxNode): string {
  return domain === '' || domain === 'ai.onnx' ? op : `${domain}:${op}`;
}

function constantOf(call: RuleCall): LoweredValue {
  const value = call.tensor('value');
  if (value === undefined) throw unknownForm('its value is not a tensor');
  call.finish();
  return value;
}
