export {
  type DeviceReport,
  type Measure,
  type ModelTest,
  TEST_AREAS,
  type TestReport,
  TestReportSchema,
} from './schema.ts';
