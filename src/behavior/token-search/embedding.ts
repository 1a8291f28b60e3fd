import { AssayError } from '../../core/index.ts';
import type { OnnxModel, OnnxTensor } from '../../formats/onnx/index.ts';
import { isStandard, type OrderedGraph, orderedGraph, shortName } from '../gradient/index.ts';

/** Where tokens become vectors. */
export interface Embedding {
  /** The input with the tokens of each row: whole numbers, [rows, length]. */
  readonly input: string;
  /** The table with a vector for each token: [vocabulary, width] of float32. */
  readonly table: string;
  readonly vocabulary: number;
  /** The tensor of the vectors of the tokens: [rows, length, width]. */
  readonly vectors: string;
}

const MAX_NODES = 20_000;
const MAX_VOCABULARY = 1 << 20;
/** Operators between the input and the table that keep its numbers. */
const KEEPING: ReadonlySet<string> = new Set(['Identity', 'Cast']);

/**
 * Finds the table that an input of tokens is looked up in. Inputs of types of tokens have smaller tables: the largest counts.
 * @throws AssayError `unsupported` for a model without one, or that uses the tokens elsewhere, too
 */
export function embeddingOf(model: OnnxModel): Embedding {
  const graph = orderedGraph(model, MAX_NODES);
  const found = graph.nodes.flatMap(({ node }): Embedding[] => {
    if (node.op !== 'Gather' || !isStandard(node.domain)) return [];
    const axis = node.attributes.find(({ name }) => name === 'axis');
    if (axis !== undefined && !(axis.type === 'int' && axis.value === 0n)) return [];
    const [table = '', indices = ''] = node.inputs;
    const input = inputBehind(graph, indices);
    const tensor = graph.constants.get(table);
    if (input === undefined || !isTable(tensor)) return [];
    return [{ input, table, vocabulary: tensor.dims[0] ?? 0, vectors: node.outputs[0] ?? '' }];
  });
  const [largest] = found.sort((a, b) => b.vocabulary - a.vocabulary);
  if (largest === undefined)
    throw new AssayError('unsupported', 'the model does not look tokens up in a table of float32 numbers', {
      hint: 'export a model that takes the ids of tokens, with an embedding of float32',
    });
  if (largest.vocabulary > MAX_VOCABULARY)
    throw new AssayError('unsupported', `the table of ${largest.vocabulary} tokens is larger than ${MAX_VOCABULARY}`);
  if (found.filter(({ input }) => input === largest.input).length > 1)
    throw new AssayError('unsupported', `the tokens ${shortName(largest.input)} are looked up in several tables`);
  return largest;
}

function isTable(tensor: OnnxTensor | undefined): tensor is OnnxTensor {
  return tensor?.type === 'float32' && tensor.dims.length === 2 && tensor.dims.every((size) => size > 1);
}

function inputBehind({ inputs, producers }: OrderedGraph, name: string): string | undefined {
  let at = name;
  // As many steps as nodes: the graph has no circles.
  for (let step = 0; step <= producers.size; step++) {
    if (inputs.has(at)) return at;
    const node = producers.get(at)?.node;
    if (node === undefined || !KEEPING.has(node.op) || !isStandard(node.domain)) return undefined;
    at = node.inputs[0] ?? '';
  }
  return undefined;
}
