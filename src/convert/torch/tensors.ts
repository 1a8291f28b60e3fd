import { type Inert, type InertObject, isKind } from '../../formats/pickle/inert/index.ts';
import { collectTensors, stemOf, type TensorFound, type TensorSet } from '../tensors/index.ts';
import type { Checkpoint, TarCheckpoint } from './checkpoint.ts';
import { isRebuild, rebuilt } from './rebuild.ts';

/** Calls of a checkpoint that make values and change no other. */
const PLAIN_CALLS: ReadonlySet<string> = new Set(['torch.Size', 'torch.device', 'builtins.set', 'builtins.frozenset']);

/**
 * The tensors of what `torch.save` wrote: a state dict, a checkpoint around one, or a module.
 * @param subject the file, for messages
 * @throws AssayError as `collectTensors` does; `malformed` for a tensor that leaves its storage
 */
export function torchTensors(checkpoint: Checkpoint, subject: string, salvage: boolean): TensorSet {
  const { value, calls } = checkpoint.pickle;
  const find = (one: Inert, name: string): TensorFound => {
    if (isKind(one, 'object')) return rebuilt(one, name, checkpoint);
    return isKind(one, 'persistent') ? { kind: 'refused', why: 'a storage without a tensor' } : { kind: 'no-tensor' };
  };
  return collectTensors(value, calls, {
    subject,
    salvage,
    stem: stemOf(subject),
    reader: { find, isHarmless: isHarmlessCall },
  });
}

/** Whether a call makes a value of PyTorch, and changes no other. */
export function isHarmlessCall(call: InertObject): boolean {
  return isRebuild(call) || isPlain(call.callee);
}

function isPlain(callee: Inert): boolean {
  return isKind(callee, 'global') && PLAIN_CALLS.has(`${callee.module}.${callee.name}`);
}

/**
 * The tensors of a tar of PyTorch.
 * @throws AssayError as `collectTensors` does
 */
export function tarTensors({ pickle, tensor }: TarCheckpoint, subject: string, salvage: boolean): TensorSet {
  const find = (one: Inert, name: string): TensorFound => {
    const view = isKind(one, 'persistent') && typeof one.id === 'string' ? tensor(one.id) : undefined;
    return view === undefined ? { kind: 'no-tensor' } : { kind: 'tensor', tensor: { ...view, name } };
  };
  return collectTensors(pickle.value, pickle.calls, {
    subject,
    salvage,
    stem: stemOf(subject),
    reader: { find, isHarmless: (call) => isPlain(call.callee) },
  });
}
