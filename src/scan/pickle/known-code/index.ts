import { readPickleGraph } from '../../../formats/pickle/graph/index.ts';
import { type Payload, readCompiled } from './canonical.ts';
import { hasDigest } from './list.ts';

export type { FoundFunction, Payload } from './canonical.ts';

/** The parts of a payload that numba wrote; `undefined` when it does not have that form. */
export function compiledCode(bytes: Uint8Array): Payload | undefined {
  const graph = readPickleGraph(bytes);
  return graph === undefined ? undefined : readCompiled(graph);
}

/** Functions of a payload that no listed release of a library has. */
export function unknownFunctions({ functions }: Payload): readonly string[] {
  return functions.filter(({ digest }) => !hasDigest(digest)).map(({ module, name }) => `${module}.${name}`);
}
