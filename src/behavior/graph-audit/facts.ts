import { AssayError } from '../../core/index.ts';
import { type DataType, dataTypeOf } from '../../formats/onnx/index.ts';
import type { WeightSource } from '../weights/index.ts';
import { type FlatGraph, type FlatNode, orderedNodes, STRUCTURE, type ValueId } from './flat-graph.ts';
import { isStandardSet } from './flatten.ts';
import { gainOf, STEEP } from './gain.ts';
import { type Interval, intervalOf, intervalOfConstant, intervalOfResult, withZero } from './intervals.ts';
import {
  asksSize,
  isSizedByValues,
  keepsRaw,
  type SwitchKind,
  sizeOperandsOf,
  switchOf,
  takesSizeAlone,
  typeOfResult,
} from './operators.ts';

/** What is known of a value. */
export interface ValueFacts {
  type: DataType | undefined;
  interval: Interval | undefined;
  /** It depends on the numbers that the model is given. */
  data: boolean;
  /** It does so in another way than through switches. */
  live: boolean;
  /** Its sizes depend on the numbers that the model is given. */
  sized: boolean;
  /** It depends on the sizes of what the model is given. */
  bySize: boolean;
  /** It does so through a comparison. */
  sizeSwitch: boolean;
  /** Its numbers are an input's own: moved, or scaled one by one. */
  raw: boolean;
  gain: number;
  /** How the node that gives it makes a switch of it. */
  switched: SwitchKind | undefined;
}

/** What is known of every value of a graph. */
export interface GraphFacts {
  readonly graph: FlatGraph;
  /** Each after what it takes. */
  readonly order: readonly FlatNode[];
  of(id: ValueId): ValueFacts;
}

const FACTS = ['data', 'live', 'sized', 'bySize', 'sizeSwitch'] as const;
const MAX_PASSES = 16;
/** Types whose values are a switch from the start. */
const FLAG: DataType = 'bool';
const NOTHING: ValueFacts = {
  type: undefined,
  interval: undefined,
  data: false,
  live: false,
  sized: false,
  bySize: false,
  sizeSwitch: false,
  raw: false,
  gain: 1,
  switched: undefined,
};

/** What is known of a graph before anything is said of its inputs. */
export interface PreparedGraph {
  readonly graph: FlatGraph;
  readonly order: readonly FlatNode[];
  /** Types of values, and intervals of constants. */
  readonly known: ReadonlyMap<ValueId, Pick<ValueFacts, 'type' | 'interval'>>;
}

/** @throws AssayError as `orderedNodes`, `tensorNumbers` */
export async function prepareGraph(graph: FlatGraph, options: WeightSource): Promise<PreparedGraph> {
  const known = new Map<ValueId, Pick<ValueFacts, 'type' | 'interval'>>();
  for (const [id, tensor] of graph.constants)
    known.set(id, { type: tensor.type, interval: await intervalOf(tensor, options) });
  for (const [id, { type }] of graph.inputs)
    known.set(id, { type: type?.kind === 'tensor' ? type.element : undefined, interval: undefined });
  for (const node of graph.nodes) {
    const [output = -1] = node.outputs;
    if (isStandardSet(node.domain) && /^Constant(?:OfShape)?$/.test(node.op) && output >= 0)
      known.set(output, await readConstant(node, options));
  }
  return { graph, order: orderedNodes(graph), known };
}

/**
 * @param through switches that are taken for what passes numbers on, because all of the computation goes through them
 * @throws AssayError `limit` for loops whose values depend on each other too often
 */
export function factsOf({ graph, order, known }: PreparedGraph, through: ReadonlySet<FlatNode>): GraphFacts {
  const facts = Array.from({ length: graph.valueCount }, (_, id): ValueFacts => ({ ...NOTHING, ...known.get(id) }));
  const of = (id: ValueId): ValueFacts => facts[id] ?? NOTHING;
  for (const id of graph.inputs.keys()) {
    const flag = of(id).type === FLAG;
    Object.assign(of(id), { data: true, live: !flag, raw: true, switched: flag ? 'predicate' : undefined });
  }
  // What comes back in a loop may make more of its values depend on an input: until nothing changes.
  const loops = order.some(({ feedback }) => feedback.length > 0);
  for (let pass = 0; ; pass++) {
    if (pass > MAX_PASSES)
      throw new AssayError('limit', `the values of its loops depend on each other ${MAX_PASSES} times over`);
    const news = order.filter((node) => settle(node, of, through.has(node))).length;
    if (news === 0 || !loops) return { graph, order, of };
  }
}

async function readConstant(node: FlatNode, options: WeightSource): Promise<Pick<ValueFacts, 'type' | 'interval'>> {
  const [value] = node.attributes;
  if (value === undefined) return { type: 'float32', interval: { low: 0, high: 0 } };
  if (value.type === 'tensor') return { type: value.value.type, interval: await intervalOf(value.value, options) };
  if (value.type === 'sparse-tensor') {
    const { values } = value.value;
    return { type: values.type, interval: withZero(await intervalOf(values, options)) };
  }
  const type = value.type === 'int' || value.type === 'ints' ? 'int64' : 'float32';
  return { type, interval: intervalOfConstant(node) };
}

/** Says what is known of the results of a node. @returns whether anything is new */
function settle(node: FlatNode, of: (id: ValueId) => ValueFacts, through: boolean): boolean {
  const operands = node.inputs.map(of);
  const sizeOperands = new Set(sizeOperandsOf(node));
  const others = operands.filter((_, at) => !sizeOperands.has(at));
  const back = node.feedback.map(of);
  const all = [...operands, ...back];
  const to = targetOf(node, operands[1]?.type);
  const some = (list: readonly ValueFacts[], fact: (typeof FACTS)[number]) => list.some((one) => one[fact]);
  const asks = asksSize(node);
  let changed = false;
  for (const [result, id] of node.outputs.entries()) {
    if (id < 0) continue;
    const own = of(id);
    own.type ??= typeOfResult(node, result, all, to);
    if (own.interval === undefined && !some(all, 'data'))
      own.interval = intervalOfResult(
        node,
        node.inputs.filter((input) => input >= 0).map((input) => of(input).interval),
      );
    const data = asks ? some(operands, 'sized') : !takesSizeAlone(node) && some(all, 'data');
    const bySize = asks
      ? some(operands, 'live') || some(operands, 'data') || some(operands, 'bySize')
      : some(all, 'bySize');
    const gain = gainOf(node, operands);
    const kind = !through && (data || bySize) ? kindOf(node, result, all, { asks, data, gain, to }) : undefined;
    const jumps = kind !== undefined && !neverTrue(node, operands);
    const next = {
      data,
      live: data && kind === undefined && !asks && some(all, 'live'),
      sized:
        some(others, 'sized') ||
        (isSizedByValues(node) && data) ||
        operands.some((one, at) => sizeOperands.has(at) && one.data),
      bySize,
      sizeSwitch: (bySize && jumps) || (!asks && some(all, 'sizeSwitch')),
      raw: data && keepsRaw(node, operands),
      gain: data ? gain : 1,
      switched: data || (bySize && jumps) ? kind : undefined,
    };
    // What is known only grows, so this ends.
    for (const fact of FACTS)
      if (next[fact] && !own[fact]) {
        own[fact] = true;
        changed = true;
      }
    Object.assign(own, { raw: next.raw, gain: next.gain, switched: next.switched });
  }
  return changed;
}

interface Seen {
  readonly asks: boolean;
  readonly data: boolean;
  readonly gain: number;
  readonly to: DataType | undefined;
}

function kindOf(
  node: FlatNode,
  result: number,
  operands: readonly ValueFacts[],
  { asks, data, gain, to }: Seen,
): SwitchKind | undefined {
  if (asks) return data ? 'predicate' : undefined;
  const seen = operands.map((one) => ({ type: one.type, raw: one.raw, data: data ? one.data : one.bySize }));
  const kind = switchOf(node, result, seen, to);
  // Sizes are rounded and divided all the time.
  if (!data) return ASKING.test(node.op) ? kind : undefined;
  if (kind !== undefined) return kind;
  // A table of true and false.
  if (node.op === 'Gather' && operands[0]?.type === 'bool' && !operands[0].data) return 'predicate';
  return gain >= STEEP && node.domain !== STRUCTURE && operands.some(({ live }) => live) ? 'steep' : undefined;
}

/** Comparisons, and what says which. */
const ASKING = /^(?:Equal|Greater|Less|And|Or|Xor|Not|Sign|ArgM|Is|NonZero|OneHot)/;

/** Exporters ask whether a size is -1, which none is. */
function neverTrue({ op }: FlatNode, operands: readonly ValueFacts[]): boolean {
  return op === 'Equal' && operands.some(({ interval, data }) => !data && (interval?.high ?? 0) < 0);
}

/** The type that a node makes. */
function targetOf({ op, attributes }: FlatNode, second: DataType | undefined): DataType | undefined {
  if (op === 'CastLike') return second;
  const named = attributes.find(({ name }) => name === 'to' || name === 'value');
  if (named?.type === 'tensor') return named.value.type;
  return op === 'Cast' && named?.type === 'int' ? dataTypeOf(Number(named.value)) : undefined;
}
