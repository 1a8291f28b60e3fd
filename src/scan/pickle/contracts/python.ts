import type { Value } from '../../../formats/pickle/values.ts';
import { NONE, OBJECT } from '../../../formats/pickle/values.ts';
import { type Contract, type ContractContext, textAt } from './contract.ts';

const BUILTIN_TYPES = new Set([
  ...[
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
  ],
  ...['long', 'unicode'],
]);

function builtinName(of: Value | undefined, context: ContractContext): string | undefined {
  const global = of === undefined ? undefined : context.state.global(of);
  if (global === undefined || (global.module !== 'builtins' && global.module !== '__builtin__')) return undefined;
  return global.name;
}

export function isBuiltinType(of: Value | undefined, context: ContractContext): boolean {
  return BUILTIN_TYPES.has(builtinName(of, context) ?? '');
}

/** `copyreg._reconstructor(cls, base, state)` calls `cls.__new__` and `base.__init__`. */
const reconstructor: Contract = (args, context) => {
  if (args.length !== 3) return 'takes a class, its base and a state';
  const known = isBuiltinType(args[0], context) || context.plain(args[0])?.uses.has('new') === true;
  if (!known) return 'the class to make is not one that its framework instantiates';
  return isBuiltinType(args[1], context) ? undefined : 'the base is not a built-in type';
};

const TEXT_CODECS = new Set(['latin1', 'latin-1', 'iso-8859-1', 'utf-8', 'utf8', 'ascii']);

/** `_codecs.encode(text, encoding)`: other codecs decompress, or import a module by name. */
const encode: Contract = (args, context) => {
  if (args.length === 1) return undefined;
  return TEXT_CODECS.has(textAt(args, 1, context)?.toLowerCase() ?? '')
    ? undefined
    : 'the encoding is none that picklers write';
};

/** Class methods that a framework pickles by name, and that are called with constants. */
export const CLASS_METHODS: ReadonlySet<string> = new Set(['zoneinfo:ZoneInfo._unpickle']);

/**
 * `getattr(owner, name)`: how Python writes members of enums and nested classes, and bound methods. Of a class, a member
 * with a plain name; of an instance that the stream made, a method that the framework stores and calls later.
 */
const getAttribute: Contract = (args, context) => {
  const [owner] = args;
  const name = textAt(args, 1, context);
  if (args.length !== 2 || owner === undefined || name === undefined) return 'the attribute is not a constant name';
  if (!/^_?[A-Za-z][A-Za-z0-9_]*$/.test(name)) return 'the attribute is not a plain name';
  if (owner.kind === OBJECT)
    return ownedBy(owner, context)
      ? undefined
      : 'reads an attribute of something that is not an instance of a listed class';
  const entry = context.plain(owner);
  if (entry === undefined) return 'reads an attribute of something that is not a listed class';
  if (CLASS_METHODS.has(`${entry.module}:${entry.name}.${name}`)) return undefined;
  // Only what is written with a capital is a class or an enum; a module or a function leads anywhere.
  if (!/^_?[A-Z]/.test(entry.name)) return 'reads an attribute of something that is not a class';
  return name.startsWith('_') ? 'reads a private attribute of a class' : undefined;
};

function ownedBy(owner: Value, context: ContractContext): boolean {
  const call = context.state.callOf(owner);
  return call !== undefined && context.plain(call.callee)?.uses.has('new') === true;
}

/** Whether something may be called with arguments that the stream or its user chooses. */
function isHarmlessCallable(of: Value | undefined, context: ContractContext): boolean {
  return isBuiltinType(of, context) || context.plain(of) !== undefined;
}

export const partial: Contract = (args, context) =>
  isHarmlessCallable(args[0], context) ? undefined : 'wraps a callable that is not a plain listed one';

const defaultDict: Contract = ([factory], context) => {
  if (factory === undefined || factory.kind === NONE || isHarmlessCallable(factory, context)) return undefined;
  const maker = context.madeBy(factory);
  if (maker?.module === 'functools' && maker.name === 'partial') return undefined;
  if (maker?.module === 'dill._dill' && maker.name === '_load_type') return undefined;
  return 'the factory is not a plain listed callable';
};

/** `type(x)`: how the types of None, Ellipsis and NotImplemented are written. */
const typeOf: Contract = (args, context) => {
  const singleton = ['Ellipsis', 'NotImplemented'].includes(builtinName(args[0], context) ?? '');
  return args.length === 1 && (args[0]?.kind === NONE || singleton)
    ? undefined
    : 'takes None, Ellipsis or NotImplemented';
};

/** A time zone is a file of the host's, found by its key. */
export const zoneKey: Contract = (args, context) => {
  const key = textAt(args, 0, context);
  return key !== undefined && /^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/.test(key)
    ? undefined
    : 'the time zone is no plain key';
};

const DILL_TYPES = new Set([
  ...[
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
    'slice',
    'range',
  ],
  ...['NoneType', 'EllipsisType', 'NotImplementedType', 'object'],
]);

/** `dill._dill._load_type(name)` looks a type up in a table of Python's own, some of which make code. */
export const dillType: Contract = (args, context) =>
  DILL_TYPES.has(textAt(args, 0, context) ?? '') ? undefined : 'names no plain built-in type';

/** `dill._dill._eval_repr(text)` evaluates text: dill writes ranges so. */
const dillRepr: Contract = (args, context) =>
  /^range\(-?\d{1,18}, -?\d{1,18}(, -?\d{1,18})?\)$/.test(textAt(args, 0, context) ?? '')
    ? undefined
    : 'the text is not that of a range';

/** `dill._dill._create_array(function, arguments, state, attributes)` calls what NumPy pickles arrays with. */
const dillArray: Contract = (args, context) => {
  const rebuild = args[0] === undefined ? undefined : context.state.global(args[0]);
  const known = /^numpy\._?core\.multiarray$/.test(rebuild?.module ?? '') && rebuild?.name === '_reconstruct';
  if (!known) return "the function to call is not NumPy's _reconstruct";
  const inner = args[1] === undefined ? undefined : context.state.tuple(args[1]);
  return inner !== undefined && context.plain(inner[0]) !== undefined ? undefined : 'the array class is not listed';
};

export const PYTHON_CONTRACTS: readonly (readonly [string, Contract])[] = [
  ['copyreg:_reconstructor', reconstructor],
  ['copy_reg:_reconstructor', reconstructor],
  ['_codecs:encode', encode],
  ['builtins:getattr', getAttribute],
  ['__builtin__:getattr', getAttribute],
  ['builtins:type', typeOf],
  ['__builtin__:type', typeOf],
  ['functools:partial', partial],
  ['collections:defaultdict', defaultDict],
  ['dill._dill:_load_type', dillType],
  ['dill._dill:_eval_repr', dillRepr],
  ['dill._dill:_create_array', dillArray],
];
