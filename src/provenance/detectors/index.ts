export type {
  ColumnRole,
  DatasetView,
  Detector,
  DetectorRecord,
  Feature,
  FeatureKind,
  ImageFile,
  NumberColumns,
  Observation,
  SqlRow,
  SqlValue,
  TextColumns,
} from './detector.ts';
export { ROLE_OPTIONS } from './detector.ts';
export { DETECTORS } from './list.ts';
export { type Detected, MAX_ROWS, runDetector } from './run-detectors.ts';
export { STATEMENTS, statementNamed } from './sql/index.ts';
