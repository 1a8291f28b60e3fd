export { TEST_AREAS } from './areas.ts';
export type { AttestedTests } from './attested.ts';
export { copiesOf } from './copies.ts';
export { type RequiredSuite, RequiredSuiteSchema } from './required-suite.ts';
export {
  type DeviceReport,
  type Figure,
  type Measure,
  type ModelTest,
  type TestReport,
  TestReportSchema,
} from './schema.ts';
export { statusOfTests, untoldMeasure } from './status.ts';
