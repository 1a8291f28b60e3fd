import type { Value } from '../../../../formats/pickle/index.ts';
import { type Breach, type Contract, type ContractContext, unexpected, worst } from '../contract.ts';
import { numberOf } from '../numbers.ts';
import { placeOf } from '../spelled-bytes.ts';
import { claim } from './claims.ts';
import { fieldsOf, isAbsent, isIndexArray, type KnownArray, knownArray } from './known-array.ts';

const UNTOLD = unexpected('the state of the tree is unknown');
const SHAPES = unexpected('the arrays of the tree do not fit each other');

/** `Tree(n_features, n_classes, n_outputs)` reads one number of classes for each output that `n_outputs` announces. */
export const treeCall: Contract = ([features, classes, outputs], context) => {
  const [wide, count] = [numberOf(features, context), numberOf(outputs, context)];
  const array = knownArray(classes, context);
  if (context.state.waits) return undefined;
  if (typeof wide !== 'number') return wide;
  if (typeof count !== 'number') return count;
  if (!isIndexArray(array) || count < 0 || array.sizes.length !== 1 || array.sizes[0] !== count) return SHAPES;
  return claim(array, { kind: 'indexes', least: 0, below: MAX_CLASSES }, context, 'sklearn.tree._tree.Tree');
};

/** More classes than this would take gigabytes for each node. */
const MAX_CLASSES = 2 ** 24;

/** `{max_depth, node_count, nodes, values}` (sklearn/tree/_tree.pyx). */
const treeState: Contract = ([state], context) => {
  const fields = fieldsOf(state, context);
  if (context.state.waits) return undefined;
  if (fields === undefined) return UNTOLD;
  const [nodes, values] = [knownArray(fields.get('nodes'), context), knownArray(fields.get('values'), context)];
  const count = numberOf(fields.get('node_count'), context);
  const features = featuresOf(context);
  if (context.state.waits) return undefined;
  if (nodes?.letter !== 'V' || values === undefined || features === undefined || typeof count !== 'number')
    return UNTOLD;
  if (nodes.itemSize < 48 || nodes.sizes.length !== 1 || nodes.sizes[0] !== count) return SHAPES;
  if (values.sizes.length !== 3 || values.sizes[0] !== count || values.letter !== 'f') return SHAPES;
  return claim(nodes, { kind: 'tree', features }, context);
};

function featuresOf({ state, target }: ContractContext): number | undefined {
  const call = target === undefined ? undefined : state.callOf(target);
  const first = call === undefined ? undefined : state.tuple(call.args)?.[0];
  return first === undefined ? undefined : state.integer(first);
}

/**
 * Points, their order, nodes, bounds of nodes, then numbers and the metric (sklearn/neighbors/_binary_tree.pxi.tp). The maker of the
 * instance is also that of metrics, whose states are other tuples.
 */
const neighbourState: Contract = (state, context) => {
  const [points, order, nodes, bounds] = state.slice(0, 4).map((part) => knownArray(part, context));
  const [metric, weights] = state.slice(11);
  const weighed = isAbsent(weights) ? undefined : knownArray(weights, context);
  if (context.state.waits) return undefined;
  if (points?.letter !== 'f' || !isIndexArray(order) || nodes?.letter !== 'V' || bounds?.letter !== 'f') return UNTOLD;
  if (metric === undefined || context.madeBy(metric)?.name !== 'newObj') return UNTOLD;
  if (!isAbsent(weights) && weighed?.letter !== 'f') return UNTOLD;
  const [count = 0, wide] = points.sizes;
  const [, boxes, dimensions] = bounds.sizes;
  const fits =
    points.sizes.length === 2 &&
    isLine(order, count) &&
    nodes.itemSize === 32 &&
    isLine(nodes, boxes ?? 0) &&
    bounds.sizes.length === 3 &&
    (dimensions === wide || dimensions === 1) &&
    (weighed === undefined || isLine(weighed, count));
  if (!fits) return SHAPES;
  return worst(
    claim(order, { kind: 'indexes', least: 0, below: count }, context),
    claim(nodes, { kind: 'ranges', points: count }, context),
  );
};

/** Nodes as bytes, points, how many, of how many dimensions, leaf size, maxima, minima, order, box (scipy/spatial/_ckdtree.pyx). */
const kdState: Contract = (state, context) => {
  const [tree, points, number, wide, , maxes, mins, order, box] = state;
  if (state.length === 1 && fieldsOf(tree, context) !== undefined) return undefined; // The class in Python, of before SciPy 1.6.
  const [count, dimensions] = [numberOf(number, context), numberOf(wide, context)];
  const [all, indexes] = [points, order].map((part) => knownArray(part, context));
  const nodes = knownArray(tree, context) ?? asBytes(tree, context);
  if (context.state.waits) return undefined;
  if (typeof count !== 'number' || typeof dimensions !== 'number' || nodes === undefined) return UNTOLD;
  if (all === undefined || !isIndexArray(indexes)) return UNTOLD;
  const fits =
    isOf(all, 'f8', count, dimensions) &&
    isOf(indexes, 'i8', count) &&
    [maxes, mins].every((part) => isOf(knownArray(part, context), 'f8', dimensions)) &&
    (isAbsent(box) || isOf(knownArray(box, context), 'f8', 2 * dimensions));
  if (context.state.waits) return undefined;
  if (!fits) return SHAPES;
  return worst(
    claim(nodes, { kind: 'ckdtree', dimensions, points: count }, context),
    claim(indexes, { kind: 'indexes', least: 0, below: count }, context),
  );
};

/** Before SciPy 1.6 nodes were written as a byte string. */
function asBytes(of: Value | undefined, { state }: ContractContext): KnownArray | undefined {
  const place = of === undefined ? undefined : placeOf(of, false, state);
  return place === undefined ? undefined : { letter: 'V', itemSize: 1, sizes: [place.length], place };
}

function isOf(array: KnownArray | undefined, kind: string, ...sizes: readonly number[]): boolean {
  if (array === undefined || `${array.letter}${array.itemSize}` !== kind) return false;
  return array.sizes.length === sizes.length && sizes.every((size, i) => array.sizes[i] === size);
}

function isLine({ sizes }: KnownArray, length: number): boolean {
  return sizes.length === 1 && sizes[0] === length;
}

/** The power, a vector and a matrix (sklearn/metrics/_dist_metrics.pyx.tp). */
const metricState: Contract = (state, context) => {
  const arrays = state.slice(1, 3).map((part) => knownArray(part, context));
  if (context.state.waits) return undefined;
  return arrays.length === 2 && arrays.every((array) => array?.letter === 'f')
    ? undefined
    : unexpected('the state of the metric is unknown');
};

/** A class that instances are made of, by the function that makes them. */
function classMade({ state, target }: ContractContext): string | undefined {
  const call = target === undefined ? undefined : state.callOf(target);
  const first: Value | undefined = call === undefined ? undefined : state.tuple(call.args)?.[0];
  return first === undefined ? undefined : state.global(first)?.name;
}

const madeByClass: Contract = (state, context): Breach | undefined =>
  /^(?:KD|Ball)Tree/.test(classMade(context) ?? '') ? neighbourState(state, context) : metricState(state, context);

export const TREE_STATES: readonly (readonly [string, Contract])[] = [
  ['sklearn.tree._tree:Tree', treeState],
  ...['_kd_tree', 'kd_tree', '_ball_tree', 'ball_tree'].map(
    (name) => [`sklearn.neighbors.${name}:newObj`, madeByClass] as const,
  ),
  ...['sklearn.metrics', 'sklearn.neighbors'].flatMap((module) =>
    ['_dist_metrics', 'dist_metrics'].map((name) => [`${module}.${name}:newObj`, madeByClass] as const),
  ),
  ['hdbscan.dist_metrics:newObj', madeByClass],
  ['scipy.spatial.ckdtree:new_object', kdState],
  ...['_ckdtree:cKDTree', 'ckdtree:cKDTree', '_kdtree:KDTree', 'kdtree:KDTree'].map(
    (name) => [`scipy.spatial.${name}`, kdState] as const,
  ),
];

const NEIGHBOURS = /^sklearn\.neighbors\._?(?:kd|ball)_tree:/;
const METRICS = /^(?:sklearn\.(?:metrics|neighbors)\._?dist_metrics|hdbscan\.dist_metrics):\w*Distance/;

/** The contract for an instance that its class itself made, not the function that pickles name. */
export function treeClassState(name: string): Contract | undefined {
  if (NEIGHBOURS.test(name)) return neighbourState;
  return METRICS.test(name) ? metricState : undefined;
}
