import { DICT, INT, NONE, type Value } from '../../../../formats/pickle/index.ts';
import { type Contract, type ContractContext, unexpected } from '../contract.ts';
import { flag, numberOf } from '../numbers.ts';

/** An argument can make NetworkX create the graph with another package of the environment. */
const bareGraph: Contract = (args) => (args.length === 0 ? undefined : unexpected('a graph is made with arguments'));

/** More vertices than this take more memory than a small file may. */
const MAX_VERTICES = 2 ** 20;

/**
 * `Graph(count, edges, directed, attributes of the graph, of vertices, of edges)` of igraph takes memory for `count` vertices,
 * or for the largest vertex number of an edge.
 */
const edgeList: Contract = (args, context) => {
  const [vertices, edges, directed, ...attributes] = args;
  const count = numberOf(vertices, context);
  if (context.state.waits) return undefined;
  if (typeof count !== 'number') return count;
  if (count < 0 || count > MAX_VERTICES || args.length !== 6) return unexpected('the graph has too many vertices');
  const wrong = flag(directed) ?? edgesBreach(edges, count, context);
  if (wrong !== undefined) return wrong;
  return attributes.every(({ kind }) => kind === DICT || kind === NONE)
    ? undefined
    : unexpected('the attributes are not dicts');
};

function edgesBreach(of: Value | undefined, count: number, context: ContractContext) {
  const { state } = context;
  const edges = of === undefined ? undefined : state.elementsOf(of);
  if (edges === undefined) return unexpected('the edges of the graph are unknown');
  state.budget.work(edges.length);
  const fits = edges.every((edge) => {
    const ends = state.tuple(edge);
    return ends?.length === 2 && ends.every((end) => isBelow(end, count, context));
  });
  return fits ? undefined : unexpected('an edge does not join two vertices of the graph');
}

function isBelow(of: Value, count: number, { state }: ContractContext): boolean {
  const number = of.kind === INT ? state.integer(of) : undefined;
  return number !== undefined && number >= 0 && number < count;
}

/** Classes that are made by NetworkX's `__new__`. */
const NETWORKX = [
  ...['graph:Graph', 'digraph:DiGraph', 'multigraph:MultiGraph', 'multidigraph:MultiDiGraph'].map(
    (name) => `networkx.classes.${name}`,
  ),
  'networkx.algorithms.approximation.kcomponents:_AntiGraph',
  'networkx.algorithms.planarity:PlanarEmbedding',
  'skimage.graph._rag:RAG',
  ...[
    'ADMG:ADMG',
    'AncestralBase:AncestralBase',
    'DAG:DAG',
    'MAG:MAG',
    'PDAG:PDAG',
    'UndirectedGraph:UndirectedGraph',
  ].map((name) => `pgmpy.base.${name}`),
  ...['pgmpy.base.SimpleCausalModel:SimpleCausalModel', 'pgmpy.base._base:_CoreGraph', 'pgmpy.base.DAG:PDAG'],
  ...[
    ...[
      'BayesianNetwork',
      'ClusterGraph',
      'DiscreteBayesianNetwork',
      'DiscreteMarkovNetwork',
      'DynamicBayesianNetwork',
    ],
    ...['FactorGraph', 'FunctionalBayesianNetwork', 'JunctionTree', 'LinearGaussianBayesianNetwork', 'MarkovNetwork'],
    'NaiveBayes',
  ].map((name) => `pgmpy.models.${name}:${name}`),
];

export const GRAPH_CALLS: readonly (readonly [string, Contract])[] = [
  ...NETWORKX.map((name) => [name, bareGraph] as const),
  ['igraph:Graph', edgeList],
];
