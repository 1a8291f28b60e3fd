import { BYTES, GLOBAL, OBJECT, type Value } from '../../../../formats/pickle/index.ts';
import { type Breach, type Contract, type ContractContext, textAt, unexpected, worst } from '../contract.ts';
import { flag, otherThan } from '../numbers.ts';
import { hooks } from './hooks.ts';
import { attributeState } from './state.ts';
import { SPECIAL_TENSORS } from './tensors.ts';
import { dtypeSize } from './types.ts';
import { counted, metadata, storedView, tensor } from './view.ts';

/** `_rebuild_tensor(storage, offset, size, stride)`. */
const rebuildTensor: Contract = (args, context) => worst(storedView(args, context), counted(args, 4, 4));

/** `_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks, metadata)`. */
const rebuildTensorV2: Contract = (args, context) =>
  worst(storedView(args, context), counted(args, 6, 7), flag(args[4]), hooks(args[5], context), metadata(args[6]));

/** The same of an untyped storage, with the type after the hooks. */
const rebuildTensorV3: Contract = (args, context) => {
  const [, , , , requiresGrad, backward, dtype, more] = args;
  const size = dtype === undefined ? undefined : dtypeSize(context.state.global(dtype));
  if (size === undefined)
    return dtype?.kind === GLOBAL ? 'the type is not a type of torch' : otherThan(dtype, 'a type');
  return worst(
    storedView(args, context, size),
    counted(args, 7, 8),
    flag(requiresGrad),
    hooks(backward, context),
    metadata(more),
  );
};

/** `(per_tensor_affine, scale, zero point)`, or `(per_channel_affine, scales, zero points, axis)`. */
function quantizer(of: Value | undefined, context: ContractContext): Breach | undefined {
  const [scheme, ...rest] = (of === undefined ? undefined : context.state.tuple(of)) ?? [];
  const global = scheme === undefined ? undefined : context.state.global(scheme);
  const known =
    global?.module === 'torch' && /^per_(tensor|channel)_(affine|symmetric|affine_float_qparams)$/.test(global.name);
  if (!known) return scheme?.kind === GLOBAL ? 'the scheme is not a scheme of torch' : otherThan(scheme, 'a scheme');
  return worst(
    rest.length < 2 || rest.length > 3 ? unexpected('the parameters of the quantizer have another shape') : undefined,
    ...rest.map((item) => (item.kind === GLOBAL ? otherThan(item, 'a parameter of the quantizer') : undefined)),
    ...rest.map((item) => (item.kind === OBJECT ? tensor(item, context) : undefined)),
  );
}

/** `_rebuild_qtensor(storage, offset, size, stride, quantizer, requires_grad, hooks)`. */
const rebuildQuantized: Contract = (args, context) =>
  worst(
    storedView(args, context),
    counted(args, 7, 7),
    quantizer(args[4], context),
    flag(args[5]),
    hooks(args[6], context),
  );

/** `_rebuild_parameter(data, requires_grad, hooks)`. */
const rebuildParameter: Contract = (args, context) =>
  worst(tensor(args[0], context), counted(args, 3, 3), flag(args[1]), hooks(args[2], context));

/** `_rebuild_parameter_with_state(data, requires_grad, hooks, state)` sets the attributes of the state. */
const rebuildParameterWithState: Contract = (args, context) =>
  worst(
    tensor(args[0], context),
    counted(args, 4, 4),
    flag(args[1]),
    hooks(args[2], context),
    attributeState(args[3], context),
  );

/** `_rebuild_from_type_v2(func, type, args, state)` calls `func(*args)`. */
const rebuildFromType: Contract = (args, context) => {
  const [rebuild, type, inner, state] = args;
  const target = rebuild === undefined ? undefined : context.state.global(rebuild);
  const name = `${target?.module}:${target?.name}`;
  const known = rebuild !== undefined && context.listed(rebuild) !== undefined;
  const contract = known && name !== 'torch._tensor:_rebuild_from_type_v2' ? OWN.get(name) : undefined;
  if (contract === undefined) return 'the function to call is not one of the tensor rebuilders';
  if (type === undefined || context.listed(type) === undefined) return 'the tensor type is not listed';
  const given = inner === undefined ? undefined : context.state.tuple(inner);
  if (given === undefined) return 'the arguments are not a constant tuple';
  return worst(contract(given, context), counted(args, 4, 4), attributeState(state, context));
};

/** Loads its argument as another PyTorch file, so that file is scanned in its place. */
const loadFromBytes: Contract = (args, context) => {
  const bytes = args[0];
  if (args.length !== 1 || bytes === undefined) return 'its argument is not one byte string';
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

/** By "module:name", the rebuilders of tensors; argument shapes are those of torch 1.0 to 2.9 (torch/_utils.py). */
const OWN: ReadonlyMap<string, Contract> = new Map([
  ['torch._utils:_rebuild_tensor', rebuildTensor],
  ['torch._utils:_rebuild_tensor_v2', rebuildTensorV2],
  ['torch._utils:_rebuild_tensor_v3', rebuildTensorV3],
  ['torch._utils:_rebuild_qtensor', rebuildQuantized],
  ['torch._utils:_rebuild_parameter', rebuildParameter],
  ['torch._utils:_rebuild_parameter_with_state', rebuildParameterWithState],
  ...SPECIAL_TENSORS,
]);

export const TORCH_CONTRACTS: readonly (readonly [string, Contract])[] = [
  ...OWN,
  ['torch._tensor:_rebuild_from_type_v2', rebuildFromType],
  ['torch.storage:_load_from_bytes', loadFromBytes],
];
