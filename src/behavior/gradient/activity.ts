import type { OnnxModel, OnnxNode } from '../../formats/onnx/index.ts';
import { attributesOf } from './attributes.ts';
import { isStandard, type OrderedGraph, type PlacedNode } from './graph.ts';
import { noPath } from './refusals.ts';

/** Operators whose result depends on the shape of what they take, not on its values. */
const SHAPE_ONLY: ReadonlySet<string> = new Set(['Shape', 'Size', 'EyeLike', 'RandomNormalLike', 'RandomUniformLike']);

/** Operators whose results change in steps: their derivative is zero wherever there is one. */
const STEPS: ReadonlySet<string> = new Set([
  'ArgMax',
  'ArgMin',
  'Equal',
  'Greater',
  'GreaterOrEqual',
  'Less',
  'LessOrEqual',
  'Not',
  'And',
  'Or',
  'Xor',
  'NonZero',
  'IsNaN',
  'IsInf',
  'OneHot',
  'Floor',
  'Ceil',
  'Round',
  'Sign',
  'QuantizeLinear',
  'DynamicQuantizeLinear',
  'Bernoulli',
  'Multinomial',
  'Unique',
  'NonMaxSuppression',
  'BitShift',
]);
/** Operators whose results differ from run to run. */
const DRAWING = /^(?:Random|Bernoulli|Multinomial)/;
/** Operators of which one result is a list of positions. */
const POSITIONS: Readonly<Record<string, number>> = { MaxPool: 1, TopK: 1 };
/** The numbers of the floating-point types of ONNX. */
const FLOATS: ReadonlySet<number> = new Set([1, 10, 11, 16]);

/** A node that a path from the input to the loss ends at. */
export interface BlockedNode {
  readonly op: string;
  readonly name: string;
}

/** Which part of a graph takes part in a derivative. */
export interface Activity {
  /** The nodes between the tensor and the output, each after what it uses. */
  readonly path: readonly PlacedNode[];
  /** The tensors that have a gradient. */
  readonly active: ReadonlySet<string>;
  /** Nodes that other paths end at: the gradient does not see what goes through them. */
  readonly blocked: readonly BlockedNode[];
}

/** @throws AssayError `unsupported` where no path leads from the tensor to the output, naming the node that it ends at */
export function activityOf(graph: OrderedGraph, wrt: string, output: string): Activity {
  const forward = new Set([wrt]);
  const touched = new Set([wrt]);
  const steps = new Set<PlacedNode>();
  for (const placed of graph.nodes) {
    const { node, uses } = placed;
    if (node.outputs.includes(wrt)) continue;
    if (isShapeOnly(node)) continue;
    if (uses.some((name) => touched.has(name))) for (const one of node.outputs) touched.add(one);
    if (!uses.some((name) => forward.has(name))) continue;
    if (isStep(node)) steps.add(placed);
    else for (const [index, one] of node.outputs.entries()) if (!isPosition(node, index)) forward.add(one);
  }
  forward.delete('');
  touched.delete('');
  const reached = behind(graph, output, wrt, touched);
  const blockers = graph.nodes.filter((one) => steps.has(one) && reached.nodes.has(one)).map(({ node }) => node);
  if (!forward.has(output)) throw noPath(wrt, output, blockers.toReversed());
  const needed = behind(graph, output, wrt, forward);
  if (!needed.names.has(wrt)) throw noPath(wrt, output, blockers.toReversed());
  return {
    path: graph.nodes.filter((one) => needed.nodes.has(one)),
    active: needed.names,
    blocked: blockers.map(({ op, name, outputs }) => ({ op, name: name === '' ? (outputs[0] ?? '') : name })),
  };
}

/** The names out of a set that an output is computed from, and the nodes between. */
function behind(graph: OrderedGraph, output: string, wrt: string, within: ReadonlySet<string>) {
  const names = new Set<string>();
  const nodes = new Set<PlacedNode>();
  const stack = [output];
  for (let name = stack.pop(); name !== undefined; name = stack.pop()) {
    if (names.has(name) || !within.has(name)) continue;
    names.add(name);
    const maker = name === wrt ? undefined : graph.producers.get(name);
    if (maker === undefined) continue;
    nodes.add(maker);
    stack.push(...maker.uses);
  }
  return { names, nodes };
}

/** The values that depend on those of an input, and not on its shape alone, or that are drawn. */
export function dependents({ nodes, inputs }: OrderedGraph): ReadonlySet<string> {
  const names = new Set(inputs);
  for (const { node, uses } of nodes) {
    const drawn = DRAWING.test(node.op);
    if (!drawn && (isShapeOnly(node) || !uses.some((name) => names.has(name)))) continue;
    for (const output of node.outputs) names.add(output);
  }
  names.delete('');
  return names;
}

function isShapeOnly({ op, domain }: OnnxNode): boolean {
  return isStandard(domain) && SHAPE_ONLY.has(op);
}

function isStep(node: OnnxNode): boolean {
  if (node.domain === 'ai.onnx.ml')
    return /^(?:TreeEnsemble|Binarizer|LabelEncoder|ZipMap|CategoryMapper)/.test(node.op);
  if (!isStandard(node.domain)) return /Quantize/.test(node.op);
  if (node.op === 'Cast') return !FLOATS.has(attributesOf(node).int('to', 0));
  return STEPS.has(node.op);
}

function isPosition({ op, domain }: OnnxNode, index: number): boolean {
  return isStandard(domain) && POSITIONS[op] === index;
}

/** Whether the node is a call of a function that the model defines. */
export function isCall({ functions }: OnnxModel, { op, domain }: OnnxNode): boolean {
  return functions.some((one) => one.name === op && one.domain === domain);
}
