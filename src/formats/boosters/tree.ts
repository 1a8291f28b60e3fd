import { AssayError, type FileBudget } from '../../core/index.ts';

/** Deeper trees end the programs that walk them by recursion: no stack has room for much more. */
export const MAX_TREE_DEPTH = 4_096;

/** The children of a node; `undefined` for a leaf. */
export type Children = (node: number) => readonly [left: number, right: number] | undefined;

/**
 * Walks a binary tree of `count` nodes from its root, node 0.
 * @returns which nodes were met, and how many
 * @throws AssayError `malformed`: a child that is not a node, a node with two parents (a cycle is one); `limit`: its depth.
 */
export function walkTree(count: number, children: Children, budget: FileBudget): { met: Uint8Array; nodes: number } {
  if (!Number.isSafeInteger(count) || count < 1) throw new AssayError('malformed', `a tree of ${count} nodes`);
  budget.work(count);
  // One byte a node for what was met, eight for the nodes of a level and of the next.
  budget.hold(count * 9);
  try {
    const met = new Uint8Array(count);
    let level = new Int32Array(count);
    let next = new Int32Array(count);
    let width = 1;
    let nodes = 1;
    met[0] = 1;
    for (let depth = 0; width > 0; depth++) {
      if (depth > MAX_TREE_DEPTH) throw new AssayError('limit', `a tree deeper than ${MAX_TREE_DEPTH} nodes`);
      let wide = 0;
      for (let i = 0; i < width; i++) {
        const node = level[i] ?? 0;
        for (const child of children(node) ?? []) {
          if (!Number.isSafeInteger(child) || child < 0 || child >= count)
            throw new AssayError('malformed', `node ${node} has child ${child} in a tree of ${count} nodes`);
          if (met[child] === 1) throw new AssayError('malformed', `node ${child} of a tree is reached twice`);
          met[child] = 1;
          next[wide++] = child;
        }
      }
      nodes += wide;
      [level, next] = [next, level];
      width = wide;
    }
    return { met, nodes };
  } finally {
    budget.release(count * 9);
  }
}
