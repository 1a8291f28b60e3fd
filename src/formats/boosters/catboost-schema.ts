/** Fields of TModelTrees (catboost/libs/model/flatbuffers/model.fbs) for the trees of a model. */
export const TREE_FIELDS = {
  dimension: 0,
  splits: 1,
  sizes: 2,
  starts: 3,
  values: 8,
  weights: 9,
  steps: 10,
  leaves: 11,
  scale: 14,
  bias: 15,
  biases: 16,
  bins: 17,
} as const;

/** Its fields for the features of a model. */
export const FEATURE_FIELDS = {
  categorical: 4,
  float: 5,
  oneHot: 6,
  ctr: 7,
  text: 12,
  estimated: 13,
  embedding: 18,
} as const;

/** Fields of TFloatFeature and TCatFeature. */
export const FLOAT_FIELDS = { index: 1, flatIndex: 2, borders: 3, id: 4, missing: 5 } as const;
export const CATEGORICAL_FIELDS = { index: 0, flatIndex: 1, id: 2 } as const;
