/** The loaders whose readings are judged; docs/loaders.md says what each is. */
export const LOADERS = [
  'pickle',
  'pickle.py',
  'joblib',
  'torch',
  'torch-weights-only',
  'torchscript',
  'numpy',
  'pandas',
  'dill',
] as const;

export type Loader = (typeof LOADERS)[number];
