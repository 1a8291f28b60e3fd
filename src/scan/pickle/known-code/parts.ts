import type { CollectionNode, GraphNode } from '../../../formats/pickle/graph/index.ts';

/** Thrown where code by value has another form than numba writes; never leaves this folder. */
export class NotKnown extends Error {}

export function textIn(node: GraphNode | undefined): string {
  if (node?.kind !== 'constant' || node.type !== 'text') throw new NotKnown();
  return node.value;
}

export function isConstantNode(node: GraphNode | undefined, type: string, value?: string): boolean {
  return node?.kind === 'constant' && node.type === type && (value === undefined || node.value === value);
}

export function itemsIn(node: GraphNode | undefined, kind: CollectionNode['kind']): readonly GraphNode[] {
  if (node?.kind !== kind) throw new NotKnown();
  return (node as CollectionNode).items;
}

/** The values of a dict by keys that are texts, each there once. */
export function entriesIn(node: GraphNode | undefined): ReadonlyMap<string, GraphNode> {
  const items = itemsIn(node, 'dict');
  const entries = new Map<string, GraphNode>();
  for (let i = 0; i < items.length; i += 2) {
    const [key, value] = [textIn(items[i]), items[i + 1]];
    if (value === undefined || entries.has(key)) throw new NotKnown();
    entries.set(key, value);
  }
  return entries;
}

/** The values of exactly these keys, in this order. */
export function exactFields(node: GraphNode | undefined, keys: readonly string[]): readonly GraphNode[] {
  const entries = entriesIn(node);
  if (entries.size !== keys.length) throw new NotKnown();
  return keys.map((key) => {
    const value = entries.get(key);
    if (value === undefined) throw new NotKnown();
    return value;
  });
}

/** A plain call of a callable with this many arguments: no state is set, no instance created. */
export function argumentsOf(node: GraphNode | undefined, count: number): readonly GraphNode[] {
  if (node?.kind !== 'call' || node.isNew || node.state !== undefined) throw new NotKnown();
  const args = itemsIn(node.args, 'tuple');
  if (args.length !== count) throw new NotKnown();
  return args;
}

export function calleeOf(node: GraphNode): GraphNode | undefined {
  return node.kind === 'call' ? node.callee : undefined;
}

export function isCallOf(node: GraphNode | undefined, module: RegExp, name: string): boolean {
  if (node?.kind !== 'call') return false;
  const { callee } = node;
  return callee.kind === 'global' && callee.name === name && module.test(callee.module);
}
