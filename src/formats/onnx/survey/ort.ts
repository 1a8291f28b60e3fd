import type { ByteSource } from '../../../core/bytes/index.ts';
import { AssayError, type FileBudget } from '../../../core/index.ts';
import { type FbTable, FlatBuffer } from '../../flatbuffer/index.ts';
import type { OperatorUse } from './survey.ts';

/** Graphs within graphs. Offsets lead forward, so that none is within itself; many may lead to one, which the budget bounds. */
const MAX_NESTING = 100;

// Fields by their place in the tables of ort.fbs of ONNX Runtime.
const SESSION = { model: 1 } as const;
const MODEL = { graph: 7 } as const;
const GRAPH = { nodes: 2 } as const;
const NODE = { domain: 2, op: 5, attributes: 10 } as const;
const ATTRIBUTE = { graph: 7, graphs: 12 } as const;

/**
 * The operators of a model of ONNX Runtime (`ORTM`, FlatBuffers; onnxruntime/core/flatbuffers/schema/ort.fbs), subgraphs included. Nothing else of
 * the file is read.
 * @throws AssayError `malformed`, `limit`; what reading the source throws
 */
export async function surveyOrt(source: ByteSource, budget: FileBudget, maxBytes: number): Promise<OperatorUse[]> {
  if (source.size > maxBytes)
    throw new AssayError('limit', `a model of ${source.size} bytes (maxHeaderBytes)`, { subject: source.name });
  budget.hold(source.size);
  const bytes = source.readNow(0, source.size) ?? (await source.read(0, source.size));
  const survey = new OrtSurvey(budget);
  const graph = new FlatBuffer(bytes, budget).root().table(SESSION.model)?.table(MODEL.graph);
  if (graph === undefined) throw new AssayError('malformed', 'the model has no graph', { subject: source.name });
  survey.graph(graph, 0);
  budget.release(source.size);
  return [...survey.uses.values()];
}

class OrtSurvey {
  readonly uses = new Map<string, OperatorUse>();
  readonly #budget: FileBudget;

  constructor(budget: FileBudget) {
    this.#budget = budget;
  }

  graph(graph: FbTable, depth: number): void {
    if (depth > MAX_NESTING) throw new AssayError('limit', `graphs are nested deeper than ${MAX_NESTING}`);
    for (const node of graph.tables(GRAPH.nodes)) this.#node(node, depth);
  }

  #node(node: FbTable, depth: number): void {
    const domain = node.text(NODE.domain) ?? '';
    const name = node.text(NODE.op) ?? '';
    const key = JSON.stringify([domain, name]);
    const known = this.uses.get(key);
    if (known !== undefined) known.count++;
    else {
      this.#budget.hold(256 + 4 * key.length);
      this.uses.set(key, { scope: -1, domain, name, count: 1, offset: 0 });
    }
    for (const attribute of node.tables(NODE.attributes)) {
      const own = attribute.table(ATTRIBUTE.graph);
      if (own !== undefined) this.graph(own, depth + 1);
      for (const one of attribute.tables(ATTRIBUTE.graphs)) this.graph(one, depth + 1);
    }
  }
}
