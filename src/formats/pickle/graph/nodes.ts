/** A value that cannot change, spelled so that equal values have equal texts. */
export interface ConstantNode {
  readonly kind: 'constant';
  readonly type: 'none' | 'bool' | 'int' | 'float' | 'text' | 'bytes';
  /** The text itself, a number in decimal, or the bytes of a float or a byte string in hex. */
  readonly value: string;
}

export interface GlobalNode {
  readonly kind: 'global';
  readonly module: string;
  readonly name: string;
}

/** Elements of a dict are its keys and values in turn. */
export interface CollectionNode {
  readonly kind: 'tuple' | 'list' | 'dict' | 'frozenset';
  readonly items: GraphNode[];
}

export interface CallNode {
  readonly kind: 'call';
  readonly callee: GraphNode;
  /** A tuple. */
  readonly args: GraphNode;
  /** An instance that is created without calling the class. */
  readonly isNew: boolean;
  /** What BUILD gave it. */
  state: GraphNode | undefined;
}

export type GraphNode = ConstantNode | GlobalNode | CollectionNode | CallNode;

/** The objects of one pickle. */
export interface PickleGraph {
  readonly root: GraphNode;
  /** All calls, in their order, those included whose result is dropped. */
  readonly calls: readonly CallNode[];
}
