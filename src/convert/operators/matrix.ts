import type { GraphValue } from '../../formats/onnx/index.ts';
import type { Inert } from '../../formats/pickle/inert/index.ts';
import type { Labels } from '../estimator/index.ts';

/** A matrix of the graph: a row a sample. */
export interface Matrix {
  readonly value: GraphValue;
  /** Columns. */
  readonly width: number;
  readonly type: 'float32' | 'float64' | 'string';
}

/** The features that a model is given: one matrix, a matrix of one column for each name, or the terms of texts. */
export type Columns =
  | { readonly kind: 'matrix'; readonly matrix: Matrix }
  | { readonly kind: 'named'; readonly names: readonly string[]; readonly columns: ReadonlyMap<string, Matrix> }
  /** The terms of each text that one vectoriser counts. [N, length] */
  | { readonly kind: 'terms'; readonly value: GraphValue; readonly vectoriser: Inert };

export interface ClassPrediction {
  readonly kind: 'classes';
  readonly labels: Labels;
  /** The label is the one with the highest score. [N, classes] */
  readonly scores: GraphValue;
  readonly probabilities: GraphValue | undefined;
  /** What `decision_function` returns: one column for two classes, else one for each. */
  readonly decision: GraphValue | undefined;
}

export interface ValuePrediction {
  readonly kind: 'values';
  readonly values: GraphValue;
  readonly width: number;
}

/** Inliers are 1, and outliers -1: those with a negative decision. */
export interface OutlierPrediction {
  readonly kind: 'outliers';
  readonly decision: GraphValue;
}

export interface ClusterPrediction {
  readonly kind: 'clusters';
  readonly count: number;
  /** The cluster is the one with the highest score. */
  readonly scores: GraphValue;
  readonly distances: GraphValue | undefined;
  readonly probabilities: GraphValue | undefined;
}

export type Prediction = ClassPrediction | ValuePrediction | OutlierPrediction | ClusterPrediction;
