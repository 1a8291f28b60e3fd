export { type DataOptions, loadDataset, loadPrompts, suitePath } from './data/index.ts';
export { decoderOf, firstTokens, isDecoder, recordTexts } from './language/index.ts';
export { runSuite, type SuiteRun } from './run-suite.ts';
export { type OutputRoles, readSignature, type Signature, type SubjectOptions, TestedModel } from './subject/index.ts';
export { MAX_SUITE, parseSuite, promptSuiteFor, type Suite, suiteFor } from './suite/index.ts';
export { TEST_KINDS, type TestData } from './tests/index.ts';
