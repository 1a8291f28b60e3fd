import type { ByteSource } from '../../../core/bytes/index.ts';
import { AssayError } from '../../../core/index.ts';
import { dtypeOf, numpyRecordOf } from './dtype.ts';
import { calleeName, type Inert, type InertObject, isKind, sequenceOf, wholeCount } from './values.ts';

const MAX_DIMENSIONS = 64;

/** Whether raw elements follow the state of this object (joblib/numpy_pickle.py, `NumpyArrayWrapper`). */
export function isArrayWrapper(object: InertObject): boolean {
  const by = object.opcode === 'NEWOBJ' ? calleeName(object) : reconstructed(object);
  return by === 'joblib.numpy_pickle.NumpyArrayWrapper';
}

/** Protocols 0 and 1 make objects with `copyreg._reconstructor(cls, object, None)`. */
function reconstructed(object: InertObject): string | undefined {
  const [cls] = sequenceOf(object.args) ?? [];
  return calleeName(object) === 'copyreg._reconstructor' && isKind(cls, 'global')
    ? `${cls.module}.${cls.name}`
    : undefined;
}

/** What follows the state of a wrapper. */
export type WrapperContent =
  | { readonly kind: 'raw'; readonly start: number; readonly length: number }
  | { readonly kind: 'pickle' };

/**
 * @param position offset behind the BUILD that gave the wrapper its state
 * @throws AssayError `malformed` when the wrapper does not contain the size of its array, `truncated` when the file ends before it
 */
export async function wrapperContent(
  wrapper: InertObject,
  position: number,
  source: ByteSource,
): Promise<WrapperContent> {
  const [state] = wrapper.states;
  const field = (name: string): Inert | undefined => (isKind(state, 'dict') ? state.get(name) : undefined);
  const type = dtypeOf(field('dtype')) ?? numpyRecordOf(field('dtype'));
  const shape = shapeOf(field('shape'));
  if (type === undefined || shape === undefined || wrapper.states.length !== 1)
    throw new AssayError('malformed', 'an array of joblib does not contain its shape and type', {
      subject: source.name,
      offset: position,
    });
  if ('kind' in type && type.kind === 'O') return { kind: 'pickle' };
  const length = shape.reduce((bytes, size) => bytes * size, type.size);
  const alignment = field('numpy_array_alignment_bytes');
  let start = position;
  if (alignment !== undefined && alignment !== null) {
    const [padding = 0] = await source.read(position, 1);
    start = position + 1 + padding;
  }
  if (!Number.isSafeInteger(length) || start + length > source.size)
    throw new AssayError('truncated', `an array of ${length} bytes reaches beyond the end of the file`, {
      subject: source.name,
      offset: start,
    });
  return { kind: 'raw', start, length };
}

/** The sizes of an array; `undefined` for anything but a tuple of counts. */
export function shapeOf(value: Inert | undefined): number[] | undefined {
  const sizes = isKind(value, 'tuple') ? value.items.map(wholeCount) : undefined;
  if (sizes === undefined || sizes.length > MAX_DIMENSIONS) return undefined;
  const known = sizes.filter((size) => size !== undefined);
  return known.length === sizes.length ? known : undefined;
}
