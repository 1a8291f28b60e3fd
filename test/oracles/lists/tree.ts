/** The content of a pickle as a tree that can be changed and written again. Nodes that occur in several places are shared. */
export type Node = Leaf | Container | Name | Made | Persistent;

export interface Leaf {
  readonly kind: 'leaf';
  /** Integers are bigints; numbers are floating-point values. */
  value: null | boolean | bigint | number | string | Uint8Array;
  /** A bytearray, in protocol 5. */
  readonly mutable?: true;
}

export interface Container {
  kind: 'tuple' | 'list' | 'dict' | 'set' | 'frozenset';
  /** Alternating keys and values of a dict. */
  items: Node[];
}

export interface Name {
  kind: 'name';
  module: string;
  name: string;
}

/** The changes of an object after its creation. */
export interface Step {
  readonly does: 'build' | 'append' | 'set' | 'add';
  items: Node[];
}

export interface Made {
  kind: 'made';
  how: 'reduce' | 'newobj' | 'newobj_ex';
  callee: Node;
  args: Node;
  kwargs?: Node;
  steps: Step[];
  /** Bytes of a joblib array, which follow the opcode that sets the state. */
  body?: Uint8Array;
}

export interface Persistent {
  kind: 'persistent';
  id: Node;
}

export function leaf(value: Leaf['value']): Leaf {
  return { kind: 'leaf', value };
}

export function int(value: number | bigint): Leaf {
  return leaf(BigInt(value));
}

export function tuple(...items: Node[]): Container {
  return { kind: 'tuple', items };
}

export function list(...items: Node[]): Container {
  return { kind: 'list', items };
}

export function dict(...items: Node[]): Container {
  return { kind: 'dict', items };
}

export function name(full: string): Name {
  const [module = '', ...rest] = full.split(':');
  return { kind: 'name', module, name: rest.join(':') };
}

export function call(callee: Node, ...args: Node[]): Made {
  return { kind: 'made', how: 'reduce', callee, args: tuple(...args), steps: [] };
}

export function instance(of: Node, state?: Node): Made {
  const steps: Step[] = state === undefined ? [] : [{ does: 'build', items: [state] }];
  return { kind: 'made', how: 'newobj', callee: of, args: tuple(), steps };
}

/** The direct children of a node. */
export function below(node: Node): readonly Node[] {
  switch (node.kind) {
    case 'leaf':
    case 'name':
      return [];
    case 'persistent':
      return [node.id];
    case 'made':
      return [
        node.callee,
        node.args,
        ...(node.kwargs === undefined ? [] : [node.kwargs]),
        ...node.steps.flatMap((step) => step.items),
      ];
    default:
      return node.items;
  }
}

/** A node and all nodes below it, each once. */
export function nodesOf(root: Node): Node[] {
  const seen = new Set<Node>([root]);
  for (const node of seen) for (const inner of below(node)) seen.add(inner);
  return [...seen];
}

/** A copy of the tree, with nodes shared as in the original. */
export function copyOf(root: Node): Node {
  const copies = new Map<Node, Node>();
  const copy = (node: Node): Node => {
    const known = copies.get(node);
    if (known !== undefined) return known;
    const made: Node = { ...node };
    copies.set(node, made);
    if (made.kind === 'persistent') made.id = copy(made.id);
    else if (made.kind === 'made') {
      made.callee = copy(made.callee);
      made.args = copy(made.args);
      if (made.kwargs !== undefined) made.kwargs = copy(made.kwargs);
      made.steps = made.steps.map(({ does, items }) => ({ does, items: items.map(copy) }));
    } else if (made.kind !== 'leaf' && made.kind !== 'name') made.items = made.items.map(copy);
    return made;
  };
  return copy(root);
}

/** The `module:name` that created an object. */
export function makerOf(node: Node): string | undefined {
  return node.kind === 'made' && node.callee.kind === 'name' ? fullName(node.callee) : undefined;
}

export function fullName({ module, name: own }: Name): string {
  return `${module}:${own}`;
}
