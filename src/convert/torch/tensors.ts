import { type Inert, isKind } from '../../formats/pickle/inert/index.ts';
import {
  type CallReader,
  collectTensors,
  stemOf,
  type TensorFound,
  type TensorReader,
  type TensorSet,
} from '../tensors/index.ts';
import type { Checkpoint, TarCheckpoint } from './checkpoint.ts';
import { isRebuild, rebuilt } from './rebuild.ts';
import { storageIdOf } from './storage-id.ts';

/** Calls of a checkpoint that make values and change no other. */
const PLAIN_CALLS: ReadonlySet<string> = new Set(['torch.Size', 'torch.device', 'builtins.set', 'builtins.frozenset']);

/**
 * The tensors of what `torch.save` wrote: a state dict, a checkpoint around one, or a module.
 * @param subject the file, for messages
 * @throws AssayError as `collectTensors` does; `malformed` for a tensor that leaves its storage
 */
export function torchTensors(checkpoint: Checkpoint, subject: string, salvage: boolean): TensorSet {
  const { value, calls } = checkpoint.pickle;
  return collectTensors(value, calls, { subject, salvage, stem: stemOf(subject), reader: readerOf(checkpoint) });
}

export function readerOf(checkpoint: Checkpoint): TensorReader {
  const find = (one: Inert, name: string): TensorFound => {
    if (isKind(one, 'object')) return rebuilt(one, name, checkpoint);
    return isKind(one, 'persistent') ? { kind: 'refused', why: 'a storage without a tensor' } : { kind: 'no-tensor' };
  };
  return { find, ...TORCH_CALLS };
}

/** Tensors are views of storages: whatever receives a storage, or another view of it, can change them. */
export const TORCH_CALLS: CallReader = {
  isHarmless: (call) => isRebuild(call) || isPlain(call.callee),
  memoryOf: (value) => (isKind(value, 'persistent') ? (storageIdOf(value.id)?.key ?? '') : undefined),
};

function isPlain(callee: Inert): boolean {
  return isKind(callee, 'global') && PLAIN_CALLS.has(`${callee.module}.${callee.name}`);
}

/**
 * The tensors of a tar of PyTorch.
 * @throws AssayError as `collectTensors` does
 */
export function tarTensors(checkpoint: TarCheckpoint, subject: string, salvage: boolean): TensorSet {
  const { value, calls } = checkpoint.pickle;
  return collectTensors(value, calls, { subject, salvage, stem: stemOf(subject), reader: tarReaderOf(checkpoint) });
}

export function tarReaderOf({ tensor }: TarCheckpoint): TensorReader {
  const find = (one: Inert, name: string): TensorFound => {
    const view = isKind(one, 'persistent') && typeof one.id === 'string' ? tensor(one.id) : undefined;
    return view === undefined ? { kind: 'no-tensor' } : { kind: 'tensor', tensor: { ...view, name } };
  };
  // Its ids name tensors, of which several may be views of one storage.
  return {
    find,
    isHarmless: (call) => isPlain(call.callee),
    memoryOf: (value) => (isKind(value, 'persistent') ? '' : undefined),
  };
}
