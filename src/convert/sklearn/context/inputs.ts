import type { Estimator } from '../../estimator/index.ts';

/** What a model is given. */
export type ModelInputs =
  | { readonly kind: 'matrix'; readonly type: 'float32' | 'string'; readonly width: number }
  /** A column for each feature, by its name. */
  | {
      readonly kind: 'named';
      readonly columns: readonly { readonly name: string; readonly type: 'float32' | 'string' }[];
    }
  /** The terms of texts, for the vectoriser that counts them. */
  | { readonly kind: 'terms'; readonly vectoriser: Estimator };

/** A matrix of numbers, with as many columns as the estimator was fitted with. */
export function matrixInputs(estimator: Estimator): ModelInputs {
  const width = estimator.count(['n_features_in_', 'n_features_', 'n_features']);
  if (width === 0) throw estimator.broken('it was fitted with 0 features');
  return { kind: 'matrix', type: 'float32', width };
}
