export { type ConversionOptions, ConversionOptionsSchema, inputShape } from './conversion.ts';
export {
  DATASET_NAME,
  type DataCheckOptions,
  DataCheckOptionsSchema,
  DataColumnsSchema,
  datasetName,
} from './data.ts';
export { deviceChoice, type ModelTestOptions, ModelTestOptionsSchema, SUITE_NAME, suiteName } from './test.ts';
