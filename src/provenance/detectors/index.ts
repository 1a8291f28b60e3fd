export type {
  ColumnRole,
  DataView,
  Detector,
  DetectorRecord,
  ImageFile,
  NumberColumns,
  Observation,
  SqlRow,
  SqlValue,
  TextColumns,
} from './detector.ts';
export { DETECTORS } from './list.ts';
