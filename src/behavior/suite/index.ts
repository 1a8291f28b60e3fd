export { MAX_SUITE, parseSuite, type Suite, type SuiteData, type SuiteTest } from './document.ts';
export { promptSuiteFor, suiteFor } from './init.ts';
