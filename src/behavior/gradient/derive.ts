import { AssayError } from '../../core/index.ts';
import type { OnnxModel, OnnxValue, RunnerOptions } from '../../formats/onnx/index.ts';
import { activityOf, type BlockedNode, isCall } from './activity.ts';
import { attributesOf } from './attributes.ts';
import { Gradients } from './gradients.ts';
import { isStandard, type OrderedGraph, orderedGraph, type PlacedNode } from './graph.ts';
import { type Loss, logitsBehind, placeLoss, type ScoreKind, type ScoreSource } from './loss.ts';
import { Ops } from './ops.ts';
import { given, probe } from './probe.ts';
import { isRecurrent, unrolled } from './recurrent.ts';
import { refusedNode, shortName } from './refusals.ts';
import type { TensorFeeds } from './rows.ts';
import { gradientRuleOf } from './rules/index.ts';
import type { SeenShapes } from './shapes.ts';
import { BackStep, type GradientRule } from './step.ts';
import { type RealType, Tape } from './tape.ts';

export interface GradientOptions extends Pick<RunnerOptions, 'bounds' | 'external' | 'signal'> {
  readonly model: OnnxModel;
  /** The tensor to differentiate by: an input, or one that a node gives. */
  readonly wrt: string;
  readonly loss: Loss;
  /** A value of each input, of which the sizes other than the number of rows are taken. */
  readonly example: TensorFeeds;
  /** Nodes of the model, and of the gradient; 20,000 when absent. */
  readonly maxNodes?: number;
}

/** A model that gives the loss of each row, and its gradient, besides the output that the loss is made of. */
export interface GradientModel {
  readonly model: OnnxModel;
  /** Names of inputs that the loss takes: int64 [rows], and for a product the shape of the output. */
  readonly inputs: {
    readonly class: string | undefined;
    readonly aim: string | undefined;
    readonly weights: string | undefined;
  };
  readonly outputs: { readonly scores: string; readonly loss: string; readonly gradient: string };
  readonly type: RealType;
  /** The number of rows that the model takes. */
  readonly rows: number | 'any';
  /** Nodes that other paths from the tensor to the output end at: the gradient is blind to what goes through them. */
  readonly blocked: readonly BlockedNode[];
  /** What the loss is made of: logits where they are at hand, so that a saturated softmax does not hide them. */
  readonly scores: ScoreKind;
}

const MAX_NODES = 20_000;
const OLDEST = 11;

/**
 * Differentiates a loss by a tensor: adds nodes to the model that compute the gradient, which any runtime can run. Rows stay
 * apart where the model keeps them apart.
 * @throws AssayError `unsupported` for an operator without a gradient, naming the node; `usage`; `malformed`; `limit`; what the
 *   runner throws, which is asked for shapes
 */
export async function deriveGradient(options: GradientOptions): Promise<GradientModel> {
  const { wrt, loss, maxNodes = MAX_NODES } = options;
  const opset = opsetOf(options.model);
  const model = await unrolledModel(options, opset, maxNodes);
  const graph = orderedGraph(model, maxNodes);
  const activity = activityOf(graph, wrt, loss.output);
  const rules = new Map(activity.path.map((placed) => [placed, rule(model, placed)]));
  const shapesOf = new Set([wrt, loss.output]);
  const valuesOf = new Set<string>();
  for (const [{ node }, { values = [] }] of rules) {
    for (const name of [...node.inputs, ...node.outputs]) if (name !== '') shapesOf.add(name);
    for (const index of values) valuesOf.add(node.inputs[index] ?? '');
  }
  valuesOf.delete('');
  const { shapes, type, rows } = await probe({
    ...{ model, graph, opset, maxNodes, shapesOf, valuesOf },
    ...{ example: options.example, typeOf: wrt },
    ...given(options),
  });
  const types = typesOf(activity.path, activity.active, wrt, realType(type, wrt));
  const tape = new Tape(model, opset, 16 * maxNodes);
  const from = sourceOf(graph, loss, shapes, activity.active, opset);
  const opsOf = (name: string) => new Ops(tape, types.get(name) ?? 'float32', shapes);
  const placed = placeLoss(opsOf(from.name), loss, from.name, from.kind);
  const gradients = new Gradients(tape, activity.active);
  gradients.give(from.name, placed.seed);
  for (const one of activity.path.toReversed()) back(one, rules.get(one), gradients, opsOf, types);
  const arrived = gradients.of(wrt);
  if (arrived === undefined) throw new AssayError('internal', `no gradient has arrived at ${shortName(wrt)}`);
  const gradient = tape.op('Identity', [arrived]);
  return {
    model: withTape(model, tape, [loss.output, placed.loss, gradient], placed.inputs),
    inputs: { class: placed.class, aim: placed.aim, weights: placed.weights },
    outputs: { scores: loss.output, loss: placed.loss, gradient },
    type: types.get(wrt) ?? 'float32',
    rows,
    blocked: activity.blocked,
    scores: from.kind,
  };
}

/** The model with the recurrent nodes on the path as the operators of their steps. */
async function unrolledModel(options: GradientOptions, opset: number, maxNodes: number): Promise<OnnxModel> {
  const { model, wrt, loss, example } = options;
  const graph = orderedGraph(model, maxNodes);
  checkNames(graph, wrt, loss.output);
  const { path } = activityOf(graph, wrt, loss.output);
  const nodes = new Set(path.flatMap(({ node }) => (isRecurrent(node) ? [node] : [])));
  if (nodes.size === 0) return model;
  const shapesOf = new Set([...nodes].flatMap(({ inputs }) => inputs).filter((name) => name !== ''));
  const { shapes } = await probe({
    ...{ model, graph, opset, maxNodes, shapesOf, valuesOf: new Set(), typeOf: wrt, example },
    ...given(options),
  });
  return unrolled(model, nodes, shapes, opset, maxNodes);
}

/** @throws AssayError `unsupported` for an operator set that is too old, or that the model defines itself */
export function opsetOf({ opsets, functions }: OnnxModel): number {
  const version = Math.max(0, ...opsets.filter(({ domain }) => isStandard(domain)).map((set) => set.version));
  if (version < OLDEST)
    throw new AssayError(
      'unsupported',
      `the model is of operator set ${version}; gradients need ${OLDEST} or a later one`,
      {
        hint: `convert the model to operator set ${OLDEST} or later, or use attacks that need no gradient`,
      },
    );
  const own = functions.find(({ domain }) => isStandard(domain));
  if (own !== undefined)
    throw new AssayError('unsupported', `the model defines the operator ${shortName(own.name)} of the standard itself`);
  return version;
}

function checkNames({ producers, inputs, constants }: OrderedGraph, wrt: string, output: string): void {
  if (constants.has(wrt)) throw new AssayError('usage', `${shortName(wrt)} is a constant of the model`);
  if (!inputs.has(wrt) && !producers.has(wrt))
    throw new AssayError('usage', `the model has no tensor ${shortName(wrt)}`);
  if (!producers.has(output)) throw new AssayError('usage', `no node of the model gives ${shortName(output)}`);
  if (wrt === output) throw new AssayError('usage', `${shortName(wrt)} is the output itself`);
}

function rule(model: OnnxModel, { node }: PlacedNode): GradientRule {
  const found = gradientRuleOf(node.op, node.domain);
  if (found !== undefined) return found;
  if (isCall(model, node)) throw refusedNode(node, 'it is a function of the model');
  throw refusedNode(node, 'the operator is not one that is differentiated');
}

function realType(type: string, name: string): RealType {
  if (type === 'float32' || type === 'float64') return type;
  throw new AssayError('unsupported', `${shortName(name)} is of ${type}; gradients are of float32 and float64`, {
    hint: 'name the tensor that an embedding gives, or use attacks that need no gradient',
  });
}

/** The types of the tensors on the path: operators keep that of their inputs, but for casts. */
function typesOf(
  path: readonly PlacedNode[],
  active: ReadonlySet<string>,
  wrt: string,
  type: RealType,
): ReadonlyMap<string, RealType> {
  const types = new Map([[wrt, type]]);
  for (const { node } of path) {
    const own = node.inputs.find((name) => active.has(name) && types.has(name));
    let result = (own === undefined ? undefined : types.get(own)) ?? type;
    if (node.op === 'Cast') {
      const to = attributesOf(node).int('to', 0);
      if (to !== 1 && to !== 11) throw refusedNode(node, 'it casts to numbers of half precision');
      result = to === 1 ? 'float32' : 'float64';
    }
    for (const output of node.outputs) types.set(output, result);
  }
  return types;
}

/** The tensor that the loss is made of: the logits of probabilities, where a softmax or a sigmoid makes them. */
function sourceOf(
  graph: OrderedGraph,
  loss: Loss,
  shapes: SeenShapes,
  active: ReadonlySet<string>,
  opset: number,
): ScoreSource {
  if (loss.kind === 'product') return { name: loss.output, kind: 'logits' };
  const found = logitsBehind(graph, loss.output, loss.scores, shapes, opset);
  return active.has(found.name) ? found : { name: loss.output, kind: loss.scores };
}

function back(
  { node }: PlacedNode,
  found: GradientRule | undefined,
  gradients: Gradients,
  opsOf: (name: string) => Ops,
  types: ReadonlyMap<string, RealType>,
): void {
  if (found === undefined || !node.outputs.some((output) => gradients.has(output))) return;
  const input = node.inputs[0] ?? '';
  const step = new BackStep(node, {
    ops: opsOf(node.outputs.find((output) => gradients.has(output)) ?? ''),
    inputType: types.get(input) ?? 'float32',
    isActive: (name) => gradients.isActive(name),
    gradientOf: (name) => gradients.of(name),
    give: (name, gradient) => gradients.give(name, gradient),
  });
  found.back(step);
}

function withTape(
  model: OnnxModel,
  { nodes, constants }: Tape,
  names: readonly string[],
  inputs: readonly OnnxValue[],
): OnnxModel {
  const { graph } = model;
  const outputs = names.map((name): OnnxValue => ({ name, type: undefined, docString: '', metadata: [] }));
  return {
    ...model,
    // Constants of earlier versions are inputs as well.
    irVersion: Math.max(model.irVersion, 8),
    graph: {
      ...graph,
      nodes: [...graph.nodes, ...nodes],
      initializers: [...graph.initializers, ...constants],
      inputs: [...graph.inputs, ...inputs],
      outputs,
    },
  };
}
