import { AssayError, cut, quotedName } from '../../core/index.ts';
import type { OnnxAttribute, OnnxTensor, OnnxValue } from '../../formats/onnx/index.ts';

/** A value of a flat graph, by its number; -1 for an input that is left out. */
export type ValueId = number;

/** One application of an operator, with the functions and subgraphs of the model opened. */
export interface FlatNode {
  readonly op: string;
  readonly domain: string;
  /** Where it stands, for messages. */
  readonly label: string;
  readonly attributes: readonly OnnxAttribute[];
  readonly inputs: readonly ValueId[];
  readonly outputs: readonly ValueId[];
  /** What comes back to it from the end of a loop's body. */
  readonly feedback: readonly ValueId[];
}

/** Characters of a label: functions within functions make long ones. */
const MAX_LABEL = 400;

/** Nodes that stand for what subgraphs do: they are of a domain that no operator has. */
export const STRUCTURE = 'assay.structure';

/** A graph without functions and subgraphs. Names are gone: each value has a number. */
export class FlatGraph {
  readonly nodes: FlatNode[] = [];
  readonly inputs = new Map<ValueId, OnnxValue>();
  readonly constants = new Map<ValueId, OnnxTensor>();
  readonly outputs: ValueId[] = [];
  /** The node that gives each value; undefined for inputs and constants. */
  readonly makers: (FlatNode | undefined)[] = [];
  readonly #maxNodes: number;

  constructor(maxNodes: number) {
    this.#maxNodes = maxNodes;
  }

  get valueCount(): number {
    return this.makers.length;
  }

  value(): ValueId {
    this.makers.push(undefined);
    return this.makers.length - 1;
  }

  add(node: FlatNode): void {
    if (this.nodes.length >= this.#maxNodes)
      throw new AssayError('limit', `the graph has more than ${this.#maxNodes} nodes with its functions opened`);
    this.nodes.push(node);
    for (const output of node.outputs) if (output >= 0) this.makers[output] = node;
  }

  /** A node that stands for a part of the structure, and its result. */
  structure(op: string, label: string, inputs: readonly ValueId[], feedback: readonly ValueId[] = []): ValueId {
    const output = this.value();
    this.structureInto(output, op, label, inputs, feedback);
    return output;
  }

  structureInto(
    output: ValueId,
    op: string,
    label: string,
    inputs: readonly ValueId[],
    feedback: readonly ValueId[] = [],
  ): void {
    this.add({ op, domain: STRUCTURE, label, attributes: [], inputs, outputs: [output], feedback });
  }
}

/**
 * The nodes in an order in which each comes after what it takes; what comes back within a loop is left out.
 * @throws AssayError `malformed` for a circle
 */
export function orderedNodes({ nodes, makers }: FlatGraph): readonly FlatNode[] {
  const waiting = new Map<FlatNode, number>();
  const users = new Map<FlatNode, FlatNode[]>();
  for (const node of nodes) {
    const before = new Set(node.inputs.flatMap((input) => makers[input] ?? []));
    waiting.set(node, before.size);
    for (const maker of before) {
      const list = users.get(maker);
      if (list === undefined) users.set(maker, [node]);
      else list.push(node);
    }
  }
  const order = nodes.filter((node) => waiting.get(node) === 0);
  for (let at = 0; at < order.length; at++) {
    const done = order[at];
    if (done === undefined) break;
    for (const user of users.get(done) ?? []) {
      const left = (waiting.get(user) ?? 0) - 1;
      waiting.set(user, left);
      if (left === 0) order.push(user);
    }
  }
  const stuck = nodes.find((node) => (waiting.get(node) ?? 0) > 0);
  if (stuck === undefined) return order;
  throw new AssayError('malformed', `${stuck.label} depends on its own result`);
}

/** A node in messages: its operator, and its name or that of its first result. */
export function nodeLabel(path: string, op: string, name: string, outputs: readonly string[]): string {
  const own = name === '' ? (outputs.find((output) => output !== '') ?? '') : name;
  return cut(`${path}${op.slice(0, 80)} ${quotedName(own)}`, MAX_LABEL);
}
