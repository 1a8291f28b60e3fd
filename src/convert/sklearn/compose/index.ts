import type { Family } from '../context/index.ts';
import { columnTransformer } from './column-transformer.ts';
import { featureUnion, pipeline, search } from './pipeline.ts';

/** Estimators made of others, one behind or beside another. */
export const COMPOSED: Family = {
  'sklearn.pipeline.Pipeline': pipeline,
  'sklearn.pipeline.FeatureUnion': featureUnion,
  'sklearn.compose.ColumnTransformer': columnTransformer,
  'sklearn.model_selection.GridSearchCV': search,
  'sklearn.model_selection.RandomizedSearchCV': search,
  'sklearn.model_selection.HalvingGridSearchCV': search,
  'sklearn.model_selection.HalvingRandomSearchCV': search,
};
