export type {
  ClassPrediction,
  ClusterPrediction,
  Columns,
  Matrix,
  OutlierPrediction,
  Prediction,
  ValuePrediction,
} from './matrix.ts';
export { Operators, type Reduction } from './operators.ts';
export { GraphOutputs } from './outputs.ts';
