import type { ByteSource } from '../../core/bytes/index.ts';
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
  type Tensor,
  type TensorFound,
  type TensorReader,
  withinBytes,
  writtenBytes,
} from '../tensors/index.ts';
import { type Buffers, isUntouched } from './buffers.ts';
import { arrayType } from './element.ts';

const NO_TENSOR: TensorFound = { kind: 'no-tensor' };

/** NumPy 2 renamed its modules; both names stand in pickles. */
function named(module: string, name: string): string[] {
  return [`numpy.core.${module}.${name}`, `numpy._core.${module}.${name}`];
}
const RECONSTRUCT: ReadonlySet<string> = new Set(named('multiarray', '_reconstruct'));
const FROM_BUFFER: ReadonlySet<string> = new Set(named('numeric', '_frombuffer'));
const SCALAR: ReadonlySet<string> = new Set(named('multiarray', 'scalar'));
const MASKED = 'numpy.ma.core._mareconstruct';
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
  ...RECONSTRUCT,
  ...FROM_BUFFER,
  ...SCALAR,
  MASKED,
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

/** Whether a call makes an array, or a part of one. */
export function isArrayCall(call: InertObject): boolean {
  const name = calleeName(call) ?? '';
  if (name !== 'copyreg._reconstructor') return HARMLESS.has(name);
  return globalName(argsOf(call)?.[0]) === 'joblib.numpy_pickle.NumpyArrayWrapper';
}

/** Arrays of NumPy in a pickle. */
export function arrayReader(buffers: Buffers): TensorReader {
  return {
    find: (value, name) => arrayOf(value, name, buffers),
    isHarmless: isArrayCall,
  };
}

/**
 * The array that a value is.
 * @throws AssayError `malformed` for one whose bytes are not those of its shape
 */
export function arrayOf(value: Inert, name: string, buffers: Buffers): TensorFound {
  if (isKind(value, 'array')) return inlineArray(value, name, buffers);
  if (!isKind(value, 'object') || value.opcode !== 'REDUCE') return NO_TENSOR;
  const callee = calleeName(value) ?? '';
  if (callee === MASKED) return { kind: 'refused', why: 'a masked array' };
  if (RECONSTRUCT.has(callee)) return reconstructed(value, name, buffers);
  if (FROM_BUFFER.has(callee)) return fromBuffer(value, name, buffers);
  if (SCALAR.has(callee)) return scalar(value, name, buffers);
  return NO_TENSOR;
}

/** `_reconstruct(cls, (0,), b'b')`, with a state (numpy/_core/src/multiarray/methods.c, `array_setstate`). */
function reconstructed(value: InertObject, name: string, buffers: Buffers): TensorFound {
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
  return plain({ shape, dtype, bytes: () => buffers.bytesOf(data) }, Boolean(fortran), name);
}

/** `_frombuffer(bytes, dtype, shape, order)`, with the order of the dimensions since NumPy 2.3. */
function fromBuffer(value: InertObject, name: string, buffers: Buffers): TensorFound {
  const [data, dtype, shape, order, axes, ...rest] = argsOf(value) ?? [];
  if (!isUntouched(value) || rest.length > 0) return NO_TENSOR;
  const parts = { shape, dtype, bytes: () => buffers.bytesOf(data) };
  if (order === 'C' || order === 'F') return plain(parts, order === 'F', name);
  const found = order === 'K' ? plain(parts, false, name) : NO_TENSOR;
  if (found.kind !== 'tensor' || axes === undefined || axes === null) return found;
  return transposed(found.tensor, shapeOf(axes));
}

function transposed(tensor: Tensor, axes: readonly number[] | undefined): TensorFound {
  const { shape, strides } = tensor;
  if (axes?.length !== shape.length || new Set(axes).size !== axes.length || axes.some((axis) => axis >= shape.length))
    return NO_TENSOR;
  const ordered = (of: readonly number[]) => axes.map((axis) => of[axis] ?? 0);
  return { kind: 'tensor', tensor: { ...tensor, shape: ordered(shape), strides: ordered(strides) } };
}

/** `scalar(dtype, bytes)`: a number of NumPy, which is a tensor without dimensions. */
function scalar(value: InertObject, name: string, buffers: Buffers): TensorFound {
  const [dtype, data, ...rest] = argsOf(value) ?? [];
  if (!isUntouched(value) || rest.length > 0) return NO_TENSOR;
  return plain({ shape: { kind: 'tuple', items: [] }, dtype, bytes: () => buffers.bytesOf(data) }, false, name);
}

/** An array of joblib, whose elements stand in the stream (joblib/numpy_pickle.py, `read_array`). */
function inlineArray({ wrapper, content }: InertArray, name: string, buffers: Buffers): TensorFound {
  if (content.kind === 'pickle') return { kind: 'refused', why: 'an array of objects' };
  const [state] = wrapper.states;
  const field = (key: string) => (isKind(state, 'dict') ? state.get(key) : undefined);
  const className = globalName(field('subclass'));
  if (className === undefined || !PLAIN_CLASSES.has(className))
    return { kind: 'refused', why: `an array of the class ${className ?? 'that a call makes'}` };
  const order = field('order');
  if (order !== 'C' && order !== 'F') return NO_TENSOR;
  const parts = { shape: field('shape'), dtype: field('dtype'), bytes: () => buffers.bytesOf(content) };
  return plain(parts, order === 'F', name);
}

interface Parts {
  readonly shape: Inert | undefined;
  readonly dtype: Inert | undefined;
  bytes(): ByteSource | undefined;
}

function plain(parts: Parts, fortran: boolean, name: string): TensorFound {
  const shape = shapeOf(parts.shape);
  if (shape === undefined) return NO_TENSOR;
  const type = arrayType(dtypeOf(parts.dtype));
  if (type.kind === 'other') return { kind: 'refused', why: type.title };
  const bytes = parts.bytes();
  if (bytes === undefined) return NO_TENSOR;
  const strides = fortran ? columnMajor(shape) : rowMajor(shape);
  const { dtype, bigEndian } = type;
  const tensor = withinBytes({ name, dtype, shape, strides, offset: 0, bytes, bigEndian });
  if (writtenBytes(tensor) !== bytes.size)
    throw new AssayError('malformed', `${name}: its ${bytes.size} bytes are not those of its shape`, {
      subject: bytes.name,
    });
  return { kind: 'tensor', tensor };
}
