import type { Hdf5Cursor } from './cursor.ts';

/** HDF5 itself allows no more dimensions. */
const MAX_RANK = 32;

/** The sizes of a dataset or an attribute: none for a single element, `undefined` for one that has no elements. */
export function readDataspace(body: Hdf5Cursor): readonly number[] | undefined {
  const version = body.version(1, 2);
  const rank = body.u8();
  if (rank > MAX_RANK) throw body.wrong(`has ${rank} dimensions`);
  body.skip(1);
  if (version === 1) body.skip(5);
  else if (body.u8() === 2) return undefined;
  return Array.from({ length: rank }, () => body.length());
}

/** Elements of a shape. @throws AssayError `malformed` when they are more than 2^53 */
export function elementCountOf(shape: readonly number[], body: Hdf5Cursor): number {
  if (shape.includes(0)) return 0;
  const count = shape.reduce((product, size) => product * size, 1);
  if (!Number.isSafeInteger(count)) throw body.wrong('has more elements than any file');
  return count;
}
