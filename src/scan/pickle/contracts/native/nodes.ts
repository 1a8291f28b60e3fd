import type { Claim } from './claims.ts';

/** @returns what is wrong with the numbers; `undefined` for those that keep the claim */
export function brokenNumbers({ keeps, width }: Pick<Claim, 'keeps' | 'width'>, bytes: Buffer): string | undefined {
  switch (keeps.kind) {
    case 'indexes':
      return brokenIndexes(bytes, width, keeps.least, keeps.below);
    case 'offsets':
      return brokenOffsets(bytes, width, keeps.most);
    case 'tree':
      return brokenTree(bytes, width, keeps.features);
    case 'ckdtree':
      return brokenKdTree(bytes, keeps.dimensions, keeps.points);
    case 'ranges':
      return brokenRanges(bytes, width, keeps.points);
  }
}

/** A signed number; one beyond what JavaScript counts is beyond every array. */
function numberAt(bytes: Buffer, at: number, width: number): number {
  return width === 8 ? Number(bytes.readBigInt64LE(at)) : bytes.readIntLE(at, width);
}

function brokenIndexes(bytes: Buffer, width: number, least: number, below: number): string | undefined {
  for (let at = 0; at + width <= bytes.length; at += width) {
    const index = numberAt(bytes, at, width);
    if (index < least || index >= below) return `the index ${index} is not one of ${below} elements`;
  }
  return undefined;
}

function brokenOffsets(bytes: Buffer, width: number, most: number): string | undefined {
  let before = 0;
  for (let at = 0; at + width <= bytes.length; at += width) {
    const offset = numberAt(bytes, at, width);
    if (offset < before || (at === 0 && offset !== 0)) return `the offset ${offset} comes after ${before}`;
    before = offset;
  }
  return before > most ? `the offset ${before} is beyond ${most} elements` : undefined;
}

/** Nodes of scikit-learn's trees: left child, right child, feature, then numbers that nothing is looked up by. */
function brokenTree(bytes: Buffer, width: number, features: number): string | undefined {
  const nodes = Math.floor(bytes.length / width);
  for (let node = 0; node < nodes; node++) {
    const [left, right, feature] = [0, 8, 16].map((offset) => numberAt(bytes, node * width + offset, 8));
    if (left === undefined || right === undefined || feature === undefined || left === -1) continue;
    if (left <= node || right <= node || left >= nodes || right >= nodes)
      return `node ${node} of ${nodes} has a child that is not a later node`;
    if (feature < 0 || feature >= features)
      return `node ${node} uses feature ${feature}, but there are ${features} features`;
  }
  return undefined;
}

const KD_NODE = 72;
/** Loading goes from each node to its children, on the stack of the process. */
const MAX_KD_DEPTH = 2000;

/**
 * Nodes of SciPy's `ckdtree`: dimension of the split (-1 for a leaf), children, split, first and last point, two pointers that loading
 * sets, and the places of both children, which loading follows.
 */
function brokenKdTree(bytes: Buffer, dimensions: number, points: number): string | undefined {
  if (bytes.length % KD_NODE !== 0 || bytes.length === 0) return 'the size of the data is not a whole number of nodes';
  const nodes = bytes.length / KD_NODE;
  const depths = new Int32Array(nodes);
  for (let node = 0; node < nodes; node++) {
    const field = (index: number) => numberAt(bytes, node * KD_NODE + 8 * index, 8);
    const [split, start, end] = [field(0), field(3), field(4)];
    if (start < 0 || end < start || end > points) return `node ${node} holds points that do not exist`;
    if (split === -1) continue;
    if (split < 0 || split >= dimensions)
      return `node ${node} splits dimension ${split}, but there are ${dimensions} dimensions`;
    for (const child of [field(7), field(8)]) {
      if (child <= node || child >= nodes || depths[child] !== 0)
        return `node ${node} has a child that is not one of its later nodes`;
      depths[child] = (depths[node] ?? 0) + 1;
      if ((depths[child] ?? 0) > MAX_KD_DEPTH) return `the tree is more than ${MAX_KD_DEPTH} nodes deep`;
    }
  }
  return undefined;
}

/** Nodes of scikit-learn's neighbour trees: first and last point, whether it is a leaf, radius. */
function brokenRanges(bytes: Buffer, width: number, points: number): string | undefined {
  for (let at = 0; at + width <= bytes.length; at += width) {
    const [start, end] = [numberAt(bytes, at, 8), numberAt(bytes, at + 8, 8)];
    if (start < 0 || end < start || end > points) return `node ${at / width} holds points that do not exist`;
  }
  return undefined;
}
