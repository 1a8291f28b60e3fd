import { DICT, GLOBAL, INT, LIST, NONE, OBJECT, STR, STR_DUNDER, type Value } from '../../../formats/pickle/index.ts';
import type { ListedGlobal } from '../../lists/index.ts';
import { isDangerousName } from './capabilities.ts';
import { type Breach, type Contract, type ContractContext, textAt, unexpected } from './contract.ts';
import { isDistribution } from './distributions.ts';
import { isKeptMethod } from './kept-methods.ts';
import { arrayState } from './numpy-array.ts';

const PLAIN_TYPES = 'list dict set frozenset tuple int float str bytes bytearray complex bool object'.split(' ');
const BUILTIN_TYPES = new Set([...PLAIN_TYPES, 'long', 'unicode']);

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
  if (args.length !== 3) return 'its arguments are not a class, its base and a state';
  if (isUnlistedClass(args[0], context) && isBuiltinType(args[1], context)) return undefined;
  // A base that is on no list has its own finding.
  if (args[1] !== undefined && context.unlisted(args[1])) return undefined;
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
    : 'the encoding is not one that picklers write';
};

/** A time zone is a file of the machine, found by its key. */
const zoneKey: Contract = (args, context) => {
  const key = textAt(args, 0, context);
  return key !== undefined && /^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/.test(key)
    ? undefined
    : 'the time zone is not a plain key';
};

const noArguments: Contract = (args) => (args.length === 0 ? undefined : 'it is given arguments, but takes none');

/** `bidict._from_other(items)` copies a dict and hashes its values, which is what building a dict does with keys. */
const oneDict: Contract = (args) =>
  args.length === 1 && args[0]?.kind === DICT ? undefined : 'its argument is not one dict of the stream';

/** Members of classes that a framework fetches with getattr and then calls, with what the call must keep to. */
export const CALLED_MEMBERS: ReadonlyMap<string, Contract> = new Map([
  ['zoneinfo:ZoneInfo._unpickle', zoneKey],
  ...['bidict', 'frozenbidict', 'OrderedBidict'].map((name) => [`bidict:${name}._from_other`, oneDict] as const),
  ['scipy.spatial.kdtree:KDTree.leafnode', noArguments],
  ['scipy.spatial.kdtree:KDTree.innernode', noArguments],
]);

/** An enum within a class: a member of it is looked up by a plain value. */
const enumValue: Contract = ([value], { state }) =>
  value !== undefined && (value.kind === INT || state.text(value) !== undefined)
    ? undefined
    : 'its argument is not a plain value';

/** A member of an enum within a class that is on a list. */
export function nestedClass(owner: ListedGlobal, name: string, context: ContractContext): Contract | undefined {
  const inner = context.entry(owner.module, `${owner.name}.${name}`);
  if (inner?.uses.has('call') === true) return enumValue;
  return inner?.uses.has('new') === true ? noArguments : undefined;
}

/** Classes within classes, which protocol 2 fetches with getattr before it makes an instance. */
export const NESTED_CLASSES: ReadonlyMap<string, Contract> = new Map([
  ...[
    'Integer._LogUniform',
    'Integer._Uniform',
    'Float._LogUniform',
    'Float._Uniform',
    'Float._Normal',
    'Categorical._Uniform',
  ].flatMap((name) =>
    [`flaml.tune.sample:${name}`, `flaml.sample:${name}`].map((full) => [full, noArguments] as const),
  ),
  ['formulaic.parser.types.factor:Factor.EvalMethod', enumValue],
  ['formulaic.parser.types.factor:Factor.Kind', enumValue],
  ['formulaic.parser.types.token:Token.Kind', enumValue],
  ['formulaic.utils.variables:Variable.Role', enumValue],
]);

/** Members that a framework keeps as values: of a class, by its name; of an instance, by the method's own. */
const CLASS_MEMBERS = new Set([
  'scipy.interpolate._interpolate:interp1d._call_linear_np',
  'scipy.interpolate.interpolate:interp1d._call_linear_np',
  'transformers.models.ibert.quant_modules:SymmetricQuantFunction.apply',
]);
const BOUND_METHODS =
  /^_(entropy|infer_parameters|lazy_load_hook|cmp|(triangular2?|exp_range)_scale_fn|annealing_(cos|linear)|h_[a-z_]+|call_[a-z_]+)$/;

/**
 * A global that is on no list and has the name of a class: it already has a finding, and its members are not known to be worse.
 * A name like that of a module or a function can lead anywhere.
 */
export function isUnlistedClass(of: Value | undefined, context: ContractContext): boolean {
  const global = of === undefined ? undefined : context.state.global(of);
  if (of === undefined || global === undefined || global.computed) return false;
  return context.listed(of) === undefined && /^_*[A-Z]\w*$/.test(global.name);
}

/**
 * `getattr(owner, name)`: how Python writes members of enums, nested classes and bound methods. Code that finds a method kept
 * as a value may call it with arguments of the stream, so only members that frameworks were seen to keep are allowed.
 */
const getAttribute: Contract = (args, context) => {
  const [owner] = args;
  const name = textAt(args, 1, context);
  if (args.length !== 2 || owner === undefined || name === undefined) return 'the attribute is not a constant name';
  if (owner.kind === OBJECT) {
    const call = context.state.callOf(owner);
    const made = call === undefined ? undefined : context.state.global(call.callee);
    const entry = call === undefined ? undefined : context.listed(call.callee);
    if (made !== undefined && isKeptMethod(made, name, entry)) return undefined;
    // Its maker is on no list, which already has a finding; a call of the method would be another finding.
    const unlisted = made?.computed === false && call !== undefined && entry === undefined;
    if (unlisted && !name.startsWith('__')) return undefined;
    const known = call !== undefined && context.plain(call.callee)?.uses.has('new') === true;
    if (known && BOUND_METHODS.test(name)) return undefined;
    if (entry !== undefined && isDistribution(entry) && name === 'rvs') return undefined;
    // Another version of a reviewed class may keep other methods: nothing calls them while loading.
    return known && entry?.evidence === 'classes' && isPlainMember(name)
      ? unexpected('it fetches a method that no known model keeps')
      : 'it fetches a method that no framework keeps';
  }
  if (owner.kind === STR || owner.kind === STR_DUNDER || owner.kind === LIST)
    return /^(?:format|join|split|strip|lower|upper)$/.test(name) && owner.kind === STR
      ? undefined
      : unexpected('it keeps a method of plain data');
  const kept = context.state.global(owner);
  if (kept !== undefined && isKeptMethod(kept, name, context.listed(owner))) return undefined;
  if (isUnlistedClass(owner, context) && !name.startsWith('__')) return undefined;
  const entry = context.plain(owner);
  if (entry === undefined) return 'it reads an attribute of something that is not a listed class';
  const member = `${entry.module}:${entry.name}.${name}`;
  if (CALLED_MEMBERS.has(member) || NESTED_CLASSES.has(member) || CLASS_MEMBERS.has(member)) return undefined;
  if (nestedClass(entry, name, context) !== undefined) return undefined;
  // Members of enums are written in capitals, methods never.
  const isEnumMember = /^_?[A-Z]/.test(entry.name) && /^[A-Z][A-Z0-9_]*$/.test(name);
  return isEnumMember ? undefined : 'it fetches a member that no framework keeps';
};

/** A name that Python does not look up itself, and that is not dangerous on any object. */
export function isPlainMember(name: string): boolean {
  return /^(?!__)[A-Za-z_]\w*$/.test(name) && !isDangerousName(name);
}

/** Whether something may be called with arguments that the stream or its user chooses. */
function isHarmlessCallable(of: Value | undefined, context: ContractContext): boolean {
  return isBuiltinType(of, context) || context.plain(of) !== undefined;
}

export const partial: Contract = ([wrapped], context) => {
  if (wrapped !== undefined && context.unlisted(wrapped)) return undefined;
  const call = wrapped === undefined ? undefined : context.state.callOf(wrapped);
  // Its maker is on no list, which already has a finding.
  if (call !== undefined && context.unlisted(call.callee)) return undefined;
  const bound = wrapped !== undefined && context.madeBy(wrapped)?.name === 'getattr';
  const global = wrapped === undefined ? undefined : context.state.global(wrapped);
  // The factory of such a defaultdict is judged where the partial is used; a call makes an empty one.
  if (global?.module === 'collections' && global.name === 'defaultdict') return undefined;
  return bound || isHarmlessCallable(wrapped, context)
    ? undefined
    : 'it wraps a callable that is not listed, or is listed under a contract';
};

/** Called without arguments, these make an empty container of plain data; their code was reviewed. */
const EMPTY_CONTAINERS: ReadonlySet<string> = new Set([
  'collections:OrderedDict',
  'collections:Counter',
  'nltk.probability:ConditionalFreqDist',
  'nltk.probability:FreqDist',
  'deap.tools.support:Logbook',
  'river.proba.gaussian:Gaussian',
  'river.proba.multinomial:Multinomial',
  'river.naive_bayes.gaussian:GaussianNB._make_gaussian',
]);

/** A partial that makes plain data: of a built-in type, or of a defaultdict with such a factory. Its state replaces its arguments. */
function partialFactory(of: Value, depth: number, context: ContractContext): Breach | undefined {
  const { state } = context;
  const call = state.callOf(of);
  const [wrapped, ...given] = (call === undefined ? undefined : state.tuple(call.args)) ?? [];
  const first = partialBreach(wrapped, given, depth, context);
  if (first !== undefined || call?.built !== true) return first;
  const built = state.builtStates.get(of.ref);
  const parts = built === undefined ? undefined : state.tuple(built);
  const args = parts?.[1] === undefined ? undefined : state.tuple(parts[1]);
  const keywords = parts?.[2]?.kind === DICT ? state.itemsOf(parts[2]) : undefined;
  return args !== undefined && keywords?.length === 0 ? partialBreach(parts?.[0], args, depth, context) : NOT_PLAIN;
}

function partialBreach(
  wrapped: Value | undefined,
  args: readonly Value[],
  depth: number,
  context: ContractContext,
): Breach | undefined {
  if (isBuiltinType(wrapped, context)) return args.every((arg) => arg.kind < GLOBAL) ? undefined : NOT_PLAIN;
  const global = wrapped === undefined ? undefined : context.state.global(wrapped);
  if (global?.module !== 'collections' || global.name !== 'defaultdict') return NOT_PLAIN;
  return args.length <= 1 ? factoryBreach(args[0], depth + 1, context) : NOT_PLAIN;
}

const NOT_PLAIN = 'the factory is not a type of plain data';
const MAX_FACTORIES = 8;

/** The factory makes the values of keys that are asked for, while loading too: so types of plain data only. */
const defaultDict: Contract = ([factory], context) => factoryBreach(factory, 0, context);

function factoryBreach(factory: Value | undefined, depth: number, context: ContractContext): Breach | undefined {
  if (factory === undefined || factory.kind === NONE || isBuiltinType(factory, context)) return undefined;
  const made = context.madeBy(factory);
  if (made?.module === 'functools' && made.name === 'partial')
    return depth < MAX_FACTORIES ? partialFactory(factory, depth, context) : NOT_PLAIN;
  if (context.unlisted(factory)) return undefined;
  const entry = context.listed(factory);
  if (entry !== undefined && EMPTY_CONTAINERS.has(`${entry.module}:${entry.name}`)) return undefined;
  if (made?.module === 'dill._dill' && made.name === '_load_type') return undefined;
  const fetched = made?.name === 'getattr' ? fetchedMember(factory, context) : undefined;
  if (fetched !== undefined && EMPTY_CONTAINERS.has(fetched)) return undefined;
  const owner = made?.name === 'getattr' ? ownerOf(factory, context) : classAround(entry, context);
  if (owner?.evidence === 'classes') return unexpected('the factory is a method that no known model has as a factory');
  // A reviewed class of a library is created without arguments, so no code of the stream runs.
  if (entry?.evidence === 'classes' && entry.uses.has('new'))
    return unexpected('the factory is a class that no known model has as a factory');
  return NOT_PLAIN;
}

/** The class whose method, or whose instance's, `getattr` fetched. */
function ownerOf(of: Value, context: ContractContext): ListedGlobal | undefined {
  const call = context.state.callOf(of);
  const [owner] = (call === undefined ? undefined : context.state.tuple(call.args)) ?? [];
  if (owner === undefined) return undefined;
  return context.listed(context.state.callOf(owner)?.callee ?? owner);
}

/** The member that `getattr` fetched from a class on a list: "module:class.member". */
function fetchedMember(of: Value, context: ContractContext): string | undefined {
  const call = context.state.callOf(of);
  const args = (call === undefined ? undefined : context.state.tuple(call.args)) ?? [];
  const entry = args[0] === undefined ? undefined : context.listed(args[0]);
  return entry === undefined ? undefined : `${entry.module}:${entry.name}.${textAt(args, 1, context)}`;
}

/** The class that a dotted name is a member of. */
function classAround(entry: ListedGlobal | undefined, context: ContractContext): ListedGlobal | undefined {
  const dot = entry?.name.lastIndexOf('.') ?? -1;
  return entry === undefined || dot < 0 ? undefined : context.entry(entry.module, entry.name.slice(0, dot));
}

/** `bytearray(content)`: a number instead of content allocates that many bytes. */
const byteArray: Contract = ([content]) =>
  content?.kind === INT ? 'its argument is a number, by which it allocates memory' : undefined;

/** `type(x)`: how the types of None, Ellipsis and NotImplemented are written. */
const typeOf: Contract = (args, context) => {
  const singleton = ['Ellipsis', 'NotImplemented'].includes(builtinName(args[0], context) ?? '');
  return args.length === 1 && (args[0]?.kind === NONE || singleton)
    ? undefined
    : 'its argument is not None, Ellipsis or NotImplemented';
};

/** `operator.getitem(generic, parameters)`: how type hints such as `Tuple[int, str]` are written. */
const subscript: Contract = ([generic], context) => {
  const global = generic === undefined ? undefined : context.state.global(generic);
  return global?.module === 'typing' && /^[A-Z][A-Za-z]*$/.test(global.name)
    ? undefined
    : 'it subscripts something that is not a type hint';
};

/** `array._array_reconstructor(type, typecode, format, bytes)` makes an instance of the type. */
const arrayType: Contract = ([type], context) => {
  const global = type === undefined ? undefined : context.state.global(type);
  return global?.module === 'array' && global.name === 'array' ? undefined : 'the type to make is not array.array';
};

const DILL_TYPES = new Set([...PLAIN_TYPES, 'slice', 'range', 'NoneType', 'EllipsisType', 'NotImplementedType']);

/** `dill._dill._load_type(name)` looks a type up in a table of Python types, some of which make code. */
export const dillType: Contract = (args, context) =>
  DILL_TYPES.has(textAt(args, 0, context) ?? '') ? undefined : 'it does not name a plain built-in type';

/** `dill._dill._eval_repr(text)` evaluates text: dill writes ranges and two constants so. */
const dillRepr: Contract = (args, context) =>
  /^(Ellipsis|NotImplemented|range\(-?\d{1,18}, -?\d{1,18}(, -?\d{1,18})?\))$/.test(textAt(args, 0, context) ?? '')
    ? undefined
    : 'the text is not a range, Ellipsis or NotImplemented';

/** `dill._dill._create_array(function, arguments, state, attributes)` calls what NumPy pickles arrays with. */
const dillArray: Contract = (args, context) => {
  const rebuild = args[0] === undefined ? undefined : context.state.global(args[0]);
  const known = /^numpy\._?core\.multiarray$/.test(rebuild?.module ?? '') && rebuild?.name === '_reconstruct';
  if (!known) return "the function to call is not NumPy's _reconstruct";
  const inner = args[1] === undefined ? undefined : context.state.tuple(args[1]);
  if (inner === undefined || context.plain(inner[0]) === undefined) return 'the array class is not listed';
  const state = args[2] === undefined ? undefined : context.state.tuple(args[2]);
  return state === undefined ? unexpected('the state of the array is unknown') : arrayState(state, context);
};

export const PYTHON_CONTRACTS: readonly (readonly [string, Contract])[] = [
  ['copyreg:_reconstructor', reconstructor],
  ['copy_reg:_reconstructor', reconstructor],
  ['_codecs:encode', encode],
  ['builtins:getattr', getAttribute],
  ['__builtin__:getattr', getAttribute],
  ['builtins:bytearray', byteArray],
  ['__builtin__:bytearray', byteArray],
  ['builtins:type', typeOf],
  ['__builtin__:type', typeOf],
  ['_operator:getitem', subscript],
  ['array:_array_reconstructor', arrayType],
  ['functools:partial', partial],
  ['collections:defaultdict', defaultDict],
  ['dill._dill:_load_type', dillType],
  ['dill._dill:_eval_repr', dillRepr],
  ['dill._dill:_create_array', dillArray],
];
