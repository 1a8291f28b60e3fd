export { type ArrayParts, arrayOf, arrayParts, arrayReader, orderOf } from './arrays.ts';
export { Buffers } from './buffers.ts';
export { compressionOf, isPickle, uncompressed } from './expanded.ts';
export { COMPRESSED_ARRAYS, NPY_ARRAY, NPZ_ARRAYS, PICKLED_ARRAYS } from './formats.ts';
export { type ArrayTable, HeldArray, holdArrays } from './held.ts';
export { npyTensor } from './npy.ts';
export { wholePickle } from './pickle.ts';
