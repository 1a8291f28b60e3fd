import type { Edges } from './edges.ts';
import { MODEL } from './graph.ts';

/** What somebody who keeps models knows of one. */
export interface KnownBase {
  /** What is known, as a sentence without its subject: `is approved for production`. */
  readonly standing: string;
  /** 64 hex digits of its bytes, where it is one file. */
  readonly sha256: string | null;
  /** The models that it started from. */
  readonly bases: readonly { readonly name: string; readonly sha256: string | null }[];
}

/** Answers for a model by its name; `undefined` for one that is not known. */
export type AskBase = (name: string) => Promise<KnownBase | undefined>;

/** CWE-770: base models of base models, and questions in all. */
export const MAX_BASE_DEPTH = 16;
export const MAX_ASKED = 100;

/**
 * Follows the base models of the model at hand through what is known of each, nearest first. Nobody is asked twice, so that models that
 * name each other end it.
 */
export async function followBases(edges: Edges, ask: AskBase): Promise<void> {
  const asked = new Set<string>([edges.nameOf(MODEL)]);
  let near = startsOf(edges);
  for (let depth = 0; near.length > 0; depth++) {
    if (depth >= MAX_BASE_DEPTH) {
      edges.note(`base models more than ${MAX_BASE_DEPTH} apart from the model were left out`);
      return;
    }
    const next: { from: string; to: string }[] = [];
    for (const { from, to } of near) {
      const name = edges.nameOf(to);
      if (asked.has(name)) continue;
      if (asked.size > MAX_ASKED) {
        edges.note(`more than ${MAX_ASKED} base models are named; the rest were left out`);
        return;
      }
      asked.add(name);
      next.push(...(await resolved(edges, from, to, ask)));
    }
    near = next;
  }
}

function startsOf(edges: Edges): { from: string; to: string }[] {
  return edges
    .all()
    .flatMap(({ from, relation, to }) => (relation === 'started from' && to !== null ? [{ from, to }] : []));
}

async function resolved(edges: Edges, from: string, to: string, ask: AskBase): Promise<{ from: string; to: string }[]> {
  const name = edges.nameOf(to);
  const known = await ask(name);
  if (known === undefined) return [];
  const said = edges.sha256Of(to);
  const differs = said !== null && known.sha256 !== null && said !== known.sha256;
  edges.edge(from, 'started from', to, {
    status: differs ? 'mismatched' : 'claimed',
    why: differs ? `has sha256:${said}, and sha256:${known.sha256} is kept by that name` : `${name} ${known.standing}`,
    document: 'the registry',
    better: true,
  });
  return known.bases.map(({ name: base, sha256 }) => {
    const id = edges.node(sha256 === null ? `model:${base}` : `sha256:${sha256}`, {
      kind: 'model',
      name: base,
      sha256,
      atHand: false,
    });
    edges.edge(to, 'started from', id, {
      status: 'claimed',
      why: 'the registry keeps that it says so',
      document: 'the registry',
    });
    return { from: to, to: id };
  });
}
