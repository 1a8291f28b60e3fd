import { AssayError } from '../../core/index.ts';
import {
  type OnnxModel,
  type OnnxNode,
  type OnnxType,
  type OnnxValue,
  type RunnerOptions,
  tensorType,
} from '../../formats/onnx/index.ts';
import {
  given,
  logitsBehind,
  Ops,
  type OrderedGraph,
  opsetOf,
  orderedGraph,
  type PlacedNode,
  probe,
  type ScoreKind,
  type ScoreSource,
  shortName,
  Tape,
  type TensorFeeds,
} from '../gradient/index.ts';
import type { TensorBounds } from './interval.ts';
import { pathFrom } from './reach.ts';
import { placeRivals } from './rivals.ts';
import { boundRuleOf } from './rules/index.ts';
import { type BoundRule, BoundStep, type BoundSurroundings, refusedBound } from './step.ts';

export interface BoundOptions extends Pick<RunnerOptions, 'bounds' | 'external' | 'signal'> {
  readonly model: OnnxModel;
  /** The input, of float32, that lies in a box: all others are fixed. */
  readonly input: string;
  /** The output that holds the scores: [rows, classes], or [rows, 1] of the second of two classes. */
  readonly output: string;
  readonly scores: ScoreKind;
  /** A value of each input, of which the sizes other than the number of rows are taken. */
  readonly example: TensorFeeds;
  /** Nodes of the model; 20,000 when absent. */
  readonly maxNodes?: number;
}

/** A model that gives bounds of the scores, whatever lies in the box. */
export interface BoundModel {
  readonly model: OnnxModel;
  /** The least and the greatest of each number of the input, and the class of each row (int64 [rows]). */
  readonly inputs: { readonly lower: string; readonly upper: string; readonly class: string };
  readonly outputs: {
    /** Of the scores, or of the logits behind probabilities. */
    readonly lower: string;
    readonly upper: string;
    /** Of each score less that of the class of its row, the greatest: below 0, that class is told instead. */
    readonly rivals: string;
    /** 1 where all numbers are finite, else 0: then no bound of the run holds. */
    readonly valid: string;
  };
  /** What the bounds are of. */
  readonly scores: ScoreKind;
  /** Numbers that one row needs in the last step, which limits the rows of a run. */
  readonly rowNumbers: number;
}

const MAX_NODES = 20_000;
/** Nodes that one operator becomes, at most. */
const GROWTH = 64;

/**
 * Propagates an interval for each number of an input through a graph (interval bound propagation, Gowal et al. 2018), as nodes that are added to the
 * model. The bounds hold for what a runtime computes with numbers of 32 bits, in any order of its sums.
 * @throws AssayError `unsupported` for an operator without a sound rule, naming the node; `usage`; `malformed`; `limit`; what the
 *   runner throws, which is asked for shapes
 */
export async function deriveBounds(options: BoundOptions): Promise<BoundModel> {
  const placed = await placedIntervals(options);
  const { around, found, source, last } = placed;
  const rivals = placeRivals(last, source, found, around);
  const own = { name: rivals.class, type: tensorType('int64', [undefined]), docString: '', metadata: [] };
  const { model, inputs, outputs } = bounded(options.model, placed, [rivals.rivals], [own]);
  return {
    model,
    inputs: { ...inputs, class: rivals.class },
    outputs: { ...outputs, rivals: rivals.rivals },
    scores: source.kind,
    rowNumbers: rivals.rowNumbers,
  };
}

/** The same of an output of any shape, without scores. */
export async function deriveIntervals(options: Omit<BoundOptions, 'scores'>): Promise<ReturnType<typeof bounded>> {
  return bounded(options.model, await placedIntervals({ ...options, scores: 'logits' }), [], []);
}

interface Placed {
  readonly around: BoundSurroundings & { readonly conditions: readonly string[] };
  /** The ends of the box, as inputs. */
  readonly box: readonly [lower: OnnxValue, upper: OnnxValue];
  readonly source: ScoreSource;
  /** The bounds of what the scores are made of, and the node that gives it. */
  readonly found: TensorBounds;
  readonly last: OnnxNode | undefined;
}

async function placedIntervals(options: BoundOptions): Promise<Placed> {
  const { model, input, output, scores, example, maxNodes = MAX_NODES } = options;
  const opset = opsetOf(model);
  const graph = orderedGraph(model, maxNodes);
  const type = boxType(model, graph, input);
  const reach = pathFrom(graph, input, output);
  if (!reach.active.has(output))
    throw new AssayError('unsupported', `the output ${shortName(output)} does not depend on ${shortName(input)}`);
  // A softmax may be the last node, of which the logits are looked at.
  for (const { node } of reach.path) if (node.op !== 'Softmax') ruleOf(node);
  const shapesOf = new Set([input, output, ...reach.path.flatMap(({ node }) => [...node.inputs, ...node.outputs])]);
  const asked = reach.path.flatMap(({ node }) => (WITH_VALUES[node.op] ?? []).map((at) => node.inputs[at] ?? ''));
  const valuesOf = new Set(asked);
  for (const names of [shapesOf, valuesOf]) names.delete('');
  const { shapes } = await probe({
    ...{ model, graph, opset, maxNodes, shapesOf, valuesOf, typeOf: input, example },
    ...given(options),
  });
  const logits = logitsBehind(graph, output, scores, shapes, opset);
  const source = reach.active.has(logits.name) ? logits : { name: output, kind: scores };
  const ops = new Ops(new Tape(model, opset, GROWTH * maxNodes, 'bounds'), 'float32', shapes);
  const box = ['lower', 'upper'].map(
    (name): OnnxValue => ({ name: ops.tape.name(name), type, docString: '', metadata: [] }),
  );
  const [lower, upper] = box;
  if (lower === undefined || upper === undefined) throw new AssayError('internal', 'a box has two ends');
  const around = surroundings(ops, input, { lower: lower.name, upper: upper.name, terms: 1 });
  for (const one of pathFrom(graph, input, source.name).path) propagate(one, reach.active, around);
  const found = around.intervalOf(source.name);
  if (found === undefined) throw new AssayError('internal', `no bounds have arrived at ${shortName(source.name)}`);
  return { around, box: [lower, upper], source, found, last: graph.producers.get(source.name)?.node };
}

/** @throws AssayError `usage` for an input that is not there; `unsupported` for one that is not of float32 */
function boxType(model: OnnxModel, graph: OrderedGraph, input: string): OnnxType {
  if (!graph.inputs.has(input)) throw new AssayError('usage', `the model has no input ${shortName(input)}`);
  const type = model.graph.inputs.find(({ name }) => name === input)?.type;
  if (type?.kind === 'tensor' && type.element === 'float32') return type;
  throw new AssayError('unsupported', `the input ${shortName(input)} is not of float32: it has no interval bounds`);
}

function surroundings(ops: Ops, input: string, interval: TensorBounds): Placed['around'] {
  const intervals = new Map([[input, interval]]);
  const conditions: string[] = [];
  return {
    ops,
    conditions,
    intervalOf: (name) => intervals.get(name),
    give: (name, found) => intervals.set(name, found),
    demand: (condition) => conditions.push(condition),
  };
}

function ruleOf(node: OnnxNode): BoundRule {
  const rule = boundRuleOf(node.op, node.domain);
  if (rule === undefined) throw refusedBound(node, 'the operator does not have a sound rule');
  return rule;
}

function propagate({ node, uses }: PlacedNode, active: ReadonlySet<string>, around: Placed['around']): void {
  const rule = ruleOf(node);
  const missing = uses.find((name) => active.has(name) && around.intervalOf(name) === undefined);
  if (missing !== undefined) throw refusedBound(node, `its input ${shortName(missing)} has none`);
  rule(new BoundStep(node, around));
}

/** Inputs whose numbers a rule asks for. */
const WITH_VALUES: Readonly<Record<string, readonly number[]>> = { Pow: [1], Dropout: [2] };

/** 1 where each of the conditions holds everywhere. */
function allOf(ops: Ops, conditions: readonly string[]): string {
  if (conditions.length === 0) return ops.ones([]);
  const least = conditions.map((condition) =>
    ops.reshape(ops.op('ReduceMin', [ops.mask(condition)], { keepdims: 0 }), [1]),
  );
  return ops.op('ReduceMin', [ops.op('Concat', least, { axis: 0 })], { keepdims: 0 });
}

/** The model with the bounds that were placed as its outputs, and others beside them. */
function bounded(
  model: OnnxModel,
  { around: { ops, conditions }, box, found }: Placed,
  more: readonly string[],
  inputs: readonly OnnxValue[],
) {
  const [lower, upper] = box;
  const outputs = {
    lower: ops.op('Identity', [found.lower]),
    upper: ops.op('Identity', [found.upper]),
    valid: allOf(ops, conditions),
  };
  const { graph } = model;
  const { nodes, constants } = ops.tape;
  const names = [...Object.values(outputs), ...more];
  const whole: OnnxModel = {
    ...model,
    irVersion: Math.max(model.irVersion, 8),
    graph: {
      ...graph,
      nodes: [...graph.nodes, ...nodes],
      initializers: [...graph.initializers, ...constants],
      inputs: [...graph.inputs, ...box, ...inputs],
      outputs: names.map((name): OnnxValue => ({ name, type: undefined, docString: '', metadata: [] })),
    },
  };
  return { model: whole, inputs: { lower: lower.name, upper: upper.name }, outputs };
}
