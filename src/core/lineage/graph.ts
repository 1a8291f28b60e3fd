import { flagOf, list, nullable, object, oneOf, type Static, text } from '../schema/index.ts';

/**
 * How well an edge holds: `verified` by a trusted signature over the digests of both ends; `claimed` by a document that anybody could write;
 * `absent`: nothing says anything; `malformed`: a document says it in a way that cannot be compared; `mismatched`: digests contradict.
 */
export const EDGE_STATUSES = ['verified', 'claimed', 'absent', 'malformed', 'mismatched'] as const;
export type EdgeStatus = (typeof EDGE_STATUSES)[number];

export const NODE_KINDS = ['model', 'run', 'data', 'code', 'source'] as const;
export type NodeKind = (typeof NODE_KINDS)[number];

/** From a model towards where its data came from. */
export const RELATIONS = [
  'trained by',
  'trained on',
  'tested on',
  'started from',
  'ran',
  'derives from',
  'comes from',
  'describes',
] as const;
export type Relation = (typeof RELATIONS)[number];

const NodeSchema = object({
  id: text('Of this graph.'),
  kind: oneOf(NODE_KINDS),
  name: text('As the first document that names it does.'),
  sha256: nullable(text('64 hex digits, of its bytes, as they were hashed or as documents say.')),
  atHand: flagOf({ description: 'Whether its bytes were hashed.' }),
});

const EdgeSchema = object({
  from: text('The id of a node.'),
  to: nullable(text('The id of a node; null where nothing is named.')),
  relation: oneOf(RELATIONS, '`describes`: of a file that is at hand, and what documents say of its bytes.'),
  status: oneOf(EDGE_STATUSES),
  why: text('As a sentence.'),
  documents: list(text(), 'What says so.'),
});

/** From a model to its run, its data and their sources. */
export const DataLineageSchema = object({
  nodes: list(NodeSchema),
  edges: list(EdgeSchema),
  notes: list(text(), 'What was left out, and why.'),
});

export type DataLineage = Static<typeof DataLineageSchema>;
export type LineageNode = Static<typeof NodeSchema>;
export type LineageEdge = Static<typeof EdgeSchema>;
