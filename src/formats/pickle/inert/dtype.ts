import { dictOf } from './dicts.ts';
import { type Inert, type InertObject, isKind, sequenceOf, wholeCount } from './values.ts';

/** What an element of an array is. */
export interface NumpyElement {
  /**
   * NumPy's letter: `b` Boolean, `i` and `u` integers, `f` floating point, `c` complex, `S` bytes, `U` text, `V` raw,
   * `M` and `m` times, `O` objects; `bfloat16` and the like are types of ml_dtypes.
   */
  readonly kind: 'b' | 'i' | 'u' | 'f' | 'c' | 'S' | 'U' | 'V' | 'M' | 'm' | 'O' | MlDtype;
  /** Bytes of one element. */
  readonly size: number;
  readonly bigEndian: boolean;
}

/** Names of ml_dtypes (https://github.com/jax-ml/ml_dtypes), each with its bytes. */
export const ML_DTYPES = {
  bfloat16: 2,
  float8_e4m3fn: 1,
  float8_e4m3fnuz: 1,
  float8_e5m2: 1,
  float8_e5m2fnuz: 1,
  float8_e8m0fnu: 1,
} as const;

export type MlDtype = keyof typeof ML_DTYPES;

export function isMlDtype(name: string): name is MlDtype {
  return Object.hasOwn(ML_DTYPES, name);
}

const KINDS = ['b', 'i', 'u', 'f', 'c', 'S', 'U', 'V', 'M', 'm', 'O'] as const;
/** NumPy's names of one letter, which name a kind and a size. */
const CODES: Readonly<Record<string, readonly [NumpyElement['kind'], number]>> = {
  '?': ['b', 1],
  b: ['i', 1],
  B: ['u', 1],
  h: ['i', 2],
  H: ['u', 2],
  e: ['f', 2],
  f: ['f', 4],
  d: ['f', 8],
  q: ['i', 8],
  Q: ['u', 8],
  F: ['c', 8],
  D: ['c', 16],
};
/** `<` and `>` are byte orders; `|` says that there is none, and `=` is the order of the machine that wrote the file. */
const TYPE = /^([<>|=]?)([a-zA-Z?])(\d{0,9})(?:\[(?:\d+)?(?:Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as|generic)\])?$/;
/** Elements whose size the state gives. */
const SIZED_BY_STATE = new Set(['S', 'U', 'V']);
const HAS_OBJECTS = 1;

/** An element type from NumPy's text for it, such as `<f4`; `undefined` for what is not a plain type. */
export function numpyElementOf(text: string): NumpyElement | undefined {
  const [, order = '', letter = '', digits = ''] = TYPE.exec(text) ?? [];
  const code = digits === '' ? CODES[letter] : undefined;
  if (code !== undefined) return { kind: code[0], size: code[1], bigEndian: order === '>' };
  const kind = KINDS.find((one) => one === letter);
  if (kind === undefined) return undefined;
  if (kind === 'O') return { kind, size: 8, bigEndian: false };
  if (digits === '' && !SIZED_BY_STATE.has(kind)) return undefined;
  const size = Number(digits) * (kind === 'U' ? 4 : 1);
  return Number.isSafeInteger(size) && isSized(kind, size) ? { kind, size, bigEndian: order === '>' } : undefined;
}

const SIZES: Readonly<Record<string, readonly number[]>> = {
  b: [1],
  i: [1, 2, 4, 8],
  u: [1, 2, 4, 8],
  f: [2, 4, 8, 16],
  c: [8, 16, 32],
  M: [8],
  m: [8],
};

function isSized(kind: string, size: number): boolean {
  return SIZES[kind]?.includes(size) ?? true;
}

/**
 * The element type that a pickle makes with `numpy.dtype(text, align, copy)` and a state of version 3 or 4 (numpy/_core/src/multiarray/descriptor.c,
 * arraydescr_setstate); `undefined` for fields, sub-arrays, and whatever NumPy does not write.
 */
export function dtypeOf(value: Inert | undefined): NumpyElement | undefined {
  if (!isKind(value, 'object') || value.opcode !== 'REDUCE' || !isKind(value.callee, 'global')) return undefined;
  if (value.callee.module !== 'numpy' || value.callee.name !== 'dtype' || value.states.length > 1) return undefined;
  const first = sequenceOf(value.args)?.[0];
  if (isKind(first, 'global') && first.module === 'ml_dtypes' && isMlDtype(first.name))
    return { kind: first.name, size: ML_DTYPES[first.name], bigEndian: false };
  const type = typeof first === 'string' ? numpyElementOf(first) : undefined;
  return type === undefined || value.states.length === 0 ? type : withState(type, value);
}

/** A state tells the byte order, and the size of flexible types; one that contradicts the text is refused. */
function withState(type: NumpyElement, { states }: InertObject): NumpyElement | undefined {
  const fields = sequenceOf(states[0]);
  if (fields === undefined || (fields.length !== 8 && fields.length !== 9)) return undefined;
  const [version, order, subArray, names, members, size, , flags] = fields;
  if ((version !== 3 && version !== 4) || subArray !== null || names !== null || members !== null) return undefined;
  if (order !== '<' && order !== '>' && order !== '|' && order !== '=') return undefined;
  const objects = wholeCount(flags);
  if (objects === undefined || ((objects & HAS_OBJECTS) !== 0) !== (type.kind === 'O')) return undefined;
  const bigEndian = order === '>';
  if (SIZED_BY_STATE.has(type.kind)) {
    const told = wholeCount(size);
    return told === undefined || (type.size !== 0 && told !== type.size)
      ? undefined
      : { ...type, size: told, bigEndian };
  }
  return size === -1 || size === type.size ? { ...type, bigEndian } : undefined;
}

/** One field of the elements of a structured array. */
export interface NumpyField {
  readonly element: NumpyElement;
  /** Bytes before it. */
  readonly offset: number;
}

/** Elements of several fields, such as the nodes of a tree. */
export interface NumpyRecord {
  readonly fields: ReadonlyMap<string, NumpyField>;
  /** Bytes of one element. */
  readonly size: number;
}

const RAW = /^\|?V(\d{1,9})$/;
const MAX_FIELDS = 64;

/**
 * The structured type that a pickle makes with `numpy.dtype('V64', align, copy)` and a state with names and fields; `undefined` for
 * any other value, for fields that are structured themselves or sub-arrays, and for fields that leave the element.
 */
export function numpyRecordOf(value: Inert | undefined): NumpyRecord | undefined {
  if (!isKind(value, 'object') || value.opcode !== 'REDUCE' || !isKind(value.callee, 'global')) return undefined;
  if (value.callee.module !== 'numpy' || value.callee.name !== 'dtype' || value.states.length !== 1) return undefined;
  const [text] = sequenceOf(value.args) ?? [];
  const size = typeof text === 'string' ? Number(RAW.exec(text)?.[1] ?? Number.NaN) : Number.NaN;
  const [version, , subArray, names, members, told] = sequenceOf(value.states[0]) ?? [];
  if ((version !== 3 && version !== 4) || subArray !== null || told !== size) return undefined;
  const known = dictOf(members);
  const listed = sequenceOf(names);
  if (known === undefined || listed === undefined || listed.length > MAX_FIELDS || known.size !== listed.length)
    return undefined;
  const fields = new Map<string, NumpyField>();
  for (const name of listed) {
    const [type, at] = typeof name === 'string' ? (sequenceOf(known.get(name)) ?? []) : [];
    const [element, offset] = [dtypeOf(type), wholeCount(at)];
    if (typeof name !== 'string' || element === undefined || offset === undefined) return undefined;
    if (element.kind === 'O' || offset + element.size > size) return undefined;
    fields.set(name, { element, offset });
  }
  return { fields, size };
}
