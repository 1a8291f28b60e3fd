import { LOADERS, type Loader } from '../../core/assessment/index.ts';

/** A set of loaders, a bit each. The C unpickler of pandas and its second attempt in Python are two of them. */
export type LoaderSet = number;

const bit = (loader: Loader): LoaderSet => 1 << LOADERS.indexOf(loader);

export const NOBODY: LoaderSet = 0;
export const PICKLE_C = bit('pickle');
export const PICKLE_PY = bit('pickle.py');
export const JOBLIB = bit('joblib');
export const TORCH = bit('torch');
export const WEIGHTS_ONLY = bit('torch-weights-only');
export const TORCHSCRIPT = bit('torchscript');
export const NUMPY = bit('numpy');
export const PANDAS = bit('pandas');
export const DILL = bit('dill');
/** `pandas.read_pickle` retries in Python when C refused. */
export const PANDAS_AGAIN: LoaderSet = 1 << LOADERS.length;

/** Subclasses of CPython's C unpickler, and itself. */
export const IN_C: LoaderSet = PICKLE_C | TORCH | NUMPY | PANDAS | DILL;
/** Subclasses of `pickle._Unpickler`, and itself. */
export const IN_PYTHON: LoaderSet = PICKLE_PY | JOBLIB | PANDAS_AGAIN;
/** Unpicklers of their own, which resolve listed names only. */
export const LISTED_ONLY: LoaderSet = WEIGHTS_ONLY | TORCHSCRIPT;
/** Loaders that may receive any bytes. */
export const ANY_LOADER: LoaderSet = IN_C | IN_PYTHON | WEIGHTS_ONLY;
export const ALL_LOADERS: LoaderSet = ANY_LOADER | TORCHSCRIPT;
/** Those that pass a caller's `persistent_load` on, or bring one. */
export const WITH_PERSISTENT_IDS: LoaderSet = PICKLE_C | PICKLE_PY | DILL | TORCH | LISTED_ONLY;
/** Those that pass a caller's `buffers` on. */
export const WITH_BUFFERS: LoaderSet = PICKLE_C | PICKLE_PY | DILL | TORCH;

/** The names of a set, in the order of the list. */
export function loadersOf(set: LoaderSet): Loader[] {
  const named = (set & PANDAS_AGAIN) === 0 ? set : set | PANDAS;
  return LOADERS.filter((loader) => (named & bit(loader)) !== 0);
}
