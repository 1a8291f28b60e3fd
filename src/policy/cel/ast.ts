/** An expression of CEL, the Common Expression Language (cel-spec, langdef.md). `at` is an offset into its text. */
export type Node =
  | { readonly kind: 'const'; readonly at: number; readonly value: Constant }
  | { readonly kind: 'ident'; readonly at: number; readonly name: string }
  | { readonly kind: 'select'; readonly at: number; readonly of: Node; readonly field: string }
  | { readonly kind: 'has'; readonly at: number; readonly of: Node; readonly field: string }
  | { readonly kind: 'index'; readonly at: number; readonly of: Node; readonly index: Node }
  | { readonly kind: 'call'; readonly at: number; readonly name: string; readonly args: readonly Node[] }
  | { readonly kind: 'method'; readonly at: number; readonly name: string; readonly args: readonly Node[] }
  | { readonly kind: 'and' | 'or'; readonly at: number; readonly terms: readonly Node[] }
  | { readonly kind: 'if'; readonly at: number; readonly test: Node; readonly yes: Node; readonly no: Node }
  | { readonly kind: 'list'; readonly at: number; readonly items: readonly Node[] }
  | { readonly kind: 'map'; readonly at: number; readonly entries: readonly (readonly [key: Node, value: Node])[] }
  | Macro;

/** A walk over a list, or over the keys of a map. */
export interface Macro {
  readonly kind: 'macro';
  readonly at: number;
  readonly name: MacroName;
  readonly over: Node;
  readonly variable: string;
  /** Of `map` with three arguments: which items are mapped. */
  readonly test?: Node;
  readonly body: Node;
}

export type MacroName = 'all' | 'exists' | 'exists_one' | 'map' | 'filter';
export type Constant = null | boolean | bigint | number | string;

/** The nodes directly within a node, in the order of the text. */
export function childrenOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case 'const':
    case 'ident':
      return [];
    case 'select':
    case 'has':
      return [node.of];
    case 'index':
      return [node.of, node.index];
    case 'call':
    case 'method':
      return node.args;
    case 'and':
    case 'or':
      return node.terms;
    case 'if':
      return [node.test, node.yes, node.no];
    case 'list':
      return node.items;
    case 'map':
      return node.entries.flat();
    case 'macro':
      return node.test === undefined ? [node.over, node.body] : [node.over, node.test, node.body];
  }
}

/** A node and all within it. */
export function* nodesOf(node: Node): Generator<Node> {
  yield node;
  for (const child of childrenOf(node)) yield* nodesOf(child);
}
