import type {
  DataLineage,
  EdgeStatus,
  LineageEdge,
  LineageNode,
  NodeKind,
  Relation,
} from '../../core/lineage/index.ts';

/** CWE-770: nodes and edges that are shown. */
const MAX_NODES = 2000;
const MAX_EDGES = 5000;

/** What holds when several documents speak of one edge, the first of these. A contradiction is never outvoted. */
const STRENGTH: readonly EdgeStatus[] = ['mismatched', 'verified', 'claimed', 'malformed', 'absent'];
/** What a reader has to see first, when not all is shown. */
const GRAVITY: readonly EdgeStatus[] = ['mismatched', 'verified', 'malformed', 'claimed', 'absent'];

export interface EdgeSaid {
  readonly status: EdgeStatus;
  readonly why: string;
  /** What says so; none for what is missing. */
  readonly document?: string;
  /** It is known better than what was said before with the same status. */
  readonly better?: true;
}

/** Nodes and edges of one lineage, each once. */
export class Edges {
  readonly #nodes = new Map<string, LineageNode>();
  readonly #edges = new Map<string, LineageEdge>();
  readonly #notes = new Set<string>();

  /** The first that names a node tells its name and kind; a digest is kept when it comes later. */
  node(id: string, node: Omit<LineageNode, 'id'>): string {
    const known = this.#nodes.get(id);
    if (known === undefined) this.#nodes.set(id, { id, ...node });
    else if (known.sha256 === null && node.sha256 !== null) this.#nodes.set(id, { ...known, sha256: node.sha256 });
    return id;
  }

  nameOf(id: string): string {
    return this.#nodes.get(id)?.name ?? id;
  }

  kindOf(id: string): NodeKind | undefined {
    return this.#nodes.get(id)?.kind;
  }

  sha256Of(id: string): string | null {
    return this.#nodes.get(id)?.sha256 ?? null;
  }

  edge(from: string, relation: Relation, to: string | null, { status, why, document, better }: EdgeSaid): void {
    const key = `${from}\0${relation}\0${to ?? ''}`;
    const documents = document === undefined ? [] : [document];
    const known = this.#edges.get(key);
    if (known === undefined) {
      this.#edges.set(key, { from, to, relation, status, why, documents });
      return;
    }
    const stronger =
      STRENGTH.indexOf(status) < STRENGTH.indexOf(known.status) || (better === true && status === known.status);
    const all = [...new Set([...known.documents, ...documents])];
    this.#edges.set(key, { ...known, ...(stronger ? { status, why } : {}), documents: all });
  }

  note(text: string): void {
    this.#notes.add(text);
  }

  /** The edges of a relation that leave a node. */
  from(id: string, relation: Relation): readonly LineageEdge[] {
    return this.all().filter((edge) => edge.from === id && edge.relation === relation);
  }

  all(): readonly LineageEdge[] {
    return [...this.#edges.values()];
  }

  nodes(): readonly LineageNode[] {
    return [...this.#nodes.values()];
  }

  /** What is shown: the gravest edges, and the nodes that they join. */
  done(): DataLineage {
    const gravity = ({ status }: LineageEdge) => GRAVITY.indexOf(status);
    const edges = this.all()
      .map((edge, at) => ({ edge, at }))
      .sort((a, b) => gravity(a.edge) - gravity(b.edge) || a.at - b.at)
      .slice(0, MAX_EDGES)
      .map(({ edge }) => edge);
    const joined = new Set(edges.flatMap(({ from, to }) => (to === null ? [from] : [from, to])));
    const nodes = this.nodes().filter(({ id }) => joined.has(id));
    const left = this.#edges.size - edges.length + Math.max(0, nodes.length - MAX_NODES);
    const shown = new Set(nodes.slice(0, MAX_NODES).map(({ id }) => id));
    return {
      nodes: nodes.slice(0, MAX_NODES),
      edges: edges.filter(({ from, to }) => shown.has(from) && (to === null || shown.has(to))),
      notes: [
        ...this.#notes,
        ...(left > 0 ? [`the lineage has more than is shown: ${left} edges or nodes were left out`] : []),
      ],
    };
  }
}
