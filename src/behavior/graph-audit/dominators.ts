import { AssayError } from '../../core/index.ts';
import type { GraphFacts } from './facts.ts';
import type { FlatNode, ValueId } from './flat-graph.ts';

/** Steps from a node to one that is before it: a graph of a long path that is crossed everywhere asks for many. */
const MOST_WORK = 50_000_000;
/** The place of the source that all inputs come from. */
const SOURCE = -1;

/**
 * The nodes that every path from an input to a value goes through (Cooper, Harvey and Kennedy 2001). What does not depend on an input is no
 * path.
 * @throws AssayError `limit`
 */
export function dominatorsOf(value: ValueId, { graph, order, of }: GraphFacts): readonly FlatNode[] {
  const places = new Map(order.map((node, at) => [node, at]));
  /** The nearest node that all paths to a node go through; undefined for one that no path leads to so far. */
  const nearest: (number | undefined)[] = [];
  const placeOf = (id: ValueId): number | undefined => {
    const maker = graph.makers[id];
    return maker === undefined ? SOURCE : places.get(maker);
  };
  let work = 0;
  const common = (a: number, b: number): number => {
    let [first, second] = [a, b];
    while (first !== second) {
      if (++work > MOST_WORK) throw new AssayError('limit', 'its paths cross more often than is followed');
      if (first > second) first = nearest[first] ?? SOURCE;
      else second = nearest[second] ?? SOURCE;
    }
    return first;
  };
  for (let changed = true; changed; ) {
    changed = false;
    for (const [at, { inputs, feedback }] of order.entries()) {
      let own: number | undefined;
      for (const id of [...inputs, ...feedback]) {
        const place = id >= 0 && of(id).data ? placeOf(id) : undefined;
        if (place === undefined || (place !== SOURCE && nearest[place] === undefined)) continue;
        own = own === undefined ? place : common(own, place);
      }
      if (own !== nearest[at]) {
        nearest[at] = own;
        changed = true;
      }
    }
  }
  const dominators: FlatNode[] = [];
  for (let at = placeOf(value) ?? SOURCE; at !== SOURCE; at = nearest[at] ?? SOURCE) {
    const node = order[at];
    if (node !== undefined) dominators.push(node);
  }
  return dominators;
}
