/** Bytes of what is known of one node, in the file beside a tree. */
const AUX_NODE = 40;
const NO_COLUMN = 0xffff;
const NA_VERSUS_REST = 1;
const MAX_DEPTH = 512;

/**
 * Whether bytes are one tree of an H2O MOJO, to their end (hex/genmodel/algos/tree of h2o-genmodel 3.46, `scoreTree`): a node has flags, a column, the way of missing
 * values, a number or a set of categories, then the length of its left side, its left side, and its right side.
 */
export function isMojoTree(tree: Uint8Array): boolean {
  return new TreeReader(tree).node(0, tree.length, 0);
}

/** Whether bytes may be what H2O writes beside a tree. */
export function isMojoTreeAux(bytes: Uint8Array): boolean {
  return bytes.length % AUX_NODE === 0;
}

class TreeReader {
  readonly #view: DataView;

  constructor(tree: Uint8Array) {
    this.#view = new DataView(tree.buffer, tree.byteOffset, tree.byteLength);
  }

  /** Whether a node fills the bytes from `at` to `end`. */
  node(at: number, end: number, depth: number): boolean {
    if (depth > MAX_DEPTH || end - at < 7) return false;
    const flags = this.#view.getUint8(at);
    if (this.#view.getUint16(at + 1, true) === NO_COLUMN) return depth === 0 && end - at === 7;
    const isNa = this.#view.getUint8(at + 3) === NA_VERSUS_REST;
    const left = isNa ? at + 4 : this.#pastValue(flags & 12, at + 4, end);
    if (left < 0) return false;
    const mask = flags & 51;
    const rightIsLeaf = (((flags & 0xc0) >> 2) & 16) !== 0;
    if (mask === 48) return left + 4 <= end && this.#side(left + 4, end, rightIsLeaf, depth);
    if (mask > 3) return false;
    const start = left + mask + 1;
    if (start > end) return false;
    let length = 0;
    for (let i = mask; i >= 0; i--) length = length * 256 + this.#view.getUint8(left + i);
    if (start + length > end) return false;
    return this.node(start, start + length, depth + 1) && this.#side(start + length, end, rightIsLeaf, depth);
  }

  #side(at: number, end: number, isLeaf: boolean, depth: number): boolean {
    return isLeaf ? end - at === 4 : this.node(at, end, depth + 1);
  }

  /** A number, 32 categories, or a set of categories after its first one and its length. @returns where it ends; -1 beyond `end` */
  #pastValue(kind: number, at: number, end: number): number {
    if (kind === 0 || kind === 8) return at + 4 <= end ? at + 4 : -1;
    if (kind !== 12 || at + 6 > end) return -1;
    const past = at + 6 + Math.ceil(this.#view.getUint32(at + 2, true) / 8);
    return past <= end ? past : -1;
  }
}
