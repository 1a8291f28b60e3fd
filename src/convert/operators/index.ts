export type {
  ClassPrediction,
  ClusterPrediction,
  Columns,
  Matrix,
  OutlierPrediction,
  Prediction,
  ValuePrediction,
} from './matrix.ts';
export { Operators, type Precision, type Reduction } from './operators.ts';
