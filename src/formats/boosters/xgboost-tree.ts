import { AssayError, type FileBudget } from '../../core/index.ts';
import { isIndex } from './number-list.ts';
import { walkTree } from './tree.ts';

/** What XGBoost keeps of each node of a tree: its neighbours, and the feature that it splits on. */
export interface XgboostTree {
  readonly count: number;
  /** Nodes that pruning left behind: they are in no branch. */
  readonly deleted: number;
  left(node: number): number;
  right(node: number): number;
  parent(node: number): number;
  feature(node: number): number;
}

const NO_PARENT = [-1, 0x7fffffff];
export const LEAF = -1;

/**
 * Proves that all indexes of the tree stay within it: XGBoost uses them without a check.
 * @returns the highest feature that a node splits on; -1 when none does
 * @throws AssayError `malformed`, `limit`
 */
export function checkXgboostTree(tree: XgboostTree, budget: FileBudget): number {
  const { count } = tree;
  const bad = (what: string) => new AssayError('malformed', what);
  let highest = -1;
  const { met, nodes } = walkTree(
    count,
    (node) => {
      const left = tree.left(node);
      if (left === LEAF) return undefined;
      const feature = tree.feature(node);
      if (!Number.isSafeInteger(feature) || feature < 0) throw bad(`node ${node} splits on feature ${feature}`);
      highest = Math.max(highest, feature);
      const children = [left, tree.right(node)] as const;
      for (const child of children) {
        if (isIndex(child, count) && tree.parent(child) !== node)
          throw bad(`node ${child} names parent ${tree.parent(child)}, but is a child of node ${node}`);
      }
      return children;
    },
    budget,
  );
  if (!NO_PARENT.includes(tree.parent(0))) throw bad(`the root of a tree names parent ${tree.parent(0)}`);
  if (count - nodes !== tree.deleted)
    throw bad(
      `${count - nodes} nodes are not in any branch of a tree, but the tree states ${tree.deleted} deleted nodes`,
    );
  for (let node = 1; node < count; node++) {
    const parent = tree.parent(node);
    if (met[node] === 0 && !(Number.isSafeInteger(parent) && parent >= 0 && parent < count))
      throw bad(`the deleted node ${node} names parent ${parent}`);
  }
  return highest;
}
