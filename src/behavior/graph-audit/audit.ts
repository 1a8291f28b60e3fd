import { AssayError } from '../../core/index.ts';
import type { OnnxModel } from '../../formats/onnx/index.ts';
import type { WeightSource } from '../weights/index.ts';
import { conesOf } from './cones.ts';
import { dominatorsOf } from './dominators.ts';
import { factsOf, type GraphFacts, type PreparedGraph, prepareGraph, type ValueFacts } from './facts.ts';
import type { FlatNode, ValueId } from './flat-graph.ts';
import { flattened } from './flatten.ts';
import { LOGICAL, type SwitchKind, selectorsOf } from './operators.ts';

/** A value that jumps, and where it meets what else the model makes of its inputs. */
export interface SwitchFinding {
  /** The node that makes it, or the input that it is. */
  readonly switched: string;
  readonly kind: SwitchKind | 'selector';
  /** What it depends on: the numbers that the model is given, or only how many they are. */
  readonly by: 'values' | 'sizes';
  /** The nodes where it meets them. */
  readonly places: readonly string[];
  /** What each place computes, as digests: equal in a model of the same structure. */
  readonly cones: readonly string[];
}

interface Place {
  readonly node: FlatNode;
  readonly control: ValueId;
  readonly by: SwitchFinding['by'];
}

/** Nodes that are looked at for one place, to name the switch behind it. */
const MAX_LOOKED = 1_000;
/** Outputs that are looked at one by one. */
const MAX_CLOSED = 16;
/** What they answer is a switch itself, which is found where it is used. */
const COMPARISONS: ReadonlySet<string> = new Set(['Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual']);

/**
 * Finds the switches of a graph: values that jump with what the model is given, and decide over, or are joined with, another part of the
 * computation. Nothing is run.
 * @throws AssayError `malformed`, `unsupported`, `limit`, for a graph that cannot be followed
 */
export async function auditGraph(model: OnnxModel, options: WeightSource): Promise<readonly SwitchFinding[]> {
  const read = await prepareGraph(flattened(model), options);
  const places = placesOf(read);
  if (places.length === 0) return [];
  const cones = await conesOf(read, options);
  const findings = new Map<string, { finding: SwitchFinding; places: Set<FlatNode> }>();
  for (const { node, by, switched } of places) {
    const { value, label, kind } = switched;
    const key = `${by} ${value}`;
    const known = findings.get(key) ?? {
      finding: { switched: label, kind, by, places: [], cones: [] },
      places: new Set(),
    };
    known.places.add(node);
    findings.set(key, known);
  }
  return [...findings.values()].map(({ finding, places: own }) => ({
    ...finding,
    places: [...own].map(({ label }) => label),
    cones: [...own].map((node) => cones.of(node)),
  }));
}

interface NamedSwitch {
  readonly value: ValueId;
  readonly label: string;
  readonly kind: SwitchFinding['kind'];
}

/** A place, with the switch behind it. */
interface NamedPlace extends Place {
  readonly switched: NamedSwitch;
}

function placesOf(read: PreparedGraph): readonly NamedPlace[] {
  const { graph } = read;
  const first = factsOf(read, new Set());
  const places = placesWithin(graph.outputs, first);
  // All that such an output is made of has gone through switches, of which those that all of it goes through are none.
  const closed = graph.outputs.filter((id) => first.of(id).data && !first.of(id).live);
  if (closed.length > MAX_CLOSED)
    throw new AssayError('limit', `more than ${MAX_CLOSED} of its outputs depend on its inputs through switches alone`);
  for (const output of closed) {
    const through = dominatorsOf(output, first).filter(({ outputs }) => outputs.some((id) => first.of(id).switched));
    const facts = through.length === 0 ? first : factsOf(read, new Set(through));
    if (facts !== first) places.push(...placesWithin([output], facts));
    if (!facts.of(output).live) places.push(...joinsWithin(output, facts));
  }
  return places;
}

function placesWithin(outputs: readonly ValueId[], facts: GraphFacts): NamedPlace[] {
  const needed = neededFor(outputs, facts);
  return facts.order.flatMap((node) =>
    needed.has(node)
      ? placesAt(node, facts).map((place) => ({ ...place, switched: switchBehind(place.control, place.by, facts) }))
      : [],
  );
}

/** Where values of different switches are joined, in what an output is made of by switches alone. */
function joinsWithin(output: ValueId, facts: GraphFacts): NamedPlace[] {
  const { graph, order, of } = facts;
  const needed = neededFor([output], facts);
  const origins: (ValueId | undefined)[] = [];
  for (const id of graph.inputs.keys()) origins[id] = of(id).switched === undefined ? undefined : id;
  const joins: NamedPlace[] = [];
  for (const node of order) {
    const given = node.inputs.filter((id) => id >= 0 && of(id).data && !of(id).live);
    const own = new Set(given.map((id) => origins[id]));
    const joined = own.size > 1;
    for (const id of node.outputs)
      if (id >= 0) origins[id] = joined || own.size === 0 ? id : (given.map((one) => origins[one])[0] ?? id);
    const [control] = given;
    if (!joined || control === undefined || !needed.has(node) || LOGICAL.has(node.op)) continue;
    joins.push({ node, control, by: 'values', switched: switchBehind(control, 'values', facts) });
  }
  return joins;
}

/** The nodes that outputs are computed from. */
function neededFor(outputs: readonly ValueId[], { graph }: GraphFacts): ReadonlySet<FlatNode> {
  const needed = new Set<FlatNode>();
  const stack = [...outputs];
  for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
    const node = graph.makers[id];
    if (node === undefined || needed.has(node)) continue;
    needed.add(node);
    stack.push(...node.inputs, ...node.feedback);
  }
  return needed;
}

/** Whether a node joins what jumps with what does not: at most one place a node. */
function placesAt(node: FlatNode, { of }: GraphFacts): readonly Place[] {
  const operands = node.inputs.map((id, at) => ({ id, at, facts: of(id) })).filter(({ id }) => id >= 0);
  const live = operands.filter(({ facts }) => facts.live);
  const [jumping] = operands.filter(({ facts }) => facts.data && !facts.live);
  const bySize = operands.find(({ facts }) => !facts.data && facts.sizeSwitch);
  const place = (control: ValueId, by: SwitchFinding['by']): Place[] => [{ node, control, by }];
  if (live.length > 0 && jumping !== undefined && !COMPARISONS.has(node.op)) return place(jumping.id, 'values');
  const selectors = new Set(selectorsOf(node));
  const chosen = live.filter(({ at }) => !selectors.has(at));
  const selector = live.find(({ id, at }) => selectors.has(at) && chosen.some((one) => one.id !== id));
  if (selector !== undefined) return place(selector.id, 'values');
  if (live.length > 0 && bySize !== undefined) return place(bySize.id, 'sizes');
  return [];
}

/** The nearest node that made a switch of what a place is given. */
function switchBehind(control: ValueId, by: SwitchFinding['by'], { graph, of }: GraphFacts): NamedSwitch {
  const within = ({ data, live, sizeSwitch }: ValueFacts) => (by === 'values' ? data && !live : sizeSwitch);
  const seen = new Set([control]);
  for (const id of seen) {
    const { switched } = of(id);
    const node = graph.makers[id];
    if (switched !== undefined) return { value: id, label: node?.label ?? inputLabel(id, graph), kind: switched };
    if (seen.size > MAX_LOOKED) break;
    for (const input of [...(node?.inputs ?? []), ...(node?.feedback ?? [])]) if (within(of(input))) seen.add(input);
  }
  return { value: control, label: graph.makers[control]?.label ?? inputLabel(control, graph), kind: 'selector' };
}

function inputLabel(id: ValueId, { inputs }: GraphFacts['graph']): string {
  return `the input ${JSON.stringify(inputs.get(id)?.name.slice(0, 80) ?? '')}`;
}
