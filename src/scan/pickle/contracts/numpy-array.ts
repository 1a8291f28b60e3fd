import { BUFFER, BYTES, LIST, NONE, OBJECT, STR, STR_DUNDER, type Value } from '../../../formats/pickle/index.ts';
import { bytesIn } from './bounds.ts';
import { type Breach, type Contract, type ContractContext, pointers, textAt, unexpected, worst } from './contract.ts';
import { noteObjects } from './list-arrays.ts';
import { flag, numberOf, numbersOf, otherThan } from './numbers.ts';
import { type ElementType, usedType } from './numpy-dtype.ts';

const IN_PLACE = pointers('bytes stand in place of objects');
const UNTOLD = pointers('bytes are given for elements whose type is unknown, which may be objects');
const CONTRADICTS = unexpected('the bytes are more or fewer than the elements need');

/** Fewest and most bytes that a value may hold. */
interface Length {
  readonly least: number;
  readonly most: number;
}

/** Characters of an escape in the longest spelling of one byte: `\u00ff` in a line, two bytes in UTF-8. */
const LONGEST_ESCAPE = 6;
const QUOTES = 2;

/** How long a byte string is; `undefined` for what is not one. Python 2 wrote them as text, protocol 2 as encoded text. */
function lengthOf(of: Value, context: ContractContext): Length | 'untold' | undefined {
  if (of.kind === BUFFER) return 'untold';
  if (of.kind === OBJECT) return encodedLength(of, context);
  if (of.kind !== BYTES && of.kind !== STR && of.kind !== STR_DUNDER) return undefined;
  const extent = context.state.extent(of);
  if (extent === undefined) return 'untold';
  if (of.kind === BYTES) return { least: extent.length, most: extent.length };
  return { least: Math.floor((extent.length - QUOTES) / LONGEST_ESCAPE), most: extent.length };
}

/** `_codecs.encode(text, 'latin1')`; `bytes()` and `bytearray(...)` as they were written before protocols 3 and 5. */
function encodedLength(of: Value, context: ContractContext): Length | 'untold' | undefined {
  const maker = context.madeBy(of);
  const args = context.state.tuple(context.state.callOf(of)?.args ?? of) ?? [];
  const [first] = args;
  if (maker?.module === '_codecs' && maker.name === 'encode')
    return first === undefined ? undefined : lengthOf(first, context);
  const plain = maker?.module === 'builtins' || maker?.module === '__builtin__';
  if (!plain || !/^(?:bytes|bytearray)$/.test(maker?.name ?? '')) return undefined;
  return first === undefined ? { least: 0, most: 0 } : 'untold';
}

/** Whether bytes are as many as elements of a type take. */
function contentBreach(
  content: Value | undefined,
  type: ElementType | undefined,
  shape: readonly number[],
  context: ContractContext,
): Breach | undefined {
  if (content === undefined) return unexpected('the content is missing');
  const length = lengthOf(content, context);
  if (length !== undefined && type === undefined) return UNTOLD;
  if (length !== undefined && type?.objects === true) return IN_PLACE;
  if (content.kind === LIST) return listBreach(content, type, shape, context);
  if (length === undefined) return otherThan(content, 'the content of an array');
  if (length === 'untold' || type?.size === undefined) return undefined;
  const needed = bytesIn(shape, type.size);
  if (needed === undefined) return 'the sizes are so large that the arithmetic of the loader overflows';
  return needed < BigInt(length.least) || needed > BigInt(length.most) ? CONTRADICTS : undefined;
}

/** NumPy takes as many objects from the list as the array has elements, and does not check the length of the list. */
function listBreach(
  content: Value,
  type: ElementType | undefined,
  shape: readonly number[],
  context: ContractContext,
): Breach | undefined {
  if (type?.objects !== true) return unexpected('a list stands in place of bytes');
  const [length, needed] = [context.state.lengthOf(content), bytesIn(shape, 1)];
  if (length === undefined || needed === undefined) return unexpected('the number of objects of an array is unknown');
  return needed > BigInt(length) ? pointers('an array takes more objects than its list has') : undefined;
}

/** `scalar(type, bytes)` reads the element from the bytes: a pointer, where the type says so. */
export const scalar: Contract = (args, context) => {
  const type = usedType(args[0], context);
  if (type?.objects === true) return IN_PLACE;
  if (args.length === 1 && type !== undefined) return undefined;
  if (args.length !== 2) return unexpected('its number of arguments is wrong');
  return contentBreach(args[1], type, [], context);
};

/** `_reconstruct(class, (0,), b'b')` makes an empty array, which its state fills. */
export const reconstruct: Contract = (args, context) => {
  const [type, shape, code] = args;
  // A class that is on no list has its own finding.
  const unlisted = type !== undefined && context.unlisted(type);
  if (context.plain(type) === undefined && !unlisted) return 'the first argument is not a listed class';
  return worst(emptyShape(shape, context), emptyCode(code, context), count(args, 3));
};

/** `_mareconstruct(class, base class, (0,), b'b')`. */
export const reconstructMasked: Contract = (args, context) => {
  const [type, base, shape, code] = args;
  if (context.plain(type) === undefined || context.plain(base) === undefined)
    return 'the class or its base is not a listed class';
  return worst(emptyShape(shape, context), emptyCode(code, context), count(args, 4));
};

function count(args: readonly Value[], needed: number): Breach | undefined {
  return args.length === needed ? undefined : unexpected('its number of arguments is wrong');
}

function emptyShape(shape: Value | undefined, context: ContractContext): Breach | undefined {
  const read = numbersOf(shape, context);
  if (read.kind === 'broken') return read.breach;
  return read.numbers.length === 1 && read.numbers[0] === 0 ? undefined : unexpected('the array to fill is not empty');
}

/** The letter of a type, which the state replaces. */
function emptyCode(code: Value | undefined, context: ContractContext): Breach | undefined {
  const length = code === undefined ? undefined : lengthOf(code, context);
  return length === undefined ? otherThan(code, 'the letter of an element type') : undefined;
}

/** Values that a subclass puts behind the state of the array, and keeps as attributes, in each of its versions. */
const KEPT_BEHIND: ReadonlyMap<string, readonly number[]> = new Map([['openTSNE.tsne:TSNEEmbedding', [7, 8]]]);
const ARRAY_PARTS = 5;

/** The state of the array itself, of the class that an instance is made of. */
function ownState(state: readonly Value[], context: ContractContext): readonly Value[] {
  const call = context.target === undefined ? undefined : context.state.callOf(context.target);
  const [first] = (call === undefined ? undefined : context.state.tuple(call.args)) ?? [];
  const type = first === undefined ? undefined : context.state.global(first);
  const behind = type === undefined ? undefined : KEPT_BEHIND.get(`${type.module}:${type.name}`);
  return behind?.includes(state.length - ARRAY_PARTS) === true ? state.slice(0, ARRAY_PARTS) : state;
}

/** `(version, shape, type, fortran, content)`, without the version before NumPy 1; masked arrays add a mask and a fill value. */
export const arrayState: Contract = (whole, context) => {
  const state = ownState(whole, context);
  const parts = state.length === 4 ? [undefined, ...state] : state;
  const [version, shape, type, fortran, content, mask] = parts;
  if (parts.length !== 5 && parts.length !== 7) return stateOfNoArray(state);
  if (version !== undefined && typeof numberOf(version, context) !== 'number') return otherThan(version, 'a version');
  const element = usedType(type, context);
  const sizes = numbersOf(shape, context);
  if (sizes.kind === 'broken') return worst(contentBreach(content, element, [], context), sizes.breach);
  if (sizes.numbers.some((size) => size < 0)) return unexpected('a size is negative');
  if (content !== undefined && mask === undefined) noteObjects(sizes.numbers, content, context);
  return worst(
    contentBreach(content, element, sizes.numbers, context),
    flag(fortran),
    mask === undefined ? undefined : maskBreach(mask, context),
  );
};

/** A mask is raw Booleans, one for each element or field. */
function maskBreach(mask: Value, context: ContractContext): Breach | undefined {
  return lengthOf(mask, context) === undefined ? otherThan(mask, 'a mask') : undefined;
}

/** Subclasses may wrap it in their own state, which must not hold a value that can be called. */
function stateOfNoArray(state: readonly Value[]): Breach {
  return state.length === 1 && state[0]?.kind !== NONE
    ? otherThan(state[0], 'the state of an array')
    : unexpected('the state of the array has another shape');
}

/** `_frombuffer(buffer, type, shape, order, axes)`, of protocol 5; NumPy 2.4 and later write the axes of order K. */
export const fromBuffer: Contract = (args, context) => {
  const [buffer, type, shape, order] = args;
  const element = usedType(type, context);
  const sizes = numbersOf(shape, context);
  if (sizes.kind === 'broken') return sizes.breach;
  return worst(
    contentBreach(buffer, element, sizes.numbers, context),
    /^[CFAK]$/.test(textAt([order ?? { kind: NONE, ref: 0 }], 0, context) ?? '') || context.state.waits
      ? undefined
      : otherThan(order, 'an order'),
    args.length === 5 ? axesBreach(args[4], sizes.numbers.length, context) : count(args, 4),
  );
};

/** Axes are none, or each of them once. */
function axesBreach(of: Value | undefined, dimensions: number, context: ContractContext): Breach | undefined {
  if (of?.kind === NONE) return undefined;
  const axes = numbersOf(of, context);
  if (axes.kind === 'broken') return axes.breach;
  const sorted = [...axes.numbers].sort((one, other) => one - other);
  return sorted.length === dimensions && sorted.every((axis, i) => axis === i)
    ? undefined
    : unexpected('the axes are not those of the array');
}
