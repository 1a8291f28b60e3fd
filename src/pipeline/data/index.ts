export { findSparkSql } from '../../provenance/index.ts';
export { type CheckDataOptions, type CheckedData, checkData, checkedSnapshot } from './check-data.ts';
export type { ReviewRow } from './review-rows.ts';
export { reviewRowsCsv, reviewRowsParquet } from './rows-list.ts';
