export {
  CHECK_WEIGHTS,
  type CheckWeight,
  DataBaselineSchema,
  type DataCheck,
  DataCheckSchema,
  type DataFigure,
  type DataMeasure,
  type DataReport,
  DataReportSchema,
  type RowToReview,
} from './schema.ts';
export { isToLookAt, poisoningRisk, statusOfData } from './status.ts';
