import { dictOf, type Inert, isKind, sequenceOf } from '../../formats/pickle/inert/index.ts';
import type { Network } from '../network/index.ts';
import type { Tensor } from '../tensors/index.ts';
import type { Checkpoint } from '../torch/index.ts';
import type { ScriptArchive } from './archive.ts';
import { scriptTensor } from './object.ts';

/** The tensors of an archive, by the values that make them, with the names that lead to them. */
export function fileTensors({ data, constants }: ScriptArchive, net: Network): Map<Inert, Tensor> {
  const tensors = new Map<Inert, Tensor>();
  collect(data, '', tensors, net);
  if (constants !== undefined) collect(constants, 'constants', tensors, net);
  return tensors;
}

function collect(checkpoint: Checkpoint, name: string, tensors: Map<Inert, Tensor>, net: Network): void {
  const waiting: [value: Inert, path: string][] = [[checkpoint.pickle.value, name]];
  const seen = new Set<Inert>();
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [value, path] = next;
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    const tensor = scriptTensor(value, path === '' ? 'tensor' : path, checkpoint, net);
    if (tensor !== undefined) tensors.set(value, tensor);
    else for (const [key, part] of partsOf(value)) waiting.push([part, path === '' ? key : `${path}.${key}`]);
  }
}

/** What a value holds, by the names that lead to it. */
function partsOf(value: Inert): [key: string, part: Inert][] {
  const dict = dictOf(value);
  if (dict !== undefined) return [...dict.entries()].map(([key, part]) => [String(key), part]);
  const items = sequenceOf(value);
  if (items !== undefined) return items.map((part, index) => [String(index), part]);
  if (!isKind(value, 'object')) return [];
  const states = value.states.flatMap(partsOf);
  return states.length > 0 ? states : partsOf(value.args);
}
