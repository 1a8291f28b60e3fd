import { type ByteSource, MemorySource, SliceSource } from '../../../core/bytes/index.ts';
import { type FileBudget, isContentError } from '../../../core/index.ts';
import { protoFields, TF_GRAPH } from '../../../formats/protobuf/index.ts';
import { type FieldBytes, walkTensorflow } from '../../../formats/tensorflow/walk/index.ts';
import { IGNORED, TensorflowCollector } from './collect.ts';
import { type GraphFinding, judgeGraph } from './findings.ts';
import { lookAtTensors } from './tensors.ts';

const MAX_NESTED = 4;
const PROBE = 1024;
const PROBE_WORK = 2 * PROBE;
/** Fields of a GraphDef: its nodes, and its functions. */
const NODE = 1;
const LIBRARY = 2;
const GRAPH_FIELDS: ReadonlySet<number> = new Set([NODE, LIBRARY, 3, 4, 5]);

/** Judges the graph that bytes of a constant are, if they are one; without findings otherwise. */
export async function judgeNested(
  source: ByteSource,
  value: FieldBytes | Uint8Array,
  budget: FileBudget,
  depth = 0,
): Promise<readonly GraphFinding[]> {
  const inner = valueSource(source, value, 'constant');
  budget.work(PROBE_WORK);
  if (depth >= MAX_NESTED || !(await looksLikeGraph(inner))) return [];
  const findings: GraphFinding[] = [];
  const bytes: (FieldBytes | Uint8Array)[] = [];
  const collector = new TensorflowCollector(
    {
      graph: (graph) => void findings.push(...judgeGraph(graph, budget)),
      ...IGNORED,
      message: (message) => lookAtTensors(message, { odd: () => undefined, bytes: (one) => void bytes.push(one) }),
    },
    budget,
  );
  try {
    await walkTensorflow(inner, 'GraphDef', collector, budget);
  } catch (error) {
    // Bytes that are not a graph are only bytes: what would run them is an operator that is refused by its name.
    if (!isContentError(error) || error.code === 'limit') throw error;
    return [];
  }
  for (const one of bytes) findings.push(...(await judgeNested(inner, one, budget, depth + 1)));
  return findings;
}

async function looksLikeGraph(source: ByteSource): Promise<boolean> {
  const { size } = source;
  const length = Math.min(size, PROBE);
  const head = source.readNow(0, length) ?? (await source.read(0, length));
  if (!mayBeGraph(head, size)) return false;
  const first = protoFields(head, size, 8) ?? [];
  return (
    TF_GRAPH.identify({ head, tail: head, size }) || first.some(({ number, wire }) => number === LIBRARY && wire === 2)
  );
}

/** Whether the first fields of bytes are those of a GraphDef. @param head the first bytes of `size` */
export function mayBeGraph(head: Uint8Array, size: number): boolean {
  const first = protoFields(head, size, 8);
  return first !== undefined && first.length > 0 && first.every(({ number }) => GRAPH_FIELDS.has(number));
}

/** The bytes of a value of a message of the source. */
export function valueSource(source: ByteSource, value: FieldBytes | Uint8Array, name: string): ByteSource {
  const named = `${source.name}!${name}`;
  return value instanceof Uint8Array
    ? new MemorySource(value, named)
    : new SliceSource(source, value.start, value.end - value.start, named);
}
