import { BOOL, DICT, INT, LIST, NONE, OBJECT, TUPLE, type Value } from '../../../../formats/pickle/index.ts';
import { bytesIn } from '../bounds.ts';
import { type Breach, type Contract, type ContractContext, textAt, unexpected, worst } from '../contract.ts';
import { flag, numbersOf, otherThan } from '../numbers.ts';
import { dtypeSize, isLocation } from './types.ts';
import { counted, tensor, viewBreach } from './view.ts';

const LAYOUTS = /^(?:torch\.)?(?:strided|sparse_coo|sparse_csr|sparse_csc|sparse_bsr|sparse_bsc|jagged|_mkldnn)$/;
const WRAPS = 'sizes are so large that the arithmetic of the loader overflows';

/** `torch.serialization._get_layout('torch.sparse_coo')`, or the text itself. */
function layout(of: Value | undefined, context: ContractContext): Breach | undefined {
  const maker = of === undefined ? undefined : context.madeBy(of);
  const call = of === undefined ? undefined : context.state.callOf(of);
  if (maker?.module !== 'torch.serialization' || maker.name !== '_get_layout' || call === undefined)
    return otherThan(of, 'a layout');
  return getLayout(context.state.tuple(call.args) ?? [], context);
}

/** `_get_layout(name)` looks a name up among those of torch. */
const getLayout: Contract = (args, context) =>
  args.length === 1 && LAYOUTS.test(textAt(args, 0, context) ?? '')
    ? undefined
    : unexpected('it does not name a layout of torch');

/** Sizes that a tensor of unknown content is made with. */
function sizes(of: Value | undefined, context: ContractContext): readonly number[] | Breach {
  const read = numbersOf(of, context);
  if (read.kind === 'broken') return read.breach;
  if (read.numbers.some((size) => size < 0)) return unexpected('a size is negative');
  return bytesIn(read.numbers, 16) === undefined ? WRAPS : read.numbers;
}

function breachOf(read: readonly number[] | Breach): Breach | undefined {
  return Array.isArray(read) ? undefined : (read as Breach);
}

/** The sizes that the rebuilder of a dense tensor was given, where it is one. */
function denseSizes(of: Value | undefined, context: ContractContext): readonly number[] | undefined {
  const maker = of === undefined ? undefined : context.madeBy(of);
  if (of === undefined || !/^_rebuild_tensor(?:_v[23])?$/.test(maker?.name ?? '')) return undefined;
  const args = context.state.tuple(context.state.callOf(of)?.args ?? of);
  const read = numbersOf(args?.[2], context);
  return read.kind === 'numbers' ? read.numbers : undefined;
}

/**
 * `_rebuild_sparse_tensor(layout, data)`: `(indices, values, size)` and, from 2.1 on, whether they are coalesced; for compressed
 * layouts `(compressed indices, plain indices, values, size)`.
 */
const rebuildSparse: Contract = (args, context) => {
  const data = args[1] === undefined ? undefined : context.state.tuple(args[1]);
  if (data === undefined) return otherThan(args[1], 'the parts of a sparse tensor');
  const head = worst(layout(args[0], context), counted(args, 2, 2));
  const last = data.at(-1);
  const coo = data.length === 3 || last?.kind === BOOL || last?.kind === NONE || last?.kind === INT;
  const size = data[coo ? 2 : 3];
  const whole = sizes(size, context);
  const broken = worst(
    head,
    counted(data, 3, 4),
    ...data.slice(0, coo ? 2 : 3).map((part) => tensor(part, context)),
    breachOf(whole),
  );
  return broken ?? (coo ? cooSizes(data, whole as readonly number[], context) : undefined);
};

/** `indices` is (dimensions, elements), `values` is (elements, dense dimensions). */
function cooSizes(
  [indices, values]: readonly Value[],
  whole: readonly number[],
  context: ContractContext,
): Breach | undefined {
  const [index, value] = [denseSizes(indices, context), denseSizes(values, context)];
  if (index === undefined || value === undefined) return undefined;
  const agree = index.length === 2 && index[1] === value[0] && (index[0] ?? 0) + value.length - 1 === whole.length;
  return agree ? undefined : unexpected('the parts of a sparse tensor have sizes that contradict each other');
}

/** `_rebuild_sparse_csr_tensor(layout, (rows, columns, values, size))`, of torch 1.9 to 1.13. */
const rebuildCompressed: Contract = (args, context) => {
  const data = args[1] === undefined ? undefined : context.state.tuple(args[1]);
  if (data === undefined) return otherThan(args[1], 'the parts of a sparse tensor');
  return worst(
    layout(args[0], context),
    counted(data, 4, 4),
    ...data.slice(0, 3).map((part) => tensor(part, context)),
    breachOf(sizes(data[3], context)),
  );
};

/** `_rebuild_nested_tensor(buffer, sizes, strides, offsets)`: the last a list of numbers in 1.13 and 2.0. */
const rebuildNested: Contract = (args, context) => {
  const [buffer, size, stride, offsets] = args;
  const last = offsets?.kind === LIST || offsets?.kind === TUPLE ? undefined : tensor(offsets, context);
  return worst(counted(args, 4, 4), ...[buffer, size, stride].map((part) => tensor(part, context)), last);
};

/** `_rebuild_njt({'values': ..., 'offsets': ...})` makes a nested tensor of these keywords. */
const KEYWORDS = new Set(['values', 'offsets', 'lengths', '_ragged_idx', '_metadata_cache', 'requires_grad']);
const rebuildJagged: Contract = (args, context) => {
  const [keywords] = args;
  const items = keywords?.kind === DICT ? context.state.itemsOf(keywords) : undefined;
  if (items === undefined) return otherThan(keywords, 'a dict of keywords');
  for (let i = 0; i < items.length; i += 2) {
    const name = textAt(items, i, context);
    if (context.state.waits) return undefined;
    if (name === undefined || !KEYWORDS.has(name)) return 'a keyword is not one that a nested tensor has';
  }
  return counted(args, 1, 1);
};

function dtype(of: Value | undefined, context: ContractContext): Breach | undefined {
  return of !== undefined && dtypeSize(context.state.global(of)) !== undefined ? undefined : otherThan(of, 'a type');
}

/** `_rebuild_meta_tensor_no_storage(type, size, stride, requires_grad)`. */
const rebuildMeta: Contract = ([type, size, stride, requiresGrad, ...more], context) =>
  worst(
    dtype(type, context),
    viewBreach('zero', size, stride, UNBOUNDED, context),
    flag(requiresGrad),
    more.length > 0 ? unexpected('its number of arguments is wrong') : undefined,
  );

const UNBOUNDED = { elements: undefined, elementSize: 16 };

/** A device as text, or `torch.device('cuda', 0)`. */
function device(of: Value | undefined, context: ContractContext): Breach | undefined {
  const maker = of === undefined ? undefined : context.madeBy(of);
  if (of?.kind === OBJECT && maker?.module === 'torch' && maker.name === 'device') return undefined;
  const text = of === undefined ? undefined : context.state.text(of);
  if (text === undefined) return otherThan(of, 'a device');
  return isLocation(text) ? undefined : unexpected('the device is not known');
}

/** `_rebuild_device_tensor_from_numpy(array, type, device, requires_grad)`. */
const rebuildFromNumpy: Contract = (args, context) => worst(array(args[0], context), deviceTensor(args, context));

/** `_rebuild_device_tensor_from_cpu_tensor(tensor, type, device, requires_grad)`. */
const rebuildFromCpu: Contract = (args, context) => worst(tensor(args[0], context), deviceTensor(args, context));

function deviceTensor(args: readonly Value[], context: ContractContext): Breach | undefined {
  return worst(counted(args, 4, 4), dtype(args[1], context), device(args[2], context), flag(args[3]));
}

const ARRAYS = /^numpy\._?core\.(?:multiarray:_reconstruct|numeric:_frombuffer)$/;

function array(of: Value | undefined, context: ContractContext): Breach | undefined {
  const maker = of === undefined ? undefined : context.madeBy(of);
  if (maker !== undefined && ARRAYS.test(`${maker.module}:${maker.name}`)) return undefined;
  return otherThan(of, 'an array of NumPy');
}

/** `_rebuild_wrapper_subclass(class, type, size, stride, offset, layout, device, requires_grad)`. */
const rebuildWrapper: Contract = (args, context) => {
  const [type, elements, size, stride, offset, of, place, requiresGrad] = args;
  if (context.plain(type) === undefined) return 'the class of the tensor is not listed, or is listed under a contract';
  return worst(
    counted(args, 8, 8),
    dtype(elements, context),
    viewBreach(offset, size, stride, UNBOUNDED, context),
    layout(of, context),
    device(place, context),
    flag(requiresGrad),
  );
};

/** Rebuilders of tensors that are not a view of one storage. */
export const SPECIAL_TENSORS: readonly (readonly [string, Contract])[] = [
  ['torch._utils:_rebuild_sparse_tensor', rebuildSparse],
  ['torch._utils:_rebuild_sparse_csr_tensor', rebuildCompressed],
  ['torch._utils:_rebuild_nested_tensor', rebuildNested],
  ['torch._utils:_rebuild_meta_tensor_no_storage', rebuildMeta],
  ['torch._utils:_rebuild_device_tensor_from_numpy', rebuildFromNumpy],
  ['torch._utils:_rebuild_xla_tensor', rebuildFromNumpy],
  ['torch._utils:_rebuild_mlc_tensor', rebuildFromNumpy],
  ['torch._utils:_rebuild_device_tensor_from_cpu_tensor', rebuildFromCpu],
  ['torch._utils:_rebuild_wrapper_subclass', rebuildWrapper],
  ['torch.nested._internal.nested_tensor:_rebuild_njt', rebuildJagged],
  ['torch.serialization:_get_layout', getLayout],
];
