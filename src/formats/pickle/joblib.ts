import type { ByteSource } from '../../core/byte-source.ts';
import { AssayError } from '../../core/errors.ts';
import { constantOf } from './constants.ts';
import type { PickleState } from './state.ts';
import type { Value } from './values.ts';

/** What follows the instruction that gave joblib's NumpyArrayWrapper its state. */
export type InlineArray =
  /** Raw elements, `start` to `end`. */
  | { readonly kind: 'raw'; readonly start: number; readonly end: number }
  /** Another pickle, at `start`. */
  | { readonly kind: 'pickle'; readonly start: number };

/** NPY_ITEM_REFCOUNT: elements are Python objects, or hold some. */
const HAS_OBJECTS = 1;

/**
 * Reads joblib's array header from the state that BUILD has just set (joblib/numpy_pickle.py, NumpyArrayWrapper.read_array).
 * @throws AssayError `malformed` when it does not tell the size of the array
 */
export async function inlineArray(state: PickleState, source: ByteSource): Promise<InlineArray> {
  const items = state.itemsOf(state.builtFrom) ?? [];
  const fields = new Map<string, Value>();
  for (let i = 0; i + 1 < items.length; i += 2) {
    const [name, field] = [items[i], items[i + 1]];
    const text = name === undefined ? undefined : await constantOf(name, source);
    if (typeof text === 'string' && field !== undefined) fields.set(text, field);
  }
  const [shape, dtype] = [fields.get('shape'), fields.get('dtype')];
  const element = dtype === undefined ? undefined : await elementOf(dtype, state, source);
  if (shape === undefined || element === undefined) throw unclear(source, state);
  if (element.objects) return { kind: 'pickle', start: state.position };
  let size = element.size;
  for (const dimension of state.tuple(shape) ?? [undefined]) {
    const count = dimension === undefined ? undefined : await constantOf(dimension, source);
    if (typeof count !== 'number' || count < 0) throw unclear(source, state);
    size *= count;
  }
  const start = await afterPadding(fields.get('numpy_array_alignment_bytes'), state, source);
  if (start + size > source.size) {
    throw new AssayError('truncated', `an array of ${size} bytes leaves the file`, {
      subject: source.name,
      offset: start,
    });
  }
  return { kind: 'raw', start, end: start + size };
}

/** Since joblib 1.1 a byte tells how many padding bytes precede the elements. */
async function afterPadding(alignment: Value | undefined, state: PickleState, source: ByteSource): Promise<number> {
  if (alignment === undefined || (await constantOf(alignment, source)) === null) return state.position;
  const [padding] = await source.read(state.position, 1);
  return state.position + 1 + (padding ?? 0);
}

/** `numpy.dtype(text, align, copy)`, then a state whose eighth element holds the flags. */
async function elementOf(
  dtype: Value,
  state: PickleState,
  source: ByteSource,
): Promise<{ size: number; objects: boolean } | undefined> {
  const call = state.callOf(dtype);
  const callee = call === undefined ? undefined : state.global(call.callee);
  const first = call === undefined ? undefined : state.tuple(call.args)?.[0];
  if (callee?.module.split('.')[0] !== 'numpy' || first === undefined) return undefined;
  const text = await constantOf(first, source);
  const match = typeof text === 'string' ? /^[<>|=]?([?bBhHiIlLqQfdgFDGeSaUVOMmcu])(\d*)$/.exec(text) : undefined;
  if (match === null || match === undefined) return undefined;
  const [, code = '', digits = ''] = match;
  const flags = state.tuple(state.builtStates.get(dtype.ref) ?? dtype)?.[7];
  const objects =
    code === 'O' || (flags !== undefined && (Number(await constantOf(flags, source)) & HAS_OBJECTS) !== 0);
  if (digits === '' && code !== '?') return undefined;
  return { size: (digits === '' ? 1 : Number(digits)) * (code === 'U' ? 4 : 1), objects };
}

function unclear(source: ByteSource, state: PickleState): AssayError {
  return new AssayError('malformed', 'the size of an array in the stream cannot be told', {
    subject: source.name,
    offset: state.position,
  });
}
