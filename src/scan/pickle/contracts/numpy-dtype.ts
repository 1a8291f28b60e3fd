import { BYTES, DICT, NONE, OBJECT, type Value } from '../../../formats/pickle/index.ts';
import { bytesIn, MAX_DIMENSIONS } from './bounds.ts';
import {
  type Breach,
  type Contract,
  type ContractContext,
  perMachine,
  pointers,
  textAt,
  unexpected,
} from './contract.ts';
import { numberOf, numbersOf, otherThan } from './numbers.ts';

/** What is known of the elements of an array. */
export interface ElementType {
  /** Bytes of one; `undefined` where the class of the element tells, and not the stream. */
  readonly size: number | undefined;
  /** Elements are pointers to objects, or hold some. */
  readonly objects: boolean;
  /** NumPy takes the size from the state. */
  readonly sizedByState: boolean;
  /** The letter of its kind: `i`, `f`; `V` for records. `undefined` where the class of the element tells. */
  readonly letter?: string | undefined;
}

/** Kind and size, as `dtype.__reduce__` writes them. */
const CODE = /^[<>|=]?(?:\?|([biufcmMOSUVa])(\d{1,10}))$/;
/** NPY_ITEM_REFCOUNT, NPY_LIST_PICKLE, NPY_ITEM_IS_POINTER: an element that is an object has the first two. */
const OBJECT_FLAGS = 0x01 | 0x02 | 0x04;
const HAS_OBJECTS = 0x01 | 0x02;
/** Fields of one type that are looked into. */
const MAX_FIELDS = 1024;
const TYPE_BYTES = 96;

interface KnownType {
  readonly type: ElementType | undefined;
  /** An array or a scalar was made of it. */
  used: boolean;
}

const typesOf = perMachine(() => new Map<number, KnownType>());

const HIDDEN = pointers('an element type that holds objects says that it holds none');
const LATE = pointers('an element type changes after an array was made with it');

function keep(of: Value, type: ElementType | undefined, context: ContractContext, used = false): KnownType {
  const types = typesOf(context.state);
  if (!types.has(of.ref)) context.state.budget.hold(TYPE_BYTES);
  const known = { type, used };
  types.set(of.ref, known);
  return known;
}

/** The type of elements that a value stands for; `undefined` where it is unknown. */
export function elementType(of: Value | undefined, context: ContractContext): ElementType | undefined {
  if (of === undefined) return undefined;
  const known = typesOf(context.state).get(of.ref);
  if (of.kind === OBJECT && known !== undefined) return known.type;
  const maker = context.madeBy(of);
  // Text of any length, whose elements point to it.
  if (maker?.name === '_convert_to_stringdtype_kwargs') return { size: undefined, objects: true, sizedByState: false };
  const call = maker?.module === 'numpy' && maker.name === 'dtype' ? context.state.callOf(of) : undefined;
  return call === undefined ? undefined : constructed(context.state.tuple(call.args) ?? [], context);
}

/** The same, of something that an array is made of: it must not change any more. */
export function usedType(of: Value | undefined, context: ContractContext): ElementType | undefined {
  const type = elementType(of, context);
  if (of?.kind === OBJECT && !context.state.waits) {
    const known = typesOf(context.state).get(of.ref) ?? keep(of, type, context);
    known.used = true;
  }
  return type;
}

function constructed(args: readonly Value[], context: ContractContext): ElementType | undefined {
  const [first] = args;
  const global = first === undefined ? undefined : context.state.global(first);
  if (global !== undefined) return ofClass(global);
  const text = textAt(args, 0, context);
  if (text === undefined) return undefined;
  const match = CODE.exec(text);
  if (match === null) return /O|object/.test(text) ? { size: undefined, objects: true, sizedByState: true } : undefined;
  const [, kind = 'b', digits = '1'] = match;
  const size = Number(digits) * (kind === 'U' ? 4 : 1);
  return { size, objects: kind === 'O', sizedByState: /[SUVa]/.test(kind), letter: kind };
}

/** Records, and types of other libraries, which are written as the class of their elements. */
function ofClass({ module, name }: { module: string; name: string }): ElementType {
  const own = module === 'numpy';
  const dated = own ? /^(datetime|timedelta)64$/.exec(name)?.[1] : undefined;
  return {
    letter: dated === undefined ? undefined : dated === 'datetime' ? 'M' : 'm',
    size: undefined,
    objects: own && /^object_?$/.test(name),
    sizedByState: own && /^(?:record|void|str_|bytes_)$/.test(name),
  };
}

/** `numpy.dtype(text, align, copy)`, or the class of its elements in place of the text. */
export const dtypeCall: Contract = (args, context) => {
  const [first, ...flags] = args;
  const global = first === undefined ? undefined : context.state.global(first);
  if (global !== undefined)
    return context.plain(first) === undefined
      ? 'the class of the elements is not listed, or is listed under a contract'
      : undefined;
  if (flags.length > 2) return unexpected('it is given too many arguments');
  const text = textAt(args, 0, context);
  if (context.state.waits) return undefined;
  if (text === undefined) return otherThan(first, 'a type as text');
  return CODE.test(text) ? undefined : unexpected('the type is not one that NumPy writes');
};

/**
 * `(version, byte order, subarray, names, fields, size, alignment, flags, metadata)`. NumPy trusts the flags: they decide
 * whether an array holds objects or bytes.
 */
export const dtypeState: Contract = (state, context) => {
  const { target } = context;
  const known = target === undefined ? undefined : typesOf(context.state).get(target.ref);
  if (known?.used === true) return LATE;
  const read = readState(state, elementType(target, context), context);
  if (context.state.waits) return undefined;
  const type = 'kind' in read ? read.type : undefined;
  if (target !== undefined) keep(target, type, context);
  return 'kind' in read ? read.breach : read.why;
};

type Read =
  | { readonly kind: 'type'; readonly type: ElementType; readonly breach: Breach | undefined }
  | { readonly why: Breach };

function readState(state: readonly Value[], base: ElementType | undefined, context: ContractContext): Read {
  if (state.length !== 8 && state.length !== 9) return { why: unexpected('the state has another shape') };
  if (base === undefined) return { why: unexpected('the type is unknown') };
  const [version, , subarray, names, fields, size, , flags] = state;
  const numbers = [version, size, flags].map((value) => numberOf(value, context));
  const [first, bytes, bits] = numbers;
  const wrong = numbers.find((number) => typeof number !== 'number');
  if (wrong !== undefined) return { why: wrong as Breach };
  if (typeof bytes !== 'number' || typeof bits !== 'number') return { why: unexpected('a size is not a number') };
  if (first !== 3 && first !== 4) return { why: unexpected('the state is of another version') };
  const undated = /^[mM]$/.test(base.letter ?? '') ? unitBreach(state[8], context) : undefined;
  if (undated !== undefined) return { why: undated };
  if (bytes < -1 || bits < -128 || bits > 255)
    return { why: unexpected('the size or the flags are not those that NumPy writes') };
  const whole = base.sizedByState && bytes >= 0 ? bytes : base.size;
  const parts = fieldsBreach(fields, names, whole, context) ?? subarrayBreach(subarray, whole, context);
  if (parts !== undefined && parts.breach !== undefined) return { why: parts.breach };
  return flagged({ ...base, size: whole, objects: base.objects || parts?.objects === true }, bits);
}

const UNITS = /^(?:generic|[YMWDhms]|[munpfa]s)$/;
/** A conversion overflows for more units to a step than this. */
const MAX_STEP = 10 ** 6;

/** `(metadata, (unit, units to a step, 1, 1))` of dates; NumPy does not check that it is there. */
function unitBreach(of: Value | undefined, context: ContractContext): Breach | undefined {
  const [, step] = (of === undefined ? undefined : context.state.tuple(of)) ?? [];
  const [unit, count, parts, event] = (step === undefined ? undefined : context.state.tuple(step)) ?? [];
  const numbers = [count, parts, event].map((number) => numberOf(number, context));
  const encoded = unit === undefined ? undefined : context.state.callOf(unit);
  const [spelled = unit] = encoded === undefined ? [] : (context.state.tuple(encoded.args) ?? []);
  const name = spelled === undefined ? undefined : context.state.text(spelled);
  if (context.state.waits) return undefined;
  if (unit?.kind !== BYTES && !UNITS.test(name ?? '')) return unexpected('the unit of a date is not one of NumPy');
  const [units, ...ones] = numbers;
  const known = typeof units === 'number' && units >= 1 && units <= MAX_STEP && ones.every((one) => one === 1);
  return known ? undefined : unexpected('the step of a date is not one of NumPy');
}

function flagged(type: ElementType, bits: number): Read {
  const told = bits & OBJECT_FLAGS;
  if (type.objects && (told & HAS_OBJECTS) !== HAS_OBJECTS) return { why: HIDDEN };
  if (!type.objects && told !== 0) return { why: 'a type of numbers says that its elements are objects' };
  return { kind: 'type', type, breach: undefined };
}

interface Parts {
  readonly objects: boolean;
  readonly breach?: Breach;
}

interface Span {
  readonly start: number;
  readonly end: number;
  readonly objects: boolean;
}

/** `{name: (type, offset)}`, and again under its title where a field has one. */
function fieldsBreach(
  of: Value | undefined,
  names: Value | undefined,
  whole: number | undefined,
  context: ContractContext,
): Parts | undefined {
  if (of === undefined || of.kind === NONE) return undefined;
  const items = of.kind === DICT ? context.state.itemsOf(of) : undefined;
  if (items === undefined) return { objects: true, breach: otherThan(of, 'a constant set of fields') };
  if (items.length > 2 * MAX_FIELDS)
    return { objects: true, breach: unexpected('it has more fields than Assay reads') };
  const unnamed = namesBreach(items, names, context);
  if (unnamed !== undefined) return { objects: true, breach: unnamed };
  const spans: Span[] = [];
  const seen = new Set<number>();
  for (let i = 1; i < items.length; i += 2) {
    const field = items[i];
    if (field === undefined || seen.has(field.ref)) continue;
    seen.add(field.ref);
    const span: Span | Breach = fieldSpan(field, context);
    if (typeof span === 'string' || 'kind' in span) return { objects: true, breach: span };
    if (span.end > (whole ?? 0)) return { objects: true, breach: 'a field ends beyond its element' };
    spans.push(span);
  }
  return overlap(spans) ?? { objects: spans.some(({ objects }) => objects) };
}

/** NumPy looks each name up among the fields, and does not check that it exists. */
function namesBreach(items: readonly Value[], names: Value | undefined, context: ContractContext): Breach | undefined {
  const listed = names === undefined ? undefined : context.state.tuple(names);
  if (listed === undefined) return otherThan(names, 'the names of fields');
  const keys = new Set(items.filter((_, i) => i % 2 === 0).map((key) => context.state.text(key)));
  if (context.state.waits) return undefined;
  const texts = listed.map((own) => context.state.text(own));
  const known = texts.every((text) => text !== undefined && keys.has(text));
  return known || context.state.waits ? undefined : 'a name of a field is not among the fields';
}

function fieldSpan(field: Value, context: ContractContext): Span | Breach {
  const [type, offset] = context.state.tuple(field) ?? [];
  const element = elementType(type, context);
  const start = numberOf(offset, context);
  if (typeof start !== 'number') return start;
  if (element?.size === undefined) return unexpected('the type of a field is unknown');
  if (start < 0) return 'a field starts before its element';
  return { start, end: start + element.size, objects: element.objects };
}

/** A field of numbers that overlaps objects can write pointers. */
function overlap(spans: readonly Span[]): Parts | undefined {
  let [reach, objects] = [0, false];
  for (const span of [...spans].sort((a, b) => a.start - b.start)) {
    if (span.start < reach && (span.objects || objects))
      return { objects: true, breach: pointers('a field of numbers overlaps a field of objects') };
    objects = span.start < reach ? objects || span.objects : span.objects;
    reach = Math.max(reach, span.end);
  }
  return undefined;
}

/** `(type, shape)`. */
function subarrayBreach(of: Value | undefined, whole: number | undefined, context: ContractContext): Parts | undefined {
  if (of === undefined || of.kind === NONE) return undefined;
  const [type, shape] = context.state.tuple(of) ?? [];
  const element = elementType(type, context);
  const single = shape === undefined ? undefined : context.state.integer(shape);
  const sizes = single !== undefined ? { kind: 'numbers' as const, numbers: [single] } : numbersOf(shape, context);
  if (sizes.kind === 'broken') return { objects: true, breach: sizes.breach };
  if (element?.size === undefined || sizes.numbers.length > MAX_DIMENSIONS)
    return { objects: true, breach: unexpected('the type of a subarray is unknown') };
  const bytes = bytesIn(sizes.numbers, element.size);
  if (bytes === undefined || bytes > BigInt(whole ?? 0))
    return { objects: true, breach: 'a subarray ends beyond its element' };
  return { objects: element.objects };
}
