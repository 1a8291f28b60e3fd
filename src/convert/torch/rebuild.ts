import {
  argsOf,
  dictOf,
  globalName,
  type Inert,
  type InertObject,
  isKind,
  sequenceOf,
  wholeCount,
} from '../../formats/pickle/inert/index.ts';
import { DTYPE_BYTES, type TensorFound, withinBytes } from '../tensors/index.ts';
import type { Checkpoint } from './checkpoint.ts';
import { storageKind, torchDtype } from './dtypes.ts';
import { storageIdOf } from './storage-id.ts';

const NO_TENSOR: TensorFound = { kind: 'no-tensor' };
/** Wrappers around wrappers. */
const MAX_DEPTH = 8;

const TENSORS = new Set([
  'torch._utils._rebuild_tensor',
  'torch._utils._rebuild_tensor_v2',
  'torch._utils._rebuild_tensor_v3',
]);
const PARAMETERS = new Set(['torch._utils._rebuild_parameter', 'torch._utils._rebuild_parameter_with_state']);
/** Classes whose instances are the tensor that they are made of. */
const PLAIN_CLASSES = new Set([
  'torch.Tensor',
  'torch._tensor.Tensor',
  'torch.nn.parameter.Parameter',
  'torch.nn.parameter.Buffer',
]);
/** Classes whose instances have the elements of one process alone. */
const SHARDS =
  /^torch\.distributed\..*\.(?:ShardedTensor|DTensor|_ShardedTensor)$|^torch\.distributed\.tensor\.DTensor$/;
const WHOLE =
  'save a full state dict (StateDictType.FULL_STATE_DICT, or full_tensor()), or use torch.distributed.checkpoint';
/** Functions that make tensors whose elements are not a view of a storage. */
const OTHERS: Readonly<Record<string, string>> = {
  'torch._utils._rebuild_sparse_tensor': 'a sparse tensor',
  'torch._utils._rebuild_sparse_csr_tensor': 'a sparse tensor',
  'torch._utils._rebuild_nested_tensor': 'a nested tensor',
  'torch._utils._rebuild_qtensor': 'a quantised tensor',
  'torch._utils._rebuild_meta_tensor_no_storage': 'a tensor without elements (device meta)',
  'torch._utils._rebuild_wrapper_subclass': 'an instance of a class that wraps tensors',
  'torch._utils._rebuild_device_tensor_from_numpy': 'a tensor of another device',
  'torch._utils._rebuild_device_tensor_from_cpu_tensor': 'a tensor of another device',
  'torch._utils._rebuild_xla_tensor': 'a tensor of another device',
};

const FROM_TYPE = new Set(['torch._tensor._rebuild_from_type_v2', 'torch._tensor._rebuild_from_type']);
/** Attributes of a tensor that are its elements. */
const ELEMENTS = new Set(['data', 'real', 'imag']);

/** Whether a call is one of those that make tensors or parameters: it changes nothing else. */
export function isRebuild(call: InertObject): boolean {
  const args = argsOf(call);
  return call.opcode === 'REDUCE' && args !== undefined && makes(call.callee, args);
}

function makes(callee: Inert | undefined, args: readonly Inert[], depth = 0): boolean {
  const name = globalName(callee) ?? '';
  if (TENSORS.has(name) || Object.hasOwn(OTHERS, name)) return true;
  if (PARAMETERS.has(name)) return isPlainState(args[3]);
  // It calls what it is given.
  const [func, , given, state] = args;
  return (
    FROM_TYPE.has(name) && depth < MAX_DEPTH && isPlainState(state) && makes(func, sequenceOf(given) ?? [], depth + 1)
  );
}

/**
 * The tensor that a call makes (torch/_utils.py), as a view of its storage.
 * @throws AssayError `malformed` for a view that leaves its storage
 */
export function rebuilt(value: InertObject, name: string, checkpoint: Checkpoint, depth = 0): TensorFound {
  const args = argsOf(value);
  if (value.opcode !== 'REDUCE' || args === undefined || value.items.length + value.entries.length > 0)
    return NO_TENSOR;
  const found = made(value.callee, args, name, checkpoint, depth);
  return found.kind === 'tensor' && value.states.length > 0 ? CHANGED : found;
}

function made(callee: Inert, args: readonly Inert[], name: string, checkpoint: Checkpoint, depth: number): TensorFound {
  const called = globalName(callee) ?? '';
  const other = Object.hasOwn(OTHERS, called) ? OTHERS[called] : undefined;
  if (other !== undefined) return { kind: 'refused', why: other };
  if (TENSORS.has(called)) return view(called, args, name, checkpoint);
  if (depth >= MAX_DEPTH) return ODD;
  if (PARAMETERS.has(called)) {
    const [data, , hooks, state] = args;
    if (!isKind(data, 'object')) return ODD;
    if (hasHooks(hooks)) return HOOKS;
    return isPlainState(state) ? rebuilt(data, name, checkpoint, depth + 1) : CHANGED;
  }
  return FROM_TYPE.has(called) ? fromType(args, name, checkpoint, depth) : NO_TENSOR;
}

/** `func(*args)` as an instance of a class, which may override anything: a tensor only for classes of PyTorch's own. */
function fromType(args: readonly Inert[], name: string, checkpoint: Checkpoint, depth: number): TensorFound {
  const [func, type, given, state] = args;
  const cls = globalName(type);
  const inner = sequenceOf(given);
  if (cls === undefined || func === undefined || inner === undefined) return ODD;
  if (SHARDS.test(cls))
    return { kind: 'refused', why: `a part of a tensor that other processes hold (${cls})`, hint: WHOLE };
  if (!PLAIN_CLASSES.has(cls)) return { kind: 'refused', why: `an instance of ${cls}` };
  return isPlainState(state) ? made(func, inner, name, checkpoint, depth + 1) : CHANGED;
}

/** What PyTorch does not write. */
const ODD: TensorFound = { kind: 'refused', why: 'a tensor with other arguments than PyTorch writes' };
const HOOKS: TensorFound = { kind: 'refused', why: 'a tensor with hooks' };
const CHANGED: TensorFound = { kind: 'refused', why: 'a tensor with a state that may replace its elements' };

/** Attributes that are set on the tensor that was made: `None`, a dict, or a tuple of both for slots. */
function isPlainState(state: Inert | undefined): boolean {
  if (state === undefined || state === null) return true;
  if (isKind(state, 'tuple')) return state.items.every((part) => part === null || isPlainDict(part));
  return isPlainDict(state);
}

function isPlainDict(state: Inert): boolean {
  const dict = dictOf(state);
  if (dict === undefined) return false;
  return [...dict.entries()].every(([key]) => typeof key === 'string' && !key.startsWith('__') && !ELEMENTS.has(key));
}

function view(callee: string, args: readonly Inert[], name: string, checkpoint: Checkpoint): TensorFound {
  const [storage, first, size, stride, , hooks, ...more] = args;
  const hasType = callee.endsWith('_v3');
  const type = hasType ? more[0] : undefined;
  const offset = wholeCount(first);
  const shape = countsOf(size);
  const strides = countsOf(stride);
  if (offset === undefined || shape === undefined || strides === undefined) return ODD;
  if (hasHooks(hooks)) return HOOKS;
  if (isLazyView(hasType ? more[1] : more[0])) return { kind: 'refused', why: 'a conjugated or negated view' };
  if (!isKind(storage, 'persistent')) return ODD;
  const id = storageIdOf(storage.id);
  if (id === undefined) return ODD;
  const kind = storageKind(id.cls);
  if (kind.kind === 'other') return { kind: 'refused', why: `a tensor of ${kind.name}` };
  const dtype = kind.kind === 'typed' ? kind.dtype : torchDtype(type);
  if (dtype === undefined) return { kind: 'refused', why: `a tensor of ${globalName(type) ?? 'bytes'}` };
  const bytes = checkpoint.storage(id.key);
  if (bytes === undefined || !isWithin(id.elements, kind.kind === 'bytes' ? 1 : DTYPE_BYTES[dtype], bytes.size)) {
    return { kind: 'refused', why: `a tensor whose storage ${id.key} is not in the file` };
  }
  const { bigEndian } = checkpoint;
  const start = offset + id.viewOffset;
  return { kind: 'tensor', tensor: withinBytes({ name, dtype, shape, strides, offset: start, bytes, bigEndian }) };
}

/** Whether a storage has the elements that its id states. */
function isWithin(elements: number, width: number, bytes: number): boolean {
  return Number.isSafeInteger(elements * width) && elements * width <= bytes;
}

/** Hooks are functions that run with the tensor: without them it is an empty OrderedDict, or None. */
function hasHooks(value: Inert | undefined): boolean {
  if (value === undefined || value === null) return false;
  return dictOf(value)?.size !== 0 || (isKind(value, 'object') && value.states.length > 0);
}

/** Lazy views: their elements are those of the storage, conjugated or negated (torch/_utils.py, `set_tensor_metadata`). */
function isLazyView(metadata: Inert | undefined): boolean {
  const dict = dictOf(metadata);
  return dict === undefined ? metadata !== undefined && metadata !== null : dict.size > 0;
}

function countsOf(value: Inert | undefined): number[] | undefined {
  // `torch.Size` is a tuple; pickles of it name its class.
  const tuple = isKind(value, 'object') && globalName(value.callee) === 'torch.Size' ? argsOf(value)?.[0] : value;
  const items = sequenceOf(tuple);
  const counts = items?.map(wholeCount).filter((count) => count !== undefined);
  return counts === undefined || counts.length !== items?.length ? undefined : counts;
}
