export {
  CHECK_WEIGHTS,
  type CheckWeight,
  type DataCheck,
  type DataFigure,
  type DataMeasure,
  type DataReport,
  DataReportSchema,
  type RowToReview,
} from './schema.ts';
export { poisoningRisk, statusOfData } from './status.ts';
