import { readFileSync } from 'node:fs';

/** A list made by `fixtures/make/graph_operators.py`: names separated by spaces. */
interface WrittenOperators {
  readonly allowed: string;
  /** By what their kernels do. */
  readonly refused: Readonly<Record<string, string>>;
}

/** What refused operators do, and whether that is dangerous whatever they are given. */
const DANGERS = {
  python: { does: 'calls a function of the Python process', malicious: true },
  reads: { does: 'reads files that the model names', malicious: true },
  writes: { does: 'writes files that the model names', malicious: true },
  remote: { does: 'exchanges data with other processes', malicious: false },
  other: { does: 'prints, reads a queue, or runs a program that is stored as data', malicious: false },
} as const;

export type GraphOperator =
  | { readonly kind: 'allowed' | 'unlisted' }
  | { readonly kind: 'refused'; readonly does: string; readonly malicious: boolean };

export type GraphRuntime = 'paddle' | 'mxnet' | 'executorch';

const PLACES: Readonly<Record<GraphRuntime, URL>> = {
  paddle: new URL('./paddle.json', import.meta.url),
  mxnet: new URL('./mxnet.json', import.meta.url),
  executorch: new URL('./executorch.json', import.meta.url),
};

const lists = new Map<GraphRuntime, ReadonlyMap<string, GraphOperator>>();

export function graphOperator(runtime: GraphRuntime, name: string): GraphOperator {
  let list = lists.get(runtime);
  if (list === undefined) {
    list = read(PLACES[runtime]);
    lists.set(runtime, list);
  }
  return list.get(name) ?? { kind: 'unlisted' };
}

function read(place: URL): ReadonlyMap<string, GraphOperator> {
  const written = JSON.parse(readFileSync(place, 'utf8')) as WrittenOperators;
  const list = new Map<string, GraphOperator>();
  for (const name of written.allowed.split(' ')) list.set(name, { kind: 'allowed' });
  for (const [danger, { does, malicious }] of Object.entries(DANGERS))
    for (const name of written.refused[danger]?.split(' ') ?? []) list.set(name, { kind: 'refused', does, malicious });
  return list;
}
