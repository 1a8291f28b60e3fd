export {
  DETECTORS,
  type Detected,
  type Detector,
  type DetectorRecord,
  MAX_ROWS,
  runDetector,
  statementNamed,
} from './detectors/index.ts';
export {
  type DataLimits,
  DEFAULT_DATA_LIMITS,
  type Engine,
  findSparkSql,
  inDialect,
  openEngine,
  type SparkChoice,
} from './engine/index.ts';
export { type Profile, profileOf, profileText, readDataProfile, recordsOf } from './profile/index.ts';
export {
  type ColumnChoice,
  type DatasetChoice,
  detectorView,
  type NamedFiles,
  namedPlace,
  openDataset,
  type TrainingData,
} from './tables/index.ts';
