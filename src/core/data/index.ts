export {
  CHECK_WEIGHTS,
  type CheckWeight,
  type DataCheck,
  type DataMeasure,
  type DataReport,
  DataReportSchema,
  type RowToReview,
} from './schema.ts';
export { statusOfData } from './status.ts';
