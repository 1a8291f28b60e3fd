import { AssayError } from '../../../core/index.ts';
import type { TfFunction, TfNode } from '../../../formats/tensorflow/index.ts';

/** What an operation takes: a result of another one, by its index or by its name within a function. */
export interface NodeReference {
  readonly node: string;
  readonly output: string | undefined;
  readonly index: number;
}

/** `node`, `node:1`, and within functions `node:output:1`. @throws AssayError `malformed` */
export function referenceOf(input: string): NodeReference {
  const [node = '', second, third, ...rest] = input.split(':');
  const place = third ?? (second !== undefined && /^\d+$/.test(second) ? second : '0');
  if (node === '' || rest.length > 0 || !/^\d{1,6}$/.test(place))
    throw new AssayError('malformed', `${JSON.stringify(input.slice(0, 80))} does not name a result of an operation`);
  const output = third === undefined && second === place ? undefined : second;
  return { node, output, index: Number(place) };
}

/** Results of operations with several named ones, by their place. */
const OUTPUTS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  TopKV2: { values: 0, indices: 1 },
  FusedBatchNorm: { y: 0, batch_mean: 1, batch_variance: 2 },
  FusedBatchNormV2: { y: 0, batch_mean: 1, batch_variance: 2 },
  FusedBatchNormV3: { y: 0, batch_mean: 1, batch_variance: 2 },
};

export function resultIndex({ op }: TfNode, { output, index }: NodeReference): number {
  const named = Object.hasOwn(OUTPUTS, op) ? OUTPUTS[op] : undefined;
  if (output === undefined || named === undefined) return index;
  return (Object.hasOwn(named, output) ? (named[output] ?? 0) : -1) + index;
}

/** The nodes of a graph, or of a function, by their names. @throws AssayError `malformed` for two of one name */
export function nodesByName(nodes: readonly TfNode[]): Map<string, TfNode> {
  const known = new Map<string, TfNode>();
  for (const node of nodes) {
    if (known.has(node.name)) throw new AssayError('malformed', `two operations are named ${nodeQuoted(node.name)}`);
    known.set(node.name, node);
  }
  return known;
}

/**
 * The names of what some nodes need, each behind those that it takes.
 * @param given names that need nothing
 * @throws AssayError `malformed` for a node that does not exist; `unsupported` for a loop
 */
export function nodeOrder(
  nodes: ReadonlyMap<string, TfNode>,
  wanted: readonly string[],
  given: (name: string) => boolean,
): TfNode[] {
  const order: TfNode[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const waiting = [...wanted].reverse();
  for (let name = waiting.at(-1); name !== undefined; name = waiting.at(-1)) {
    const node = nodes.get(name);
    if (given(name) || state.get(name) === 'done') {
      waiting.pop();
      continue;
    }
    if (node === undefined) throw new AssayError('malformed', `nothing makes ${nodeQuoted(name)}`);
    if (state.get(name) === 'open') {
      state.set(name, 'done');
      order.push(node);
      waiting.pop();
      continue;
    }
    state.set(name, 'open');
    for (const input of dataInputs(node)) {
      const other = referenceOf(input).node;
      if (state.get(other) === 'open' && !given(other))
        throw new AssayError(
          'unsupported',
          `${nodeQuoted(node.name)} takes what it makes itself: loops are not converted`,
        );
      waiting.push(other);
    }
  }
  return order;
}

/** The inputs that are values; the others only say what runs before. */
export function dataInputs({ inputs }: TfNode): string[] {
  return inputs.filter((input) => !input.startsWith('^'));
}

/** Functions by their names. */
export function functionsByName(functions: readonly TfFunction[]): Map<string, TfFunction> {
  const known = new Map<string, TfFunction>();
  for (const one of functions) {
    if (known.has(one.name)) throw new AssayError('malformed', `two functions are named ${nodeQuoted(one.name)}`);
    known.set(one.name, one);
  }
  return known;
}

export function nodeQuoted(name: string): string {
  return JSON.stringify(name.slice(0, 80));
}
