import type { Value } from '../../../formats/pickle/values.ts';
import { BYTES, OBJECT, PERSID, TUPLE } from '../../../formats/pickle/values.ts';
import { type Contract, type ContractContext, textAt } from './contract.ts';

const REBUILDERS = /^torch\.(_utils:_rebuild_[a-z0-9_]+|nested\._internal\.nested_tensor:_rebuild_njt)$/;

/** `_rebuild_from_type_v2(func, type, args, state)` calls `func(*args)`. */
const rebuildFromType: Contract = ([rebuild, type, inner], context) => {
  const target = rebuild === undefined ? undefined : context.state.global(rebuild);
  const known = rebuild !== undefined && context.listed(rebuild) !== undefined;
  if (!known || !REBUILDERS.test(`${target?.module}:${target?.name}`))
    return 'the function to call is not one of the tensor rebuilders';
  if (type === undefined || context.listed(type) === undefined) return 'the tensor type is not listed';
  return inner?.kind === TUPLE ? undefined : 'the arguments are no constant tuple';
};

/** Tensors come from a storage: a persistent id, or a storage that was itself rebuilt. */
const rebuildTensor: Contract = ([storage]) =>
  storage !== undefined && (storage.kind === PERSID || storage.kind === OBJECT)
    ? undefined
    : 'the storage is not a storage';

/** Loads its argument as another PyTorch file, so that file is scanned in its place. */
const loadFromBytes: Contract = (args, context) => {
  const bytes = args[0];
  if (args.length !== 1 || bytes === undefined) return 'takes one byte string';
  const content = bytes.kind === BYTES ? bytes : encodedText(bytes, context);
  if (content === undefined) return 'the bytes to load are not a constant';
  context.scanBytes(content);
  return undefined;
};

/** Protocol 2 has no bytes and spells them `_codecs.encode(text, 'latin1')`. */
function encodedText(of: Value, context: ContractContext): Value | undefined {
  const maker = context.madeBy(of);
  const args = context.state.tuple(context.state.callOf(of)?.args ?? of) ?? [];
  if (maker?.module !== '_codecs' || maker.name !== 'encode') return undefined;
  return textAt(args, 1, context) === 'latin1' ? args[0] : undefined;
}

export const TORCH_CONTRACTS: readonly (readonly [string, Contract])[] = [
  ['torch._tensor:_rebuild_from_type_v2', rebuildFromType],
  ['torch._utils:_rebuild_tensor', rebuildTensor],
  ['torch._utils:_rebuild_tensor_v2', rebuildTensor],
  ['torch._utils:_rebuild_tensor_v3', rebuildTensor],
  ['torch.storage:_load_from_bytes', loadFromBytes],
];
