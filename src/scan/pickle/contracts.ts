import type { PickleState } from '../../formats/pickle/state.ts';
import type { Value } from '../../formats/pickle/values.ts';
import * as value from '../../formats/pickle/values.ts';
import type { ListedGlobal } from './allowlists.ts';

/** What a contract may ask about the arguments of a call. */
export interface ContractContext {
  readonly state: PickleState;
  /** The list entry of a global value; `undefined` for unlisted globals and all other values. */
  listed(of: Value): ListedGlobal | undefined;
  /** Has a byte string scanned as a file of its own. */
  scanBytes(of: Value): void;
}

/** @returns what is wrong with the arguments; `undefined` when they keep the contract */
export type Contract = (args: readonly Value[], context: ContractContext) => string | undefined;

const BUILTIN_TYPES = new Set([
  'object',
  'list',
  'dict',
  'set',
  'frozenset',
  'tuple',
  'int',
  'float',
  'str',
  'bytes',
  'bytearray',
  'complex',
  'bool',
  'long',
  'unicode',
]);

function builtinName(of: Value | undefined, context: ContractContext): string | undefined {
  const global = of === undefined ? undefined : context.state.global(of);
  if (global === undefined || (global.module !== 'builtins' && global.module !== '__builtin__')) return undefined;
  return BUILTIN_TYPES.has(global.name) ? global.name : undefined;
}

function key(entry: { module: string; name: string }): string {
  return `${entry.module}:${entry.name}`;
}

/** Whether a class may be instantiated, and runs no contract of its own. */
function isClass(of: Value | undefined, context: ContractContext): boolean {
  if (of === undefined) return false;
  if (builtinName(of, context) !== undefined) return true;
  const entry = context.listed(of);
  return entry?.uses.has('new') === true && !CONTRACTS.has(key(entry));
}

/** `copyreg._reconstructor(cls, base, state)` calls `cls.__new__` and `base.__init__`. */
const reconstructor: Contract = (args, context) => {
  if (args.length !== 3) return 'takes a class, its base and a state';
  if (!isClass(args[0], context)) return 'the class to make is not one that its framework instantiates';
  if (builtinName(args[1], context) === undefined) return 'the base is not a built-in type';
  return undefined;
};

const TEXT_CODECS = new Set(['latin1', 'latin-1', 'iso-8859-1', 'utf-8', 'utf8', 'ascii']);

/** `_codecs.encode(text, encoding)`: other codecs decompress, or import a module by name. */
const encode: Contract = (args, context) => {
  if (args.length === 1) return undefined;
  const name = args[1] === undefined ? undefined : context.state.text(args[1]);
  return name !== undefined && TEXT_CODECS.has(name.toLowerCase())
    ? undefined
    : 'the encoding is none that picklers write';
};

/** `getattr(cls, name)`: how Python 3.11 and older write members of enums and nested classes. */
const getAttribute: Contract = (args, context) => {
  const entry = args[0] === undefined ? undefined : context.listed(args[0]);
  if (args.length !== 2 || entry === undefined || CONTRACTS.has(key(entry)))
    return 'reads an attribute of something that is not a listed class';
  const name = args[1] === undefined ? undefined : context.state.text(args[1]);
  if (name === undefined || !/^[A-Za-z][A-Za-z0-9_]*$/.test(name)) return 'the attribute is not a plain constant name';
  // Only what is written with a capital is a class or an enum; a module or a function leads anywhere.
  return /^_?[A-Z]/.test(entry.name) ? undefined : 'reads an attribute of something that is not a class';
};

/** A callable that some function will call with arguments the stream chooses, or none: a plain listed one. */
function isHarmlessCallable(of: Value | undefined, context: ContractContext): boolean {
  if (of === undefined) return false;
  if (builtinName(of, context) !== undefined) return true;
  const entry = context.listed(of);
  return entry !== undefined && !CONTRACTS.has(key(entry));
}

const partial: Contract = (args, context) =>
  isHarmlessCallable(args[0], context) ? undefined : 'wraps a callable that is not a plain listed one';

const defaultDict: Contract = (args, context) => {
  const factory = args[0];
  if (factory === undefined || factory.kind === value.NONE) return undefined;
  return isHarmlessCallable(factory, context) || isPartial(factory, context)
    ? undefined
    : 'the factory is not a plain listed callable';
};

function isPartial(of: Value, context: ContractContext): boolean {
  const call = context.state.callOf(of);
  const callee = call === undefined ? undefined : context.state.global(call.callee);
  return callee !== undefined && callee.module === 'functools' && callee.name === 'partial';
}

const REBUILDERS = /^_rebuild_[a-z0-9_]+$/;

/** `_rebuild_from_type_v2(func, type, args, state)` calls `func(*args)`. */
const rebuildFromType: Contract = (args, context) => {
  const [rebuild, type, inner] = args;
  const target = rebuild === undefined ? undefined : context.state.global(rebuild);
  const known =
    target !== undefined &&
    (target.module === 'torch._utils' || target.module === 'torch._tensor') &&
    REBUILDERS.test(target.name);
  if (
    !known ||
    rebuild === undefined ||
    context.listed(rebuild) === undefined ||
    target.name.startsWith('_rebuild_from_type')
  ) {
    return 'the function to call is not one of the tensor rebuilders';
  }
  if (type === undefined || context.listed(type) === undefined) return 'the tensor type is not listed';
  return inner?.kind === value.TUPLE ? undefined : 'the arguments are no constant tuple';
};

/** Tensors come from a storage: a persistent id, or a storage that was itself rebuilt. */
const rebuildTensor: Contract = (args) => {
  const storage = args[0];
  return storage !== undefined && (storage.kind === value.PERSID || storage.kind === value.OBJECT)
    ? undefined
    : 'the storage is not a storage';
};

/** Loads its argument as another PyTorch file, so that file is scanned in its place. */
const loadFromBytes: Contract = (args, context) => {
  const bytes = args[0];
  if (args.length !== 1 || bytes === undefined) return 'takes one byte string';
  const content = bytes.kind === value.BYTES ? bytes : encodedText(bytes, context);
  if (content === undefined) return 'the bytes to load are not a constant';
  context.scanBytes(content);
  return undefined;
};

/** Protocol 2 has no bytes and spells them `_codecs.encode(text, 'latin1')`. */
function encodedText(of: Value, context: ContractContext): Value | undefined {
  const call = context.state.callOf(of);
  const callee = call === undefined ? undefined : context.state.global(call.callee);
  const [text, encoding] = call === undefined ? [] : (context.state.tuple(call.args) ?? []);
  if (callee?.module !== '_codecs' || callee.name !== 'encode' || text === undefined || encoding === undefined)
    return undefined;
  return context.state.text(encoding) === 'latin1' ? text : undefined;
}

const classFirst: Contract = (args, context) =>
  isClass(args[0], context) ? undefined : 'the first argument is not a listed class';

const BIT_GENERATORS = new Set(['MT19937', 'PCG64', 'PCG64DXSM', 'Philox', 'SFC64', 'DSFMT']);

const bitGenerator: Contract = (args, context) => {
  const first = args[0];
  if (first === undefined || first.kind === value.OBJECT) return undefined;
  const global = context.state.global(first);
  const name = global?.module.startsWith('numpy.random.') === true ? global.name : context.state.text(first);
  return name !== undefined && BIT_GENERATORS.has(name) ? undefined : 'names no bit generator of numpy';
};

/** By "module:name", Python 3 names; a listed function that is not here takes constants and what other calls returned. */
export const CONTRACTS: ReadonlyMap<string, Contract> = new Map([
  ['copyreg:_reconstructor', reconstructor],
  ['copy_reg:_reconstructor', reconstructor],
  ['_codecs:encode', encode],
  ['builtins:getattr', getAttribute],
  ['__builtin__:getattr', getAttribute],
  ['functools:partial', partial],
  ['collections:defaultdict', defaultDict],
  ['torch._tensor:_rebuild_from_type_v2', rebuildFromType],
  ['torch._utils:_rebuild_tensor', rebuildTensor],
  ['torch._utils:_rebuild_tensor_v2', rebuildTensor],
  ['torch._utils:_rebuild_tensor_v3', rebuildTensor],
  ['torch.storage:_load_from_bytes', loadFromBytes],
  ['numpy.core.multiarray:_reconstruct', classFirst],
  ['numpy._core.multiarray:_reconstruct', classFirst],
  ['numpy.ma.core:_mareconstruct', classFirst],
  ['numpy.random._pickle:__bit_generator_ctor', bitGenerator],
  ['numpy.random._pickle:__generator_ctor', bitGenerator],
  ['numpy.random._pickle:__randomstate_ctor', bitGenerator],
  ['sklearn.metrics._dist_metrics:newObj', classFirst],
  ['sklearn.neighbors._kd_tree:newObj', classFirst],
  ['sklearn.neighbors._ball_tree:newObj', classFirst],
  ['pandas.core.indexes.base:_new_Index', classFirst],
  ['pandas.indexes.base:_new_Index', classFirst],
]);
