export {
  type DeviceReport,
  type Figure,
  type Measure,
  type ModelTest,
  TEST_AREAS,
  type TestReport,
  TestReportSchema,
} from './schema.ts';
