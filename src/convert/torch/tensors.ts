import { type Inert, isKind } from '../../formats/pickle/inert/index.ts';
import { collectTensors, type TensorFound, type TensorSet } from '../tensors/index.ts';
import type { Checkpoint } from './checkpoint.ts';
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
    reader: { find, isHarmless: (call) => isRebuild(call) || isPlain(call.callee) },
  });
}

function isPlain(callee: Inert): boolean {
  return isKind(callee, 'global') && PLAIN_CALLS.has(`${callee.module}.${callee.name}`);
}
