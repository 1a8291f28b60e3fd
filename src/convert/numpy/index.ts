export { arrayOf, arrayReader, isArrayCall } from './arrays.ts';
export { Buffers } from './buffers.ts';
export { COMPRESSED_ARRAYS, isPickle, NPY_ARRAY, NPZ_ARRAYS, PICKLED_ARRAYS } from './formats.ts';
export { wholePickle } from './pickle.ts';
