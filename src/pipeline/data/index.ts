export {
  type DatasetChoice,
  DEFAULT_DATA_LIMITS,
  findSparkSql,
  type NamedFiles,
  namedPlace,
} from '../../provenance/index.ts';
export { attestData } from './attest.ts';
export { type JudgedBaseline, judgeBaseline, withBaselineCheck } from './attested-baseline.ts';
export {
  type CheckDataOptions,
  type CheckedData,
  checkData,
  checkedSnapshot,
  type GivenProfile,
} from './check-data.ts';
export type { ReviewRow } from './review-rows.ts';
export { reviewRowsCsv, reviewRowsParquet } from './rows-list.ts';
