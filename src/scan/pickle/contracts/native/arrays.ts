import type { Contract } from '../contract.ts';
import { arrayState } from '../numpy-array.ts';

/** NumPy's classes of arrays: one that was made directly is given its state by the code that fills what `_reconstruct` made. */
const ARRAYS = [
  ...['ndarray', 'matrix', 'memmap', 'recarray', 'chararray'].map((name) => `numpy:${name}`),
  ...['numpy.rec:recarray', 'numpy.core.records:recarray', 'numpy._core.records:recarray'],
  ...['numpy.char:chararray', 'numpy.core.defchararray:chararray', 'numpy._core.defchararray:chararray'],
  ...['numpy.matrixlib.defmatrix:matrix', 'numpy.core.memmap:memmap', 'numpy._core.memmap:memmap'],
  ...['MaskedArray', 'MaskedConstant', 'mvoid'].flatMap((name) => [`numpy.ma:${name}`, `numpy.ma.core:${name}`]),
  ...['TSNEEmbedding', 'PartialTSNEEmbedding'].map((name) => `openTSNE.tsne:${name}`),
];

export const ARRAY_STATES: readonly (readonly [string, Contract])[] = ARRAYS.map((name) => [name, arrayState] as const);
