export type { CallNode, CollectionNode, ConstantNode, GlobalNode, GraphNode, PickleGraph } from './nodes.ts';
export { readPickleGraph } from './read-graph.ts';
