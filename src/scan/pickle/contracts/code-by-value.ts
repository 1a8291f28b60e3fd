import {
  type Call,
  DICT,
  FIRST_COMPOSITE,
  FROZENSET,
  GLOBAL,
  NONE,
  OBJECT,
  STR,
  STR_DUNDER,
  TUPLE,
  type Value,
} from '../../../formats/pickle/index.ts';
import { isDangerousConstant, isDangerousName } from './capabilities.ts';
import { type Maker, makerOf, makerOfType } from './code-makers.ts';
import { type Breach, type ContractContext, textAt } from './contract.ts';
import { isBuiltinType } from './python.ts';

/** Strings and nested tuples of one code object that are looked at. */
const MAX_PARTS = 4096;
/** Attributes that dill gives a function besides what it is made of. */
const FUNCTION_ATTRIBUTES = /^__(?:annotations|qualname|doc|module|kwdefaults|defaults|type_params|name)__$/;

/** What is wrong with a use of code by value: `undefined` for what is only kept. */
export type CodeUse =
  | { readonly kind: 'made'; readonly breach: Breach | undefined }
  | { readonly kind: 'import'; readonly module: string | undefined };

/** The kind of a value that the stream made from its own code. */
export function madeOfCode(of: Value | undefined, context: ContractContext): Maker | undefined {
  const call = of?.kind === OBJECT ? context.state.callOf(of) : undefined;
  const maker = call === undefined ? undefined : calledMaker(call.callee, context);
  // The type makes code, or is a plain built-in type such as dict.
  if (maker === 'type') return of === undefined || typeMaker(of, context) === undefined ? undefined : maker;
  return maker === 'import' || maker === 'constant' || maker === 'filler' ? undefined : maker;
}

/** What calling a value makes: a maker, or a type that one returned. */
function calledMaker(callee: Value, context: ContractContext): Maker | undefined {
  const global = context.state.global(callee);
  if (global !== undefined) {
    const type = global.module === 'dill._dill' && global.name === '_load_type';
    return type ? 'type' : makerOf(global);
  }
  return typeMaker(callee, context);
}

/** A type that `_builtin_type('CodeType')` or `_load_type('CodeType')` returned. */
function typeMaker(of: Value, context: ContractContext): Maker | undefined {
  const call = context.state.callOf(of);
  if (call === undefined || call.callee.kind !== GLOBAL || calledMaker(call.callee, context) !== 'type')
    return undefined;
  return makerOfType(textAt(context.state.tuple(call.args) ?? [], 0, context));
}

/** Judges a call that makes, fills or runs code by value; `undefined` when this call does none of it. */
export function codeCall(call: Call, context: ContractContext): CodeUse | undefined {
  const args = context.state.tuple(call.args) ?? [];
  const global = context.state.global(call.callee);
  const maker = global === undefined ? typeMaker(call.callee, context) : makerOf(global);
  if (maker !== undefined) {
    if (maker === 'import') return { kind: 'import', module: textAt(args, 0, context) };
    if (call.opcode !== 'REDUCE' || call.args.kind !== TUPLE)
      return made('calls a function that makes code, in a way that no pickler does');
    return made(MADE[maker](args, context));
  }
  // dill makes classes with the type that it loads, and code with its own functions.
  if (global?.module === 'dill._dill' && global.name === '_load_type')
    return makerOfType(textAt(args, 0, context)) === 'class' ? made(undefined) : undefined;
  if (global !== undefined) return undefined;
  const what = madeOfCode(call.callee, context);
  return what === undefined ? undefined : made(`calls a ${what} that it carries as code`);
}

function made(breach: Breach | undefined): CodeUse {
  return { kind: 'made', breach };
}

type Check = (args: readonly Value[], context: ContractContext) => Breach | undefined;

const MADE: Readonly<Record<Exclude<Maker, 'import'>, Check>> = {
  type: (args, context) =>
    makerOfType(textAt(args, 0, context)) === undefined && !context.state.waits
      ? 'fetches a type that makes neither code nor functions nor classes'
      : undefined,
  code: codeParts,
  function: functionParts,
  class: classParts,
  cell: () => undefined,
  filler: ([target], context) =>
    ['function', 'class'].includes(madeOfCode(target, context) ?? '')
      ? undefined
      : 'sets attributes of something that it did not make of code',
  constant: (args) => (args.length === 0 ? undefined : 'calls a function that makes a constant, with arguments'),
};

/**
 * A code object. Constants are the first tuple and names the others, in every version from 3.8 to 3.14 and for dill; text beside
 * the tuples is the name of the file and of the function.
 */
function codeParts(args: readonly Value[], context: ContractContext): Breach | undefined {
  const tuples = args.filter(({ kind }) => kind === TUPLE);
  const [constants, ...names] = tuples;
  const strange = args.find(({ kind }) => kind >= FIRST_COMPOSITE && kind !== TUPLE);
  if (constants === undefined || names.length < 2 || strange !== undefined)
    return 'makes code from parts that are not constants';
  for (const tuple of names) {
    for (const item of context.state.tuple(tuple) ?? []) {
      const name = item.kind === STR || item.kind === STR_DUNDER ? context.state.text(item) : undefined;
      if (context.state.waits) return undefined;
      if (name === undefined) return 'makes code with a name that is not a constant';
      if (isDangerousName(name)) return `carries code that uses ${name}`;
    }
  }
  return constantParts(constants, context);
}

/** Constants, tuples within them, and code that is nested, which was judged where it was made. */
function constantParts(constants: Value, context: ContractContext): Breach | undefined {
  const open = [constants];
  for (let parts = 0; ; parts++) {
    const value = open.pop();
    if (value === undefined) return undefined;
    if (parts > MAX_PARTS) return 'carries code with more constants than Assay reads';
    if (value.kind === TUPLE) open.push(...(context.state.tuple(value) ?? []));
    else if (value.kind === STR || value.kind === STR_DUNDER) {
      const text = context.state.text(value);
      if (context.state.waits) return undefined;
      if (text !== undefined && isDangerousConstant(text))
        return 'carries code with a constant that names something dangerous';
    } else if (value.kind >= FIRST_COMPOSITE && value.kind !== FROZENSET && !isPlainConstant(value, context))
      return 'carries code with a value among its constants that is not a constant';
  }
}

/** Nested code; complex numbers and sets, which no instruction of their own makes. */
function isPlainConstant(value: Value, context: ContractContext): boolean {
  if (madeOfCode(value, context) === 'code') return true;
  const maker = context.madeBy(value);
  const plain = maker?.module === 'builtins' || maker?.module === '__builtin__';
  return plain && /^(?:complex|frozenset|bytes)$/.test(maker?.name ?? '');
}

/** Code first; its globals, defaults and cells are values like others, and code among them was judged where it was made. */
function functionParts([code, ...rest]: readonly Value[], context: ContractContext): Breach | undefined {
  if (madeOfCode(code, context) !== 'code') return 'makes a function from something that is not code';
  const global = rest.find((part, i) => part.kind === GLOBAL && !(i === 0 && isMainNamespace(part, context)));
  return global === undefined ? undefined : 'makes a function with a global in place of one of its parts';
}

/** What dill alone takes for the names of the main module (dill/_dill.py, Unpickler.find_class); other loaders raise. */
function isMainNamespace(of: Value, { state }: ContractContext): boolean {
  const global = state.global(of);
  return global?.module === '__builtin__' && global.name === '__main__';
}

/** `(metaclass, name, bases, attributes, ...)`: the metaclass is called, and so is `__init_subclass__` of the bases. */
function classParts([meta, , bases]: readonly Value[], context: ContractContext): Breach | undefined {
  const global = meta === undefined ? undefined : context.state.global(meta);
  const type = /^(?:builtins|__builtin__):type$|^abc:ABCMeta$/.test(`${global?.module}:${global?.name}`);
  if (!type && (meta === undefined || typeMaker(meta, context) !== 'class'))
    return 'makes a class with a metaclass other than type and ABCMeta';
  const classes = bases === undefined ? undefined : context.state.tuple(bases);
  if (classes === undefined) return 'makes a class with bases that are not constants';
  return classes.every((base) => isPlainBase(base, context))
    ? undefined
    : 'makes a class with a base whose code would run';
}

function isPlainBase(base: Value, context: ContractContext): boolean {
  if (isBuiltinType(base, context)) return true;
  const call = context.state.callOf(base);
  const maker = call === undefined ? undefined : context.state.global(call.callee);
  const name = textAt(call === undefined ? [] : (context.state.tuple(call.args) ?? []), 0, context);
  return (
    maker?.module === 'dill._dill' && maker.name === '_load_type' && /^(?:object|dict|list|tuple|set)$/.test(name ?? '')
  );
}

/** BUILD on a value made from code: dill sets the attributes of functions this way, and of nothing else. */
export function codeState(target: Value, state: Value, context: ContractContext): CodeUse | undefined {
  const what = madeOfCode(target, context);
  if (what === undefined) return undefined;
  const parts = context.state.tuple(state) ?? [state];
  const plain = what === 'function' && parts.every((part) => isAttributes(part, context));
  return made(plain || context.state.waits ? undefined : `sets the state of a ${what} that it carries as code`);
}

function isAttributes(part: Value, context: ContractContext): boolean {
  if (part.kind === NONE) return true;
  const items = part.kind === DICT ? context.state.itemsOf(part) : undefined;
  return items?.every((item, i) => i % 2 === 1 || FUNCTION_ATTRIBUTES.test(context.state.text(item) ?? '')) === true;
}

/** Code by value among the arguments of a call, or in a tuple among them: the function that receives it may call it. */
export function passesCode(args: readonly Value[], context: ContractContext): boolean {
  return args.some(
    (arg) =>
      madeOfCode(arg, context) !== undefined ||
      (context.state.tuple(arg) ?? []).some((item) => madeOfCode(item, context) !== undefined),
  );
}
