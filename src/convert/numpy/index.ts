export { type ArrayParts, arrayOf, arrayParts, arrayReader, orderOf } from './arrays.ts';
export { Buffers } from './buffers.ts';
export { compressionOf, expanded } from './expanded.ts';
export { COMPRESSED_ARRAYS, isPickle, NPY_ARRAY, NPZ_ARRAYS, PICKLED_ARRAYS } from './formats.ts';
export { type ArrayTable, HeldArray, holdArrays } from './held.ts';
export { wholePickle } from './pickle.ts';
