export type { CallNode, CollectionNode, ConstantNode, GlobalNode, GraphNode, PickleGraph } from './nodes.ts';
export { readGraph } from './read-graph.ts';
