import type { ByteSource } from '../../../core/bytes/index.ts';
import { AssayError } from '../../../core/index.ts';
import { constantOf, integerOf } from '../constants.ts';
import { layoutAt } from '../opcodes.ts';
import type { PickleState } from '../state.ts';
import type { Value } from '../values.ts';

/** The content after the instruction that sets the state of joblib's NumpyArrayWrapper. */
export type InlineArray =
  /** Raw elements, `start` to `end`. */
  | { readonly kind: 'raw'; readonly start: number; readonly end: number }
  /** Another pickle, at `start`. */
  | { readonly kind: 'pickle'; readonly start: number };

/** NPY_ITEM_REFCOUNT: elements are Python objects, or hold some. */
const HAS_OBJECTS = 1;
/** Types whose element size numpy takes from the state and not from the constructor (arraydescr_setstate). */
const SIZED_BY_STATE = /[SaUV]/;
/** Of version 4, which has metadata. */
const MAX_FIELDS = 9;
const STATE_BYTES = 512;
/** No numpy makes arrays of more. */
const MAX_DIMENSIONS = 64;
/** Instructions that push one plain value, and those that push none. */
const FIELD =
  /^(?:NONE|BININT|BININT1|BININT2|INT|LONG1|LONG|(?:SHORT_)?BIN(?:UNICODE|STRING)|UNICODE|STRING|(?:LONG_BIN|BIN|)GET)$/;
const PASSIVE = /^(?:MEMOIZE|(?:LONG_BIN|BIN|)PUT|FRAME)$/;

/**
 * Reads joblib's array header from the state that BUILD has just set (joblib/numpy_pickle.py, NumpyArrayWrapper.read_array).
 * @throws AssayError `malformed` when it does not contain the size of the array
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
  const dimensions = state.tuple(shape) ?? [undefined];
  if (dimensions.length > MAX_DIMENSIONS) throw unclear(source, state);
  for (const dimension of dimensions) {
    const count = dimension === undefined ? undefined : await constantOf(dimension, source);
    if (typeof count !== 'number' || count < 0) throw unclear(source, state);
    size *= count;
    // joblib multiplies in 64 bits, which wrap around.
    if (!Number.isSafeInteger(size)) throw unclear(source, state);
  }
  const start = await afterPadding(fields.get('numpy_array_alignment_bytes'), state, source);
  if (start + size > source.size) {
    throw new AssayError('truncated', `an array of ${size} bytes reaches beyond the end of the file`, {
      subject: source.name,
      offset: start,
    });
  }
  return { kind: 'raw', start, end: start + size };
}

/** Since joblib 1.2 a byte tells how many padding bytes precede the elements. */
async function afterPadding(alignment: Value | undefined, state: PickleState, source: ByteSource): Promise<number> {
  if (alignment === undefined || (await constantOf(alignment, source)) === null) return state.position;
  const [padding] = await source.read(state.position, 1);
  return state.position + 1 + (padding ?? 0);
}

/**
 * `numpy.dtype(text, align, copy)`, then a state of version 3 or 4 whose sixth element is the size of flexible types, and whose
 * eighth holds the flags. numpy trusts the state: a state that contradicts the text would make the loader read other bytes.
 */
async function elementOf(
  dtype: Value,
  state: PickleState,
  source: ByteSource,
): Promise<{ size: number; objects: boolean } | undefined> {
  const call = state.callOf(dtype);
  const callee = call === undefined ? undefined : state.global(call.callee);
  const first = call === undefined ? undefined : state.tuple(call.args)?.[0];
  if (call === undefined || callee?.module !== 'numpy' || callee.name !== 'dtype' || first === undefined)
    return undefined;
  const text = await constantOf(first, source);
  const match = typeof text === 'string' ? /^[<>|=]?([?bBhHiIlLqQfdgFDGeSaUVOMmcu])(\d*)$/.exec(text) : undefined;
  if (match === null || match === undefined) return undefined;
  const [, code = '', digits = ''] = match;
  if (digits === '' && code !== '?') return undefined;
  const size = (digits === '' ? 1 : Number(digits)) * (code === 'U' ? 4 : 1);
  if (!call.built) return { size, objects: code === 'O' };
  const built = state.builtStates.get(dtype.ref);
  const told =
    built === undefined ? await stateBehind(state.cells.refs[dtype.ref], source) : await stateOf(built, state, source);
  if (told === undefined || (SIZED_BY_STATE.test(code) && told.size !== size)) return undefined;
  return code === 'O' && !told.objects ? undefined : { size, objects: told.objects };
}

interface DtypeState {
  readonly size: number;
  readonly objects: boolean;
}

async function stateOf(built: Value, state: PickleState, source: ByteSource): Promise<DtypeState | undefined> {
  const fields: (number | undefined)[] = [];
  const values = (state.tuple(built) ?? []).slice(0, MAX_FIELDS + 1);
  for (const field of values) {
    const constant = await constantOf(field, source);
    fields.push(typeof constant === 'number' ? constant : undefined);
  }
  return checkState(fields);
}

/**
 * The state of a dtype that stands before the stream's first array, where the machine kept none: read again from the
 * instructions behind its REDUCE, when they are constants, TUPLE and BUILD.
 */
async function stateBehind(reduce: number | undefined, source: ByteSource): Promise<DtypeState | undefined> {
  if (reduce === undefined || reduce + 1 >= source.size) return undefined;
  const bytes = await source.read(reduce + 1, Math.min(STATE_BYTES, source.size - reduce - 1));
  const fields: (number | undefined)[] = [];
  let stage: 'start' | 'fields' | 'tuple' = 'start';
  for (let at = 0; ; ) {
    const layout = layoutAt(bytes, at);
    if (layout.kind !== 'whole' || layout.end > bytes.length) return undefined;
    const { name } = layout.opcode;
    if (stage === 'start' && name === 'MARK') stage = 'fields';
    else if (stage === 'fields' && name === 'TUPLE') stage = 'tuple';
    else if (stage === 'tuple' && name === 'BUILD') return checkState(fields);
    else if (stage === 'fields' && FIELD.test(name)) fields.push(integerOf(bytes.subarray(at)));
    else if (!PASSIVE.test(name)) return undefined;
    at = layout.end;
  }
}

function checkState(fields: readonly (number | undefined)[]): DtypeState | undefined {
  if (fields.length !== 8 && fields.length !== MAX_FIELDS) return undefined;
  const [version, size, flags] = [fields[0], fields[5], fields[7]];
  if ((version !== 3 && version !== 4) || size === undefined || flags === undefined) return undefined;
  return { size, objects: (flags & HAS_OBJECTS) !== 0 };
}

function unclear(source: ByteSource, state: PickleState): AssayError {
  return new AssayError('malformed', 'the size of an array in the stream is unknown', {
    subject: source.name,
    offset: state.position,
  });
}
