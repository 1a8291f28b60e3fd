import type { OperatorCall } from '../../call/index.ts';

/** How a node compares a feature with its bound. */
export const COMPARISONS = ['LessEqual', 'Less', 'Equal'] as const;

interface ModeFacts {
  /** The index of its comparison. */
  readonly comparison: number;
  /** Whether it leads to the second child what the comparison holds for. */
  readonly turned: boolean;
}

const MODES: ReadonlyMap<string, ModeFacts> = new Map([
  ['BRANCH_LEQ', { comparison: 0, turned: false }],
  ['BRANCH_LT', { comparison: 1, turned: false }],
  ['BRANCH_EQ', { comparison: 2, turned: false }],
  ['BRANCH_GT', { comparison: 0, turned: true }],
  ['BRANCH_GTE', { comparison: 1, turned: true }],
  ['BRANCH_NEQ', { comparison: 2, turned: true }],
]);

/** Trees side by side, as arrays over all nodes. The children of a leaf are the leaf itself. */
export interface Ensemble {
  readonly features: Int32Array;
  readonly bounds: Float64Array;
  readonly comparisons: Int32Array;
  /** Where a sample goes for which the comparison holds, does not hold, or whose feature is missing. */
  readonly yes: Int32Array;
  readonly no: Int32Array;
  readonly missing: Int32Array;
  readonly roots: Int32Array;
  /** The most decisions before a leaf. */
  readonly depth: number;
  readonly leaves: Leaves;
}

export interface Leaves {
  /** The row of weights of a node; 0 for one that decides. */
  readonly rows: Int32Array;
  readonly count: number;
  readonly targets: number;
  /** [count, targets] */
  readonly weights: Float64Array;
}

/** The nodes of an operator for trees. @throws AssayError `malformed` for arrays that contradict each other */
export function ensembleOf(call: OperatorCall): Ensemble {
  const trees = call.integers('nodes_treeids') ?? [];
  const count = trees.length;
  call.budget.work(NODE_WORK * count);
  call.budget.hold(NODE_BYTES * count);
  const list = (name: string) => sameLength(call, name, call.integers(name), count);
  const ids = list('nodes_nodeids');
  const modes = (call.attribute('nodes_modes', 'strings') ?? []).map((mode) => Buffer.from(mode).toString('latin1'));
  if (count === 0 || modes.length !== count) throw call.broken(`has ${count} nodes of ${modes.length} modes`);
  const places = placesOf(call, trees, ids);
  const [truths, lies] = [list('nodes_truenodeids'), list('nodes_falsenodeids')];
  const tracks = call.integers('nodes_missing_value_tracks_true') ?? [];
  const bounds = Float64Array.from(treeNumbers(call, 'nodes_values'));
  if (bounds.length !== count) throw call.broken(`has ${bounds.length} bounds for ${count} nodes`);
  const featureIds = list('nodes_featureids');
  const [yes, no, missing, comparisons] = [0, 0, 0, 0].map(() => Int32Array.from({ length: count }, (_, at) => at));
  if (yes === undefined || no === undefined || missing === undefined || comparisons === undefined)
    throw call.broken('has no nodes');
  comparisons.fill(-1);
  for (let at = 0; at < count; at++) {
    const mode = modes[at] ?? '';
    if (mode === 'LEAF') continue;
    const facts = MODES.get(mode);
    if (facts === undefined) throw call.refuse(`a node of it has the mode ${mode.slice(0, 40)}`);
    const child = (list: readonly number[]) => {
      const place = places.get(trees[at] ?? 0)?.get(list[at] ?? 0);
      if (place === undefined)
        throw call.broken(`has the node ${ids[at]} of tree ${trees[at]}, whose child does not exist`);
      return place;
    };
    const [truth, lie] = [child(truths), child(lies)];
    comparisons[at] = facts.comparison;
    [yes[at], no[at]] = facts.turned ? [lie, truth] : [truth, lie];
    // A comparison with what is not a number holds for "is not" alone.
    missing[at] = tracks[at] === 1 || mode === 'BRANCH_NEQ' ? truth : lie;
  }
  if (featureIds.some((feature) => feature < 0 || feature > MAX_FEATURE))
    throw call.broken('asks for a feature that cannot be');
  const features = Int32Array.from(featureIds);
  const { roots, depth } = paths(call, { comparisons, yes, no });
  // A leaf decides nothing: whatever its comparison says, it leads to itself.
  const decided = comparisons.map((one) => Math.max(0, one));
  return {
    features,
    bounds,
    comparisons: decided,
    yes,
    no,
    missing,
    roots,
    depth,
    leaves: leavesOf(call, comparisons, places),
  };
}

/** The elements of a list of floats, or of the tensor that stands for it in 64 bits. */
export function treeNumbers(call: OperatorCall, name: string): readonly number[] {
  const tensor = call.attribute(`${name}_as_tensor`, 'tensor');
  if (tensor !== undefined) return call.constants.numbers(tensor);
  return Array.from(call.attribute(name, 'floats') ?? []);
}

function placesOf(
  call: OperatorCall,
  trees: readonly number[],
  ids: readonly number[],
): Map<number, Map<number, number>> {
  const places = new Map<number, Map<number, number>>();
  for (const [at, tree] of trees.entries()) {
    const known = places.get(tree) ?? new Map<number, number>();
    places.set(tree, known);
    const id = ids[at] ?? 0;
    if (known.has(id)) throw call.broken(`has two nodes ${id} of tree ${tree}`);
    known.set(id, at);
  }
  return places;
}

/** The roots, and the longest way from one: each other node has one parent, and each is reached. */
function paths(
  call: OperatorCall,
  { comparisons, yes, no }: { readonly comparisons: Int32Array; readonly yes: Int32Array; readonly no: Int32Array },
): { readonly roots: Int32Array; readonly depth: number } {
  const parents = new Uint8Array(comparisons.length);
  for (const [at, comparison] of comparisons.entries()) {
    if (comparison < 0) continue;
    for (const child of new Set([yes[at] ?? 0, no[at] ?? 0])) {
      if (parents[child] === 1) throw call.broken('has a node with two parents');
      parents[child] = 1;
    }
  }
  const roots = [...comparisons.keys()].filter((at) => parents[at] === 0);
  let level = roots;
  let [reached, depth] = [roots.length, 0];
  for (;;) {
    const next = level.flatMap((at) => ((comparisons[at] ?? -1) < 0 ? [] : [...new Set([yes[at] ?? 0, no[at] ?? 0])]));
    if (next.length === 0) break;
    reached += next.length;
    depth++;
    level = next;
  }
  if (reached !== comparisons.length) throw call.broken('has nodes that no root leads to');
  return { roots: Int32Array.from(roots), depth };
}

function leavesOf(
  call: OperatorCall,
  comparisons: Int32Array,
  places: ReadonlyMap<number, ReadonlyMap<number, number>>,
): Leaves {
  const targets = call.integer('n_targets', 1);
  const rows = new Int32Array(comparisons.length);
  let count = 0;
  for (const [at, comparison] of comparisons.entries()) if (comparison < 0) rows[at] = count++;
  const given = treeNumbers(call, 'target_weights');
  const list = (name: string) => sameLength(call, name, call.integers(name), given.length);
  const [trees, ids, columns] = [list('target_treeids'), list('target_nodeids'), list('target_ids')];
  if (targets < 1 || targets > MAX_TARGETS) throw call.refuse(`it has ${targets} targets`);
  call.budget.work(count * targets);
  call.budget.hold(8 * count * targets);
  const weights = new Float64Array(count * targets);
  for (const [index, weight] of given.entries()) {
    const at = places.get(trees[index] ?? 0)?.get(ids[index] ?? 0);
    const column = columns[index] ?? 0;
    if (at === undefined || (comparisons[at] ?? 0) >= 0 || column < 0 || column >= targets)
      throw call.broken(
        `has a weight for node ${ids[index]} of tree ${trees[index]}, which is not a leaf, or target ${column}`,
      );
    const place = (rows[at] ?? 0) * targets + column;
    weights[place] = (weights[place] ?? 0) + weight;
  }
  return { rows, count, targets, weights };
}

const MAX_FEATURE = 2 ** 31 - 1;
const MAX_TARGETS = 100_000;
/** Units of work, and bytes, of a node. */
const NODE_WORK = 64;
const NODE_BYTES = 400;

function sameLength(
  call: OperatorCall,
  name: string,
  list: readonly number[] | undefined,
  count: number,
): readonly number[] {
  if (list?.length !== count) throw call.broken(`has ${list?.length ?? 0} ${name} instead of ${count}`);
  return list;
}
