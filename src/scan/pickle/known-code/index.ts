import { readGraph } from '../../../formats/pickle/graph/index.ts';
import { type Payload, readPayload } from './canonical.ts';
import { isKnown } from './list.ts';

export type { FoundFunction, Payload } from './canonical.ts';

/** The parts of a payload that numba wrote; `undefined` when it does not have that form. */
export function compiledCode(bytes: Uint8Array): Payload | undefined {
  const graph = readGraph(bytes);
  return graph === undefined ? undefined : readPayload(graph);
}

/** Functions of a payload that no listed release of a library has. */
export function unknownFunctions({ functions }: Payload): readonly string[] {
  return functions.filter(({ digest }) => !isKnown(digest)).map(({ module, name }) => `${module}.${name}`);
}
