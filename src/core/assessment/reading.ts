import type { Verdict } from './verdict.ts';

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

/** What one loader would do with a file. */
export interface Reading {
  readonly loader: Loader;
  readonly verdict: Verdict;
  /** The globals that it can resolve, "module.name"; sorted, unique. */
  readonly imports: readonly string[];
}
