import { AssayError } from '../../core/index.ts';
import {
  argsOf,
  calleeName,
  dtypeOf,
  globalName,
  type Inert,
  type InertArray,
  type InertObject,
  isKind,
  sequenceOf,
  shapeOf,
} from '../../formats/pickle/inert/index.ts';
import {
  columnMajor,
  rowMajor,
  type TensorFound,
  type TensorReader,
  withinBytes,
  writtenBytes,
} from '../tensors/index.ts';
import { type Buffers, isUntouched } from './buffers.ts';
import { arrayType } from './element.ts';

const NO_TENSOR = { kind: 'no-tensor' } as const;

/** NumPy 2 renamed its modules; both names stand in pickles. */
function named(module: string, name: string): string[] {
  return [`numpy.core.${module}.${name}`, `numpy._core.${module}.${name}`];
}
const RECONSTRUCT: ReadonlySet<string> = new Set(named('multiarray', '_reconstruct'));
const FROM_BUFFER: ReadonlySet<string> = new Set(named('numeric', '_frombuffer'));
const SCALAR: ReadonlySet<string> = new Set(named('multiarray', 'scalar'));
const MASKED = 'numpy.ma.core._mareconstruct';
const MASKED_CLASSES: ReadonlySet<string> = new Set(['numpy.ma.core.MaskedArray', 'numpy.ma.MaskedArray']);
/** Classes whose instances are their elements, and nothing besides. */
const PLAIN_CLASSES: ReadonlySet<string> = new Set([
  'numpy.ndarray',
  'numpy.matrix',
  'numpy.matrixlib.defmatrix.matrix',
  'numpy.memmap',
  'numpy.core.memmap.memmap',
  'numpy._core.memmap.memmap',
]);
/** Calls that make a value and change no other. */
const HARMLESS: ReadonlySet<string> = new Set([
  ...FROM_BUFFER,
  ...SCALAR,
  'numpy.dtype',
  'numpy.ndarray',
  '_codecs.encode',
  'builtins.bytes',
  'builtins.bytearray',
  'builtins.complex',
  'builtins.set',
  'builtins.frozenset',
  'builtins.tuple',
  'joblib.numpy_pickle.NumpyArrayWrapper',
]);

/** Whether a call makes an array, or a part of one. A class of arrays that is not NumPy's may do anything with its state. */
function isArrayCall(call: InertObject): boolean {
  const name = calleeName(call) ?? '';
  const first = globalName(argsOf(call)?.[0]) ?? '';
  if (RECONSTRUCT.has(name)) return PLAIN_CLASSES.has(first);
  if (name === MASKED) return MASKED_CLASSES.has(first);
  return HARMLESS.has(name) || (name === 'copyreg._reconstructor' && first === 'joblib.numpy_pickle.NumpyArrayWrapper');
}

/** Arrays of NumPy in a pickle. */
export function arrayReader(buffers: Buffers): TensorReader {
  return {
    find: (value, name) => arrayOf(value, name, buffers),
    isHarmless: isArrayCall,
  };
}

/** What a value says of the array that it is: nothing of it was compared with its bytes. */
export interface ArrayParts {
  readonly shape: Inert | undefined;
  readonly dtype: Inert | undefined;
  /** Column after column. */
  readonly fortran: boolean;
  /** The order of the dimensions; absent when it is theirs. */
  readonly axes: Inert | undefined;
  /** Its elements: bytes, or a list of objects. */
  readonly data: Inert | undefined;
}

/** Whether a value is an array, and what it says of itself. */
export type ArrayFound =
  | { readonly kind: 'array'; readonly parts: ArrayParts }
  | Exclude<TensorFound, { readonly kind: 'tensor' }>;

/**
 * The array that a value is.
 * @throws AssayError `malformed` for one whose bytes are not those of its shape
 */
export function arrayOf(value: Inert, name: string, buffers: Buffers): TensorFound {
  if (isKind(value, 'array') && value.content.kind === 'pickle') return { kind: 'refused', why: 'an array of objects' };
  const found = arrayParts(value);
  return found.kind === 'array' ? plain(found.parts, name, buffers) : found;
}

/** What a value says of the array that it is. */
export function arrayParts(value: Inert): ArrayFound {
  if (isKind(value, 'array')) return inlineArray(value);
  if (!isKind(value, 'object') || value.opcode !== 'REDUCE') return NO_TENSOR;
  const callee = calleeName(value) ?? '';
  if (callee === MASKED) return { kind: 'refused', why: 'a masked array' };
  if (RECONSTRUCT.has(callee)) return reconstructed(value);
  if (FROM_BUFFER.has(callee)) return fromBuffer(value);
  if (SCALAR.has(callee)) return scalar(value);
  return NO_TENSOR;
}

/** `_reconstruct(cls, (0,), b'b')`, with a state (numpy/_core/src/multiarray/methods.c, `array_setstate`). */
function reconstructed(value: InertObject): ArrayFound {
  const [cls] = argsOf(value) ?? [];
  const [state, ...others] = value.states;
  const fields = sequenceOf(state);
  if (value.items.length + value.entries.length + others.length > 0 || fields === undefined) return NO_TENSOR;
  const className = globalName(cls);
  if (className === undefined || !PLAIN_CLASSES.has(className))
    return { kind: 'refused', why: `an array of the class ${className ?? 'that a call makes'}` };
  // Version 0 has no version.
  const [shape, dtype, fortran, data, ...rest] = fields.length === 5 ? fields.slice(1) : fields;
  if (rest.length > 0 || (fields.length === 5 && fields[0] !== 1 && fields[0] !== 0)) return NO_TENSOR;
  if (typeof fortran !== 'boolean' && fortran !== 0 && fortran !== 1) return NO_TENSOR;
  return { kind: 'array', parts: { shape, dtype, fortran: Boolean(fortran), axes: undefined, data } };
}

/** `_frombuffer(bytes, dtype, shape, order)`, with the order of the dimensions since NumPy 2.3. */
function fromBuffer(value: InertObject): ArrayFound {
  const [data, dtype, shape, order, axes, ...rest] = argsOf(value) ?? [];
  if (!isUntouched(value) || rest.length > 0) return NO_TENSOR;
  if (order !== 'C' && order !== 'F' && order !== 'K') return NO_TENSOR;
  const ordered = order === 'K' && axes !== null ? axes : undefined;
  return { kind: 'array', parts: { shape, dtype, fortran: order === 'F', axes: ordered, data } };
}

/** `scalar(dtype, bytes)`: a number of NumPy, which is a tensor without dimensions. */
function scalar(value: InertObject): ArrayFound {
  const [dtype, data, ...rest] = argsOf(value) ?? [];
  if (!isUntouched(value) || rest.length > 0) return NO_TENSOR;
  const shape: Inert = { kind: 'tuple', items: [] };
  return { kind: 'array', parts: { shape, dtype, fortran: false, axes: undefined, data } };
}

/** An array of joblib, whose elements stand in the stream (joblib/numpy_pickle.py, `read_array`). */
function inlineArray({ wrapper, content }: InertArray): ArrayFound {
  if (content.kind === 'pickle') return isKind(content.value, 'array') ? NO_TENSOR : arrayParts(content.value);
  const [state] = wrapper.states;
  const field = (key: string) => (isKind(state, 'dict') ? state.get(key) : undefined);
  const className = globalName(field('subclass'));
  if (className === undefined || !PLAIN_CLASSES.has(className))
    return { kind: 'refused', why: `an array of the class ${className ?? 'that a call makes'}` };
  const order = field('order');
  if (order !== 'C' && order !== 'F') return NO_TENSOR;
  const [shape, dtype] = [field('shape'), field('dtype')];
  return { kind: 'array', parts: { shape, dtype, fortran: order === 'F', axes: undefined, data: content } };
}

function plain(parts: ArrayParts, name: string, buffers: Buffers): TensorFound {
  const order = orderOf(parts);
  if (order === undefined) return NO_TENSOR;
  const type = arrayType(dtypeOf(parts.dtype));
  if (type.kind === 'other') return { kind: 'refused', why: type.title };
  const bytes = buffers.bytesOf(parts.data);
  if (bytes === undefined) return NO_TENSOR;
  const { dtype, bigEndian } = type;
  const tensor = withinBytes({ name, dtype, ...order, offset: 0, bytes, bigEndian });
  if (writtenBytes(tensor) !== bytes.size)
    throw new AssayError('malformed', `${name}: its ${bytes.size} bytes are not those of its shape`, {
      subject: bytes.name,
    });
  return { kind: 'tensor', tensor };
}

/** The sizes of an array, and the elements between neighbours; `undefined` when it does not say them. */
export function orderOf({
  shape: sizes,
  fortran,
  axes: dimensions,
}: ArrayParts): { readonly shape: readonly number[]; readonly strides: readonly number[] } | undefined {
  const shape = shapeOf(sizes);
  if (shape === undefined) return undefined;
  const strides = fortran ? columnMajor(shape) : rowMajor(shape);
  if (dimensions === undefined) return { shape, strides };
  const axes = shapeOf(dimensions);
  if (axes?.length !== shape.length || new Set(axes).size !== axes.length || axes.some((axis) => axis >= shape.length))
    return undefined;
  const ordered = (of: readonly number[]) => axes.map((axis) => of[axis] ?? 0);
  return { shape: ordered(shape), strides: ordered(strides) };
}
