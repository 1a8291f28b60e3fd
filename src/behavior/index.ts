export { type DataOptions, loadDataset, suitePath } from './data/index.ts';
export { runSuite, type SuiteRun } from './run-suite.ts';
export { type OutputRoles, readSignature, type Signature, type SubjectOptions, TestedModel } from './subject/index.ts';
export { MAX_SUITE, parseSuite, type Suite, suiteFor } from './suite/index.ts';
export { TEST_KINDS, type TestData } from './tests/index.ts';
